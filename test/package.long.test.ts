import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { envOf, makeFolder, root, startCatalog } from "./support/catalog.js";
import { installPackage, packProject } from "./support/package.js";

const run = promisify(execFile);

describe("the packed file", () => {
  let files: readonly string[] = [];
  beforeAll(async () => {
    const list = execFileSync("tar", ["-tzf", await packProject()], { encoding: "utf8" });
    files = list
      .trimEnd()
      .split("\n")
      .map((name) => name.replace("package/", ""));
  });

  it("holds program, types, docs, samples and schemas, no tests and no sources; every source map carries its sources", () => {
    const wanted = [
      "dist/cli/main.js",
      "dist/index.d.ts",
      "docs/cli.md",
      "docs/schedules/crontab",
      "samples/services.csv",
    ];
    expect(files).toEqual(expect.arrayContaining([...wanted, "mappings/services.yaml", "schema/mapping.schema.json"]));
    const maps = files.filter((name) => name.endsWith(".map"));
    const dead = maps.filter((name) => !readFileSync(join(root, name), "utf8").includes('"sourcesContent"'));
    expect(dead).toEqual([]);
    expect(files.filter((name) => /^(?:src|test|bench|node_modules)\/|\.test\.ts$/.test(name))).toEqual([]);
    const tops = [...new Set(files.map((name) => name.split("/")[0]))].sort();
    expect(tops).toEqual(
      [
        ...["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE", "README.md", "action.mjs"],
        ...["action.yml", "dist", "docs", "examples", "mappings", "package.json", "samples", "schema"],
      ].sort(),
    );
  });

  it("has no dead link between its pages", async () => {
    const folder = await makeFolder();
    execFileSync("tar", ["-xzf", await packProject(), "-C", folder]);
    const pages = files.filter((name) => name.endsWith(".md"));
    const dead = pages.flatMap((page) =>
      [...readFileSync(join(folder, "package", page), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !existsSync(join(folder, "package", page, "..", target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(dead).toEqual([]);
  });
});

describe("in an empty folder where the packed file is installed", () => {
  let folder = "";
  let said = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "portload-test-"));
    said = await installPackage(folder);
    return () => rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  it("came without a warning, in at most 81 packages and 49 MB", () => {
    expect(said).not.toMatch(/warn/i);
    const lock = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"));
    expect(Object.keys(lock.packages).length).toBeLessThanOrEqual(81);
    expect(bytesIn(join(folder, "node_modules")) / 1e6).toBeLessThanOrEqual(49);
  });

  it("runs as npx portload, and imports", async () => {
    const emulator = await startCatalog();
    const from = "node_modules/portload";
    const args = ["portload", "import", `${from}/samples/teams.json`, "-m", `${from}/mappings/teams.yaml`];
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...envOf(emulator) };
    const { stderr } = await run("npx", ["--no", ...args], { cwd: folder, env });
    expect(stderr).toContain("Finished: 20 created");
    expect(emulator.store.count("team")).toBe(20);
  });

  it("shows the demo", async () => {
    const { stderr } = await run("npx", ["--no", "portload", "demo"], { cwd: folder });
    expect(stderr).toMatch(/1,361 entities = 1,118 created/);
  });

  it("is a library that ES modules and types find", async () => {
    const program =
      'import { runImport, startEmulator } from "portload"; console.log(typeof runImport, typeof startEmulator);';
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: folder });
    expect(stdout).toBe("function function\n");
    const { exports } = JSON.parse(readFileSync(join(folder, "node_modules/portload/package.json"), "utf8"));
    const targets = Object.values(exports as Record<string, string | Record<string, string>>).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    );
    expect(targets.filter((target) => !existsSync(join(folder, "node_modules/portload", target)))).toEqual([]);
  });

  it("has types that a strict program compiles with, all declarations checked, and that hide what is internal", async () => {
    writeFileSync(
      join(folder, "program.mts"),
      `import { type ImportContext, type MappingObject, runImport, runSync, type Sources } from "portload";
import { startEmulator } from "portload/emulator";
const mapping: MappingObject = { resources: [] };
const rejects: string[] = [];
const context: ImportContext = { env: process.env, onReject: ({ message }) => rejects.push(message) };
const sources: Sources = { a: [{ x: 1 }], b: "b.csv", c: ["c.csv"], d: { text: "x", format: "csv" } };
const { error, report } = await runImport({ sources, mapping, stateDir: false }, context);
if (error !== undefined) throw error;
const emulator = await startEmulator({ faults: { faults: [{ route: "bulk", status: 503 }] } });
await runSync({ sources: ["a.csv"], mapping: "m.yaml" }, { env: emulator.env });
const created: number = report.entities.created;
// @ts-expect-error a connection is internal
const open: ImportContext = { connection: undefined };
// @ts-expect-error no such option
await runImport({ sources, mapping, stateDirs: false });
console.log(created, open);
`,
    );
    const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--noEmit", "--types", "node"];
    const types = ["--typeRoots", join(root, "node_modules/@types")];
    const compiled = await run(join(root, "node_modules/.bin/tsc"), [...options, ...types, "program.mts"], {
      cwd: folder,
    }).catch(({ stdout }) => ({ stdout }));
    expect(compiled.stdout).toBe("");
  });

  it("runs the examples of the library", async () => {
    const { stdout } = await run(
      process.execPath,
      ["--test", join(folder, "node_modules/portload/examples/library/in-a-test.mjs")],
      { cwd: folder },
    );
    expect(stdout).toMatch(/pass 2/);
  });
});

function bytesIn(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.map((name) => statSync(join(folder, name))).reduce((sum, { size }) => sum + size, 0);
}
