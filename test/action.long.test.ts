import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runImport } from "../src/recipes/import.js";
import { envOf, makeFolder, root, startCatalog } from "./support/catalog.js";
import { type JobRun, playSteps, type RunnerOptions } from "./support/runner.js";

/** The files of an Action's checkout that its steps read. */
async function checkout(): Promise<string> {
  const folder = await makeFolder();
  for (const name of ["action.yml", "action.mjs", "package.json"]) cpSync(join(root, name), join(folder, name));
  for (const name of ["dist", "node_modules"]) symlinkSync(join(root, name), join(folder, name));
  return folder;
}

type Given = Readonly<Record<string, unknown>>;

/** Runs the Action alone in an empty workspace that holds these files. */
async function runAction(
  files: Readonly<Record<string, string>>,
  given: Given,
  env: Readonly<Record<string, string>>,
  more: Partial<RunnerOptions> = {},
): Promise<JobRun & { readonly workspace: string }> {
  const workspace = join(await makeFolder(), "workspace");
  mkdirSync(workspace);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(workspace, name, ".."), { recursive: true });
    writeFileSync(join(workspace, name), text);
  }
  symlinkSync(await checkout(), join(workspace, "portload"));
  const options = { workspace, cache: new Map<string, string>(), event: "push", runId: 1, ...more };
  return { ...(await playSteps([{ id: "port", uses: "./portload", with: given }], options, env)), workspace };
}

const sample = (name: string): string => readFileSync(join(root, "samples", name), "utf8");
const mapping = readFileSync(join(root, "mappings/services.yaml"), "utf8");

describe("the GitHub Action", () => {
  it("imports, and shows the report in the summary and each reject at its line", async () => {
    const emulator = await startCatalog();
    const [sources, teams] = [[join(root, "samples/teams.json")], join(root, "mappings/teams.yaml")];
    await runImport({ sources, mapping: teams, stateDir: await makeFolder() }, { env: envOf(emulator) });
    const files = { "data/services-dirty.csv": sample("services-dirty.csv"), "data/services.yaml": mapping };
    const run = await runAction(
      files,
      { command: "import", sources: "services-dirty.csv", mapping: "services.yaml", "working-directory": "data" },
      envOf(emulator),
    );
    expect(run.isSuccess).toBe(false);
    const outputs = run.outputs.port ?? {};
    const report = JSON.parse(readFileSync(outputs.report ?? "", "utf8"));
    expect(report.entities.created).toBeGreaterThan(10);
    expect(outputs).toMatchObject({
      "exit-code": "1",
      "import-id": report.importId,
      created: String(report.entities.created),
      updated: "0",
      deleted: "0",
      rejected: String(report.records.rejected + report.entities.rejected),
      changes: "",
    });
    expect(run.summary).toContain(report.importId);
    expect(run.summary).toContain(report.rejects[0].message.slice(0, 20));
    const [folder = ""] = readdirSync(join(run.workspace, "data/.portload")).filter((name) => /^\d/.test(name));
    const reasons = readFileSync(join(run.workspace, "data/.portload", folder, "reasons.ndjson"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(reasons.length).toBeLessThan(10);
    const places = run.annotations.map(({ file, line, title }) => [file, Number(line), title]);
    expect(places.sort()).toEqual(
      reasons.map(({ line, code }) => ["data/services-dirty.csv", line, `portload ${code}`]).sort(),
    );
    for (const { line, message } of reasons)
      expect(run.annotations.find((each) => each.line === String(line))?.message).toContain(message);
  });

  it("shows as many annotations as asked for, one of each cause first", async () => {
    const emulator = await startCatalog();
    const lines = Array.from({ length: 30 }, (_, i) => `s${i}, x`).join("\n");
    const source = { "teams.csv": `id,name\n${lines}\nbad id,B\n` };
    const yaml = `resources:
  - kind: teams
    port: { entity: { mappings: { identifier: 'if .name == "B" then .id else null end', blueprint: '"team"' } } }
`;
    const given = { command: "import", sources: "teams.csv", mapping: "m.yaml", annotations: "3" };
    const { annotations } = await runAction({ ...source, "m.yaml": yaml }, given, envOf(emulator));
    expect(annotations.map(({ line, title }) => [line, title])).toEqual([
      ["2", "portload identifier_missing"],
      ["32", "portload identifier_invalid"],
      ["3", "portload identifier_missing"],
    ]);
  });

  it("takes credentials as inputs, gives them to the program's environment alone, and no argument or output holds them", async () => {
    const secret = "hush-hush-4711";
    const emulator = await startCatalog({ credentials: { clientId: "me", clientSecret: secret } });
    const given = {
      ...{ command: "import", sources: "teams.json", mapping: "teams.yaml", args: "--keep\n5" },
      ...{ "api-url": emulator.url, "client-id": "me", "client-secret": secret },
    };
    const teams = readFileSync(join(root, "mappings/teams.yaml"), "utf8");
    const run = await runAction({ "teams.json": sample("teams.json"), "teams.yaml": teams }, given, {});
    expect(run.log).not.toContain(secret);
    expect(run.summary).not.toContain(secret);
    expect(run.isSuccess, run.log).toBe(true);
    expect(run.outputs.port).toMatchObject({ "exit-code": "0", created: "20", rejected: "0" });
    expect(run.annotations).toEqual([]);
  });

  it("plans: changes are an output and no failure, and no state is saved", async () => {
    const emulator = await startCatalog();
    const teams = readFileSync(join(root, "mappings/teams.yaml"), "utf8");
    const files = { "teams.json": sample("teams.json"), "teams.yaml": teams };
    const given = { sources: "teams.json", mapping: "teams.yaml" };
    const cache = new Map<string, string>();
    const plan = async () => runAction(files, { ...given, command: "plan" }, envOf(emulator), { cache });
    const before = await plan();
    expect(before.isSuccess, before.log).toBe(true);
    expect(before.outputs.port).toMatchObject({ "exit-code": "10", changes: "true", created: "20" });
    expect(before.summary).toMatch(/20/);
    await runAction(files, { ...given, command: "sync" }, envOf(emulator));
    expect((await plan()).outputs.port).toMatchObject({ "exit-code": "0", changes: "false", created: "0" });
    expect(cache.size).toBe(0);
  });

  it("lints without credentials, with every fault at its line", async () => {
    const bad = "resources:\n  - kind: a\n    selektor: 1\n";
    const run = await runAction({ "bad.yaml": bad }, { command: "lint", mapping: "bad.yaml" }, {});
    expect(run.isSuccess).toBe(false);
    expect(run.outputs.port).toMatchObject({ "exit-code": "3" });
    expect(run.annotations.map(({ file, line }) => `${file}:${line}`)).toEqual(["bad.yaml:2", "bad.yaml:3"]);
  });

  it("says why it could not run, as annotation and in the summary", async () => {
    const emulator = await startCatalog();
    const missing = await runAction({ "m.yaml": mapping }, { sources: "no.csv", mapping: "m.yaml" }, envOf(emulator));
    expect(missing.isSuccess).toBe(false);
    expect(missing.annotations.map(({ message }) => message)).toEqual([expect.stringMatching(/^portload: no\.csv: /)]);
    expect(missing.summary).toMatch(/no\.csv/);
    const wrong = await runAction({ "m.yaml": mapping }, { command: "destroy", mapping: "m.yaml" }, envOf(emulator));
    expect(wrong.outputs.port).toMatchObject({ "exit-code": "64" });
    expect(wrong.annotations[0]?.message).toMatch(/must be sync, import, plan or lint, not "destroy"/);
  });

  it("takes no command for its runner from what a source says", async () => {
    const emulator = await startCatalog();
    const source = 'id,name\n"::error file=x,line=1::forged",A\n';
    const yaml = `resources:
  - kind: teams
    port: { entity: { mappings: { identifier: .id, blueprint: '"team"', title: .name } } }
`;
    const given = { command: "import", sources: "teams.csv", mapping: "m.yaml" };
    const run = await runAction({ "teams.csv": source, "m.yaml": yaml }, given, envOf(emulator));
    expect(run.annotations.map(({ file }) => file)).toEqual(["teams.csv"]);
  });
});
