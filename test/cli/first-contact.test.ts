import { readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { runProgram as runWith } from "../../src/cli/program.js";
import { envOf, makeFolder, root, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";
import { runProgram, start } from "../support/program.js";

const mappingOf = (kind: string): string =>
  `resources: [ { kind: ${kind}, port: { entity: { mappings: { identifier: .id, blueprint: '"svc"' } } } } ]\n`;

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await makeFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

describe("a command line without a mapping", () => {
  it("is offered the one that lies beside the source, its own first", async () => {
    const cwd = await folderWith({
      "hosts.csv": "id\na\n",
      "apps.yaml": mappingOf("apps"),
      "hosts.yaml": mappingOf("hosts"),
      "note.yaml": "a: 1\n",
    });
    const { code, stderr } = await runProgram(["import", "hosts.csv"], {}, { cwd });
    expect(code).toBe(64);
    expect(stderr).toContain(
      "--mapping is missing\n  There is a mapping beside the source: portload import hosts.csv -m hosts.yaml\n",
    );
  });

  it("is told how to get one where none exists", async () => {
    const cwd = await folderWith({ "hosts.csv": "id\na\n" });
    const { stderr } = await runProgram(["preview", "hosts.csv"], {}, { cwd });
    expect(stderr).toContain("portload init hosts.csv --out mapping.yaml proposes one.");
  });

  it("that has it among the sources, or swapped with one, is given back right", async () => {
    const cwd = await folderWith({ "hosts.csv": "id\na\n", "hosts.yaml": mappingOf("hosts") });
    const meant = "portload preview hosts.csv -m hosts.yaml\n";
    const among = await runProgram(["preview", "hosts.csv", "hosts.yaml"], {}, { cwd });
    expect(among.stderr).toContain(`hosts.yaml is a mapping, and is among the sources\n  ${meant}`);
    const swapped = await runProgram(["preview", "hosts.yaml", "-m", "hosts.csv"], {}, { cwd });
    expect(swapped.stderr).toContain(`hosts.csv is not a mapping, and hosts.yaml is one: they are swapped\n  ${meant}`);
  });
});

describe("a folder's settings", () => {
  const data = { "hosts.csv": "id\na\n", "hosts.yaml": mappingOf("hosts") };

  it.each([
    ["portload.config.yaml", "mapping: hosts.yaml\nsources: hosts.csv\n"],
    ["package.json", JSON.stringify({ portload: { mapping: "hosts.yaml", sources: ["hosts.csv"] } })],
  ])("in %s replace what the command line leaves out", async (file, text) => {
    const cwd = await folderWith({ ...data, [file]: text });
    const { code, stdout, stderr } = await runProgram(["preview"], {}, { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ blueprint: "svc", identifier: "a" });
    expect(stderr).toMatch(new RegExp(`^from ${file}: mapping, sources\n`));
    expect((await runProgram(["preview", "--quiet"], {}, { cwd })).stderr).not.toContain("from ");
  });

  it("give way to the command line", async () => {
    const cwd = await folderWith({
      ...data,
      "more.csv": "id\nb\n",
      "portload.config.yaml": "mapping: hosts.yaml\nsources: [hosts.csv]\n",
    });
    const { stdout, stderr } = await runProgram(["preview", "hosts=more.csv"], {}, { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ identifier: "b" });
    expect(stderr).toContain("from portload.config.yaml: mapping\n");
  });

  it.each([
    ["maping: a.yaml\n", 'portload.config.yaml: there is no setting "maping"; did you mean "mapping"?'],
    ["[a]\n", "portload.config.yaml: the settings must be a map"],
    ["a: [\n", "portload.config.yaml: "],
    ["share: lots\nmapping: hosts.yaml\nsources: hosts.csv\n", "--quota-share must be a percentage"],
  ])("that are none are refused: %j", async (text, message) => {
    const cwd = await folderWith({ ...data, "portload.config.yaml": text });
    const { code, stderr } = await runProgram(["sync"], {}, { cwd });
    expect(code).toBe(64);
    expect(stderr).toContain(message);
  });

  it("make a pruning night of sync alone, and say where later commands look", async () => {
    const emulator = await startCatalog();
    const env = envOf(emulator);
    const prune =
      "prune: all, port: { entity: { mappings: { identifier: .id, blueprint: '\"team\"', properties: { members: '1' } } } } } ]\n";
    const cwd = await folderWith({
      "teams.csv": "id\na\nb\n",
      "teams.yaml": `resources: [ { kind: teams, ${prune}`,
      "portload.config.yaml":
        "mapping: teams.yaml\nsources: teams.csv\nprune: true\nmaxDelete: [5, 100%]\nstateDir: state\n",
    });
    expect((await runProgram(["sync"], env, { cwd })).code).toBe(0);
    await writeFile(join(cwd, "teams.csv"), "id\na\n");
    const kept = await runProgram(["sync", "--no-prune"], env, { cwd });
    expect(kept.stderr).not.toContain("1 deleted");
    const night = await runProgram(["sync"], env, { cwd });
    expect(night).toMatchObject({ code: 0, stderr: expect.stringContaining("1 deleted") });
    expect(night.stderr).toContain("from portload.config.yaml: mapping, sources, prune, maxDelete, stateDir\n");
    const shown = await runProgram(["report"], {}, { cwd });
    expect(shown).toMatchObject({ code: 0, stderr: "from portload.config.yaml: stateDir\n" });
    const elsewhere = await runProgram(["report"], { PORTLOAD_STATE: "other" }, { cwd });
    expect(elsewhere.code).not.toBe(0);
  });

  it("that are missed are named", async () => {
    const cwd = await makeFolder();
    const { code, stderr } = await runProgram(["sync"], {}, { cwd });
    expect(code).toBe(64);
    expect(stderr).toBe(
      `portload: source and --mapping are missing, and there is no portload.config.yaml in ${cwd} that names them\n  See portload sync --help.\n`,
    );
  });

  it("do not concern other commands", async () => {
    const cwd = await folderWith({ "portload.config.yaml": "nonsense: 1\n" });
    expect((await runProgram(["schema"], {}, { cwd })).code).toBe(0);
  });
});

describe("addresses and exports", () => {
  it("PORT_BASE_URL is understood, as other tools of Port's do", async () => {
    const emulator = await startCatalog();
    const { PORT_API_URL = "", ...env } = envOf(emulator);
    const { code } = await runInProcess(["entity", "get", "team", "none"], { ...env, PORT_BASE_URL: PORT_API_URL });
    expect(code).toBe(1);
  });

  it("the emulator prints what to paste, and never credentials of one's own", async () => {
    const known = start(["emulator", "--port", "0"]);
    await known.shows("export PORT_API_URL=http://127.0.0.1:");
    const shown = await known.shows(" ends it");
    process.kill(Number(/process id (\d+): kill \1 ends it/.exec(shown)?.[1]), "SIGTERM");
    expect((await known.ended).stderr).toContain("PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload");
    const own = start(["emulator", "--port", "0"], { PORT_CLIENT_ID: "mine", PORT_CLIENT_SECRET: "hidden" });
    await own.shows("export PORT_API_URL");
    own.kill("SIGTERM");
    expect((await own.ended).stderr).not.toMatch(/mine|hidden/);
  });

  it("a second emulator on a port leads to the first; anything else there is not taken for one", async () => {
    const { url } = await startCatalog();
    const second = await runInProcess(["emulator", "--port", new URL(url).port]);
    expect(second).toMatchObject({ code: 3, stderr: expect.stringContaining("an emulator runs on 127.0.0.1:") });
    expect(second.stderr).toContain(
      `To use it: export PORT_API_URL=${url} PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload\n`,
    );
    const other = createServer((_request, reply) => void reply.writeHead(404).end());
    onTestFinished(() => void other.close());
    await new Promise<void>((done) => void other.listen(0, "127.0.0.1", done));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await runInProcess(["emulator", "--port", String(port)]);
    expect(code).toBe(3);
    expect(stderr).toContain("cannot listen on 127.0.0.1:");
  });

  it("the demo's hints name paths that are there", async () => {
    const cwd = await makeFolder();
    const { code, stderr } = await runProgram(["demo"], {}, { cwd });
    expect(code).toBe(0);
    const paths = [...(stderr.split("What to try next")[1] ?? "").matchAll(/\S*(?:samples|mappings)\/\S+/g)];
    expect(paths.length).toBeGreaterThan(5);
    for (const [path] of paths) expect(await readFile(join(path, "."), "utf8").catch((e) => e.code)).not.toBe("ENOENT");
  });
});

describe("an interruption", () => {
  it.each([
    ["preview", ["preview", "-", "-m", join(root, "mappings/services.yaml")]],
    ["explain", ["explain", "-", "-m", join(root, "mappings/services.yaml"), "--record", "1"]],
  ])("ends %s that waits on stdin at once, in one line", async (_name, args) => {
    const stop = new AbortController();
    // It asks for data that never comes.
    const stdin = new Readable({ read: () => stop.abort() });
    const stderr = new PassThrough();
    const code = await runWith(args, { env: {}, stdin, stdout: new PassThrough(), stderr, signal: stop.signal });
    expect({ code, said: String(stderr.read()) }).toEqual({ code: 4, said: "portload: interrupted\n" });
  });

  it("ends an export that waits for the API, which leaves no file", async () => {
    const emulator = await startCatalog({ faults: { faults: [{ route: "search", delayMs: 60_000 }] } });
    const folder = await makeFolder();
    const running = start(["entity", "export", "service", "--out", join(folder, "x.csv")], envOf(emulator));
    while (readdirSync(folder).length === 0 || emulator.stats().families.blueprints.accepted === 0) await turn();
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 4, stderr: "portload: interrupted\n" });
    expect(readdirSync(folder)).toEqual([]);
  });
});
