import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";
import { blueprints, files, type Mistake, mistakes } from "./mistakes.js";

/** Runs a command line in a folder of its own with these files. */
async function run({ files: more = {}, args, env = {}, stdin }: Pick<Mistake, "files" | "args" | "env" | "stdin">) {
  const folder = await makeFolder();
  for (const [name, content] of Object.entries({ ...files, ...more })) {
    if (content === null) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const catalog = envOf(await startCatalog({ blueprints }));
  const set = Object.entries({ ...catalog, ...env }).filter(([, given]) => given !== "");
  return runInProcess(args, Object.fromEntries(set), { cwd: folder, ...(stdin !== undefined && { input: stdin }) });
}

const all = Object.values(mistakes).flat();

describe("typical mistakes", () => {
  it("begin with files that are imported without a word", async () => {
    const { code, stderr } = await run({ args: ["import", "servers.csv", "-m", "servers.yaml"] });
    expect([code, stderr]).toEqual([0, expect.stringContaining("server    2 created\n")]);
  });

  it.each(all.map((mistake) => [mistake.did, mistake] as const))(
    "%s: says what, where, and what to do",
    async (_, mistake) => {
      const { code, stdout, stderr } = await run(mistake);
      const said = stdout + stderr;
      for (const part of [mistake.what, mistake.where ?? "", mistake.fix]) expect(said).toContain(part);
      expect(code).toBe(mistake.code);
    },
  );

  it("are at least 40, each once", () => {
    expect(all.length).toBeGreaterThanOrEqual(40);
    expect(new Set(all.map(({ did }) => did)).size).toBe(all.length);
  });

  it("are in docs/troubleshoot.md", async () => {
    const cell = (text: string) => text.replaceAll("|", "\\|");
    const code = (text: string) => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``);
    const rows = (group: readonly Mistake[]) =>
      group.map(
        ({ did, what, where, fix, code: exit }) =>
          `| ${[code(what), where === undefined ? "" : code(where), did, code(fix), String(exit)].map(cell).join(" | ")} |\n`,
      );
    const sections = Object.entries(mistakes).map(
      ([name, group]) =>
        `## ${name}\n\n| it says | where | because | what to do, as it says | exit code |\n|---|---|---|---|---|\n${rows(group).join("")}`,
    );
    const page = `# Troubleshoot by message

Search this page for the words of the message. Names and values in it are examples: \`servers.csv\`, \`cores\`. Each row is a command that a test runs
(\`npx vitest run test/cases/mistakes.test.ts -u\` writes the page again).

- \`portload explain <source> -m <mapping> --record N\` follows one record from its cells to what the catalog holds.
- \`portload lint <mapping> --source <file> --blueprints <folder>\` finds every fault of a mapping at once, without credentials.
- \`portload doctor\` looks at proxy, TLS, region, token, limits and permissions, and changes nothing.
- [The codes](codes.md) says what each exit code and each code of a report means.

${sections.join("\n")}`;
    await expect(page).toMatchFileSnapshot("../../docs/troubleshoot.md");
  });
});
