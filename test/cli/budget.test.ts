import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

/** A command on 3,000 records, every third of which is refused; `known` says that all of these are known. */
async function run(command: readonly string[], known = false) {
  const folder = await makeFolder();
  const emulator = await startCatalog({ blueprints: [blueprintOf("node")] });
  await writeFile(
    join(folder, "nodes.csv"),
    `id\n${Array.from({ length: 3000 }, (_, n) => (n % 3 === 0 ? "bad id\n" : `n${n}\n`)).join("")}`,
  );
  await writeFile(
    join(folder, "nodes.yaml"),
    `resources: [{ kind: nodes, selector: { query: "true" }, port: { entity: { mappings: { identifier: .id, blueprint: '"node"' } } } }]`,
  );
  const state = join(folder, "state");
  const given = [join(folder, "nodes.csv"), "-m", join(folder, "nodes.yaml"), "--state-dir", state];
  const out = join(folder, "tonight.plan");
  const more = [
    ...(command[0] === "plan" ? ["--out", out] : []),
    ...(known ? ["--allow-rejects", join(folder, "known")] : []),
  ];
  if (known) {
    const first = await runInProcess(["import", ...given, "--dry-run"], envOf(emulator));
    expect(first.code).toBe(1);
    const [id = ""] = (await readdir(state)).filter((name) => /^\d/.test(name));
    await writeFile(join(folder, "known"), await readFile(join(state, id, "reasons.ndjson")));
  }
  const ended = await runInProcess([...command, ...given, ...more], envOf(emulator));
  const last = ended.stderr
    .trimEnd()
    .split("\n")
    .findLast((line) => !line.startsWith("To "));
  return { ...ended, last, state, hasPlan: existsSync(out) };
}

describe("an error budget that is passed", () => {
  it("ends a dry run with 1, known rejects or not, and says that it was stopped", async () => {
    for (const known of [false, true]) {
      const { code, last } = await run(["import", "--dry-run", "--max-errors", "10"], known);
      expect([code, last]).toEqual([
        1,
        expect.stringMatching(
          /^Stopped by --max-errors with [\d,]+ (?:records?|entit\w+)(?: and [\d,]+ entit\w+)? failed/,
        ),
      ]);
    }
    expect((await run(["import", "--dry-run"], true)).code).toBe(0);
  });

  it("is named by the report of the dry run later, too", async () => {
    const { state } = await run(["import", "--dry-run", "--max-errors", "10"]);
    const past = await runInProcess(["report", "--state-dir", state], {});
    expect(past.stdout.trimEnd().split("\n").at(-1)).toMatch(/^Stopped by --max-errors with /);
    const page = join(state, "report.html");
    await runInProcess(["report", "--state-dir", state, "--report", page], {});
    expect(await readFile(page, "utf8")).toContain("Stopped by the error budget with ");
  });

  it("leaves no plan, and says why", async () => {
    for (const known of [false, true])
      expect(await run(["plan", "--max-errors", "10"], known)).toMatchObject({
        ...{ code: 2, stdout: "", hasPlan: false, last: "no plan: --max-errors was passed" },
      });
  });
});
