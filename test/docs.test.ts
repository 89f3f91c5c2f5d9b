import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../src/cli/commands.js";
import { commandHelp, programHelp } from "../src/cli/help.js";
import { type ErrorCode, errorCodes } from "../src/errors.js";
import { rejectCodes } from "../src/reject.js";
import { exitCodes } from "../src/report/exit-code.js";
import { advice } from "../src/report/words.js";
import { warningCodes } from "../src/warning.js";
import { root } from "./support/catalog.js";

const bars = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(bars).join(" | ")} |\n`).join("");

/** The class of each error, and how a command that it ends exits; test/library.test.ts holds the classes to their codes. */
const errorClasses: Readonly<Record<ErrorCode, readonly [name: string, exitCode: keyof typeof exitCodes]>> = {
  usage: ["UsageError", 64],
  mapping: ["MappingError", 3],
  expression: ["ExpressionError", 3],
  source: ["SourceError", 3],
  source_in_doubt: ["SourceError", 3],
  source_read_once: ["SourceError", 3],
  blueprint: ["BlueprintError", 3],
  api: ["ApiError", 3],
  credentials_refused: ["AuthError, an ApiError", 3],
  credentials_missing: ["CredentialsError", 3],
  pace: ["PaceError", 3],
  guard: ["GuardError", 6],
  plan: ["PlanError", 3],
  environment: ["EnvironmentError", 3],
  state: ["StateError", 3],
  hook: ["HookError", 3],
  internal: ["InternalError", 5],
};

const codesPage = `# Codes

Every code that \`reasons.ndjson\`, \`report.json\` and the exit status may hold. This page is made from the program; a test keeps it so
(\`npx vitest run test/docs.test.ts -u\` writes it again).

## Words

| on the terminal | in report.json | means |
| --- | --- | --- |
| created | \`created\` | an entity that did not exist |
| merged, overridden | \`updated\` | an entity that existed and was written, by the mode |
| unchanged | \`unchanged\` | an entity that is as the source has it already |
| duplicate | \`duplicate\` | not sent, because another record had its identifier first |
| skipped | \`skipped\` | a record that gives no entity: \`selector.query\` is false, or \`itemsToParse\` is empty |
| failed | \`rejected\` | a record or entity with a reject: one of the codes below says why |
| written without what failed | \`createdInPart\`, \`updatedInPart\` | of the failed, those that a write created or updated all the same, such as an entity without its relation |
| not attempted | \`notAttempted\` | the run stopped before it was sent |
| refused | | what the API or a guard answers; an entity that the API refuses has failed |

## Exit codes

One code, the first that applies: 64 · 5 · 4 · 3 · 2 · 6 · 1 · 10 · 0.

${table(
  ["code", "means"],
  Object.entries(exitCodes).map(([code, means]) => [code, means]),
)}
## Rejects

A reject is a record, candidate or entity refused. There is exactly one for each refused thing; further faults of it are in \`also\`. One run reports all of them:
where a cell cannot be read, or an expression failed, the other fields of the record are checked all the same.

${table(
  ["code", "means", "fix"],
  Object.entries(rejectCodes).map(([code, means]) => [`\`${code}\``, means, advice[code as keyof typeof advice]]),
)}
## Warnings

A warning changes no exit code.

${table(
  ["code", "means"],
  Object.entries(warningCodes).map(([code, means]) => [`\`${code}\``, means]),
)}
## Errors

What a function of the [library](library.md) throws, or gives as \`error\` of a run that could not continue. Each is a \`PortloadError\` with \`code\`, \`message\` and \`hint\`.

${table(
  ["code", "class", "exit code", "means"],
  Object.entries(errorCodes).map(([code, means]) => {
    const [name, exitCode] = errorClasses[code as ErrorCode];
    return [`\`${code}\``, `\`${name.replace(", an ", "`, an `")}\``, String(exitCode), means];
  }),
)}`;

describe("the documentation", () => {
  it("has every exit code, reject code, warning code and error code, and no other", async () => {
    await expect(codesPage).toMatchFileSnapshot("../docs/codes.md");
  });

  it("has the help of every command as it is", async () => {
    const width = 100;
    const sections = commands.map(
      (command) => `## portload ${command.name}\n\n\`\`\`\n${commandHelp(command, true, width)}\n\`\`\`\n`,
    );
    const page = `# Command line

The help of every command, as the program prints it with \`--help --all\`; a test keeps it so (\`npx vitest run test/docs.test.ts -u\` writes it again).
Flag over environment over mapping file over default. Secrets are never flags: \`PORT_CLIENT_ID\` and \`PORT_CLIENT_SECRET\` come from the environment.
Answers go to stdout, what is said about them to stderr. Without a terminal a question is an error. After \`--\` every word is taken as it is.
Exit codes: [codes.md](codes.md).

A folder's \`portload.config.yaml\`, or the key \`portload\` of its package.json, gives what a command line leaves out, so that the nightly line is \`portload sync\`:

\`\`\`yaml
mapping: inventory.yaml
sources: [exports/]
blueprints: blueprints          # optional, as are all
report: [nightly.html]
share: 50%                      # --quota-share
prune: true                     # of sync and plan, as is maxDelete
maxDelete: [100, 5%]
stateDir: /var/lib/portload     # also where resume, retry, undo and report look; PORTLOAD_STATE goes before it
quiet: false
\`\`\`

A line on stderr says what was taken from it (\`from portload.config.yaml: mapping, sources\`); a flag goes before it, also \`--no-prune\`. \`resume\` and \`retry\` keep to the options of their
import, and \`apply\` to its plan: \`retry\` and \`apply\` write no report file but those of their own \`--report\`.

\`\`\`
${programHelp(width)}
\`\`\`

${sections.join("\n")}`;
    await expect(page).toMatchFileSnapshot("../docs/cli.md");
  });

  it("links only to files and headings that exist", () => {
    const pages = [
      "README.md",
      "ARCHITECTURE.md",
      "CHANGELOG.md",
      ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
    ];
    const broken = pages
      .filter((page) => page.endsWith(".md"))
      .flatMap((page) =>
        [...readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
          .map(([, target]) => join(root, page, "..", target as string))
          .filter((target) => !existsSync(target))
          .map((target) => `${page}: ${target}`),
      );
    expect(broken).toEqual([]);
  });

  it("names in README's table every page of docs", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
    expect(pages.filter((page) => !readme.includes(`docs/${page}`))).toEqual([]);
  });
});
