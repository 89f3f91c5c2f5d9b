import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AnyCommand } from "../src/cli/command.js";
import { commands as allCommands } from "../src/cli/commands.js";
import { commandHelp } from "../src/cli/help.js";
import { root } from "./support/catalog.js";

/** Every command line that pages, schedules and the program's own messages name is of a command that there is, with flags that it has; docs/cli.md says which. */

/** Flags by command, such as `entity get`; from the help of each, which docs.test.ts holds to the program. */
const commands = new Map(
  readFileSync(join(root, "docs/cli.md"), "utf8")
    .split(/^#{2,3} portload /m)
    .slice(1)
    .map((section) => {
      const name = section.slice(0, section.indexOf("\n")).trim();
      return [name, new Set([...section.matchAll(/--([a-z][a-z-]*)/g)].map(([, flag = ""]) => flag))] as const;
    }),
);
const everywhere = ["help", "all", "version", "no-color", "quiet", "yes"];

interface CommandLine {
  readonly where: string;
  /** Marked as code, so that an unknown command is not a prose. */
  readonly isCode: boolean;
  readonly text: string;
}

const filesIn = (folder: string, form: RegExp): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => form.test(name))
    .map((name) => `${folder}/${name}`);

function linesIn(path: string): readonly CommandLine[] {
  const text = readFileSync(join(root, path), "utf8").replaceAll(/\\\n\s*/g, " ");
  return text.split("\n").flatMap((line, at) =>
    [...line.matchAll(/(`|^ {4}|npx (?:--[^ ]+ (?:"[^"]*" )?)*)?\bportload ([a-z][^`"']*)/g)].map(
      ([, before, call = ""]) => ({
        ...{ where: `${path}:${at + 1}`, text: call },
        isCode: before !== undefined && (path.endsWith(".md") || before.startsWith("npx")),
      }),
    ),
  );
}

/** What is wrong with a command line; nothing where it is prose. */
function faultsOf({ where, text, isCode }: CommandLine): readonly string[] {
  const [first = "", second = ""] = text.split(/[\s.,;:)]+/);
  const name = [`${first} ${second}`, first].find(
    (each) => commands.has(each) || [...commands.keys()].some((command) => command.startsWith(`${each} `)),
  );
  if (name === undefined) return isCode ? [`${where}: no command "${text}"`] : [];
  // A sentence, a column or another program may follow.
  const own = text.split(/ {3,}|[|;&]|\\n|\. | # /)[0] ?? "";
  const verbs = [...commands].filter(([each]) => each === name || each.startsWith(`${name} `));
  return [...own.matchAll(/(?<=[\s[])--([a-z][a-z-]*)/g)]
    .map(([, flag = ""]) => flag)
    .filter(
      (flag) =>
        !everywhere.includes(flag) &&
        !verbs.some(([, flags]) => flags.has(flag.replace(/^no-/, "")) || flags.has(flag)),
    )
    .map((flag) => `${where}: ${name} has no --${flag}`);
}

describe("command lines", () => {
  it("of README, docs and schedules", () => {
    const pages = [
      "README.md",
      "CONTRIBUTING.md",
      "samples/README.md",
      ...filesIn("docs", /\.(?:md|ya?ml|service)$|crontab$/),
    ].filter((page) => existsSync(join(root, page)) && page !== "docs/cli.md");
    const found = pages.flatMap(linesIn);
    expect(found.length).toBeGreaterThan(40);
    expect(found.flatMap(faultsOf)).toEqual([]);
  });

  it("of the program's messages", () => {
    const found = filesIn("src", /\.ts$/).flatMap(linesIn);
    expect(found.length).toBeGreaterThan(40);
    expect(found.flatMap(faultsOf)).toEqual([]);
  });

  it("are found wrong where they are", () => {
    const wrong = ["destroy all", "import a.csv --nosuch", "entity get a b --prune"];
    expect(wrong.flatMap((text) => faultsOf({ where: "x", text, isCode: true }))).toHaveLength(3);
    expect(faultsOf({ where: "x", isCode: true, text: "sync a.csv -m m.yaml --prune --max-delete 5%" })).toEqual([]);
  });
});

/** Command lines in the shell blocks of a page, each with the flags that are typed. */
function typedIn(page: string): readonly (readonly [command: string, flag: string])[] {
  const text = readFileSync(join(root, page), "utf8").replaceAll(/\\\n\s*/g, " ");
  const blocks = [...text.matchAll(/^```(?:sh|console|crontab|yaml)\n((?:.*\n)*?)```/gm)].map(
    ([, block = ""]) => block,
  );
  return blocks
    .flatMap((block) => block.split("\n"))
    .flatMap((line) => [...line.matchAll(/(?:^|\s|\$ )portload ([a-z][^|;&#]*)/g)].map(([, call = ""]) => call))
    .flatMap((call) => {
      const words = call.split(/\s+/);
      const command = allCommands.find(({ name }) => [words[0], words.slice(0, 2).join(" ")].includes(name));
      return command === undefined
        ? []
        : words
            .filter((word) => /^--?[a-z]/.test(word))
            .map((word) => [command.name, word.split("=")[0] ?? ""] as const);
    });
}

/** The flags of a command's short help; its examples are none. */
const flagsOf = (command: AnyCommand): string => commandHelp(command, false, 100).split("\n\nExamples:")[0] ?? "";

it("every flag that README, the tutorial and the how-to pages type is in the short help of its command", () => {
  const typed = ["README.md", "docs/tutorial.md", ...filesIn("docs/how-to", /\.md$/)].flatMap(typedIn);
  expect(typed.length).toBeGreaterThan(40);
  const unseen = typed.filter(([name, flag]) => {
    const command = allCommands.find((each) => each.name === name);
    return command !== undefined && !new RegExp(`(?:^|[ ,])${flag}(?![\\w-])`, "m").test(flagsOf(command));
  });
  expect([...new Set(unseen.map((each) => each.join(" ")))]).toEqual([]);
});
