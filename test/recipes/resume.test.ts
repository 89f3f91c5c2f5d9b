import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { runImport } from "../../src/recipes/import.js";
import { resumeImport } from "../../src/recipes/resume.js";
import type { ImportContext } from "../../src/recipes/run/connect.js";
import { pastReport } from "../../src/recipes/run/folder.js";
import { sealLine } from "../../src/state/journal-lines.js";
import { envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { catalogOf, interrupted, nodeBlueprint, nodeImport, nodes, writeNodes } from "../support/nodes.js";

const blueprints = [nodeBlueprint];

describe("an import that was interrupted", () => {
  it("stops reading, finishes what is in flight, and continues to the end of an untroubled one", async () => {
    const given = await nodeImport(nodes(2000));
    const calm = await startCatalog({ blueprints });
    const expected = await runImport({ ...given, stateDir: await makeFolder() }, { env: envOf(calm) });
    const emulator = await startCatalog({ blueprints, latencyMs: 5 });
    const first = await interrupted(emulator, given, 20);
    expect(first.report).toMatchObject({ exitCode: 4, balanced: true });
    expect(first.report.entities.notAttempted).toBeGreaterThan(0);
    const before = emulator.store.count("node");
    const { report, folder = "" } = await resumeImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    const { records, entities, rejects, exitCode } = expected.report;
    expect(report).toMatchObject({ importId: first.report.importId, records, entities, rejects, exitCode });
    expect(catalogOf(emulator)).toEqual(catalogOf(calm));
    expect(before).toBeGreaterThan(0);
    for (const { id } of nodes(8000)) expect(emulator.store.writes("node", id)).toBeLessThanOrEqual(2);
    expect((await readdir(folder)).sort()).toEqual(
      ["journal.ndjson", "reasons.ndjson", "rejects", "rejects.1", "report.json"].filter(
        (name) => name !== "rejects.1" || first.report.rejectFiles.length > 0,
      ),
    );
  });

  it("may be interrupted again and again", async () => {
    const given = await nodeImport(nodes(1500));
    const emulator = await startCatalog({ blueprints, latencyMs: 2 });
    let { report } = await interrupted(emulator, given, 10);
    for (let after = 30; report.exitCode === 4; after += 20) {
      const stop = new AbortController();
      const look = setInterval(() => emulator.stats().families.bulk.accepted >= after && stop.abort(), 1);
      const asked = { stateDir: given.stateDir ?? "", concurrency: 2 };
      ({ report } = await resumeImport(asked, { env: envOf(emulator), signal: stop.signal }));
      clearInterval(look);
      expect(report.balanced).toBe(true);
    }
    expect(report).toMatchObject({ exitCode: 1, records: { read: 1500 }, entities: { mapped: 1500, notAttempted: 0 } });
    for (const { id } of nodes(1500)) expect(emulator.store.writes("node", id)).toBeLessThanOrEqual(2);
  });

  it("is refused while it runs, and when it is finished", async () => {
    const given = await nodeImport([{ id: "a" }]);
    const emulator = await startCatalog({ blueprints });
    const { report } = await runImport(given, { env: envOf(emulator) });
    const asked = { stateDir: given.stateDir ?? "" };
    await expect(resumeImport(asked, { env: envOf(emulator) })).rejects.toThrow(/no import to resume/);
    await expect(resumeImport({ ...asked, importId: report.importId }, { env: envOf(emulator) })).rejects.toThrow(
      /is finished/,
    );
  });
});

describe("a torn journal", () => {
  it("is cut off at its last whole line; a reject without its reason is sent again", async () => {
    const given = await nodeImport([{ id: "a" }, { id: "b" }]);
    const emulator = await startCatalog({ blueprints });
    const { folder = "" } = await runImport(given, { env: envOf(emulator) });
    await rm(join(folder, "report.json"));
    const journal = join(folder, "journal.ndjson");
    const [header] = (await readFile(journal, "utf8")).split("\n");
    const settled = [
      [0, 1, 0, 0, "c", "o"],
      [0, 2, 0, 0, "r", "o"],
    ];
    await writeFile(journal, `${header}\n${sealLine(JSON.stringify({ line: "reply", settled }))}\n`);
    await appendFile(journal, '{"line":"reply","settled":[[0,2,0');
    const { report } = await resumeImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    expect(report.entities).toMatchObject({ created: 1, updated: 1, rejected: 0 });
    expect(emulator.store.writes("node", "a")).toBe(1);
    expect(emulator.store.writes("node", "b")).toBe(2);
    expect(
      (await readFile(journal, "utf8"))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).line),
    ).toEqual(["import", "reply", "wrote", "reply"]);
  });
});

describe("a journal with a digit flipped", () => {
  it("ends the resume with its file and line, and nothing is taken for written", async () => {
    const given = await nodeImport(nodes(300));
    const emulator = await startCatalog({ blueprints });
    const { folder = "" } = await interrupted(emulator, given, 4);
    const journal = join(folder, "journal.ndjson");
    const text = await readFile(journal, "utf8");
    await writeFile(
      journal,
      text.replace(/(\[0,)(\d+)(,0,0,"c")/, (_, a, n, c) => `${a}${Number(n) + 200}${c}`),
    );
    const resumed = resumeImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator) });
    await expect(resumed).rejects.toThrow(/journal\.ndjson:\d+: a line of the journal is damaged/);
    expect(await readdir(given.stateDir ?? "").then((names) => names.some((name) => name.endsWith(".lock")))).toBe(
      false,
    );
  });
});

describe("the import that is taken by default", () => {
  it("is the newest usable one, and the broken one is named", async () => {
    const given = await nodeImport(nodes(300));
    const stateDir = given.stateDir ?? "";
    const emulator = await startCatalog({ blueprints });
    const { report } = await interrupted(emulator, given, 4);
    const broken = join(stateDir, "29991231T000000000Z-0000");
    await mkdir(broken);
    await writeFile(join(broken, "journal.ndjson"), "");
    expect(await pastReport({ stateDir })).toMatchObject({
      report: { importId: report.importId },
      passedOver: [`${join(broken, "journal.ndjson")}: the journal has no header`],
    });
    const resumed = await resumeImport({ stateDir }, { env: envOf(emulator) });
    expect(resumed.report).toMatchObject({ importId: report.importId, exitCode: 1 });
    expect(resumed.report.warnings).toMatchObject([
      { code: "state_unclean", message: expect.stringContaining(`passed over: ${broken}`) },
    ]);
    await expect(pastReport({ stateDir, importId: "29991231T000000000Z-0000" })).rejects.toThrow("has no header");
  });

  it("is still there after another import with --keep 1, for it can be resumed", async () => {
    const given = await nodeImport(nodes(300));
    const emulator = await startCatalog({ blueprints });
    const { report } = await interrupted(emulator, given, 4);
    const other = await nodeImport([{ id: "z" }]);
    const { stateDir = "" } = given;
    for (let n = 0; n < 2; n++) await runImport({ ...other, stateDir, keep: 1 }, { env: envOf(emulator) });
    const left = (await readdir(stateDir)).filter((name) => /^\d{8}T/.test(name));
    expect([left.length, left[0]]).toEqual([2, report.importId]);
    const resumed = await resumeImport({ stateDir, importId: report.importId }, { env: envOf(emulator) });
    expect(resumed.report).toMatchObject({ exitCode: 1, records: { read: 300 } });
  });
});

describe("what an import was begun with", () => {
  async function stopped() {
    const given = await nodeImport(nodes(600));
    const emulator = await startCatalog({ blueprints, latencyMs: 5 });
    await interrupted(emulator, given, 5);
    const stateDir = given.stateDir ?? "";
    const resume = (more = {}) => resumeImport({ stateDir, ...more }, { env: envOf(emulator) });
    return { given, emulator, stateDir, resume };
  }

  it("is compared with what it is now, and every change is named", async () => {
    const { given, stateDir, resume } = await stopped();
    await appendFile(given.mapping, "# changed\n");
    await writeNodes(stateDir, nodes(601));
    const refused = resume({ mode: "override" });
    await expect(refused).rejects.toMatchObject({ name: "StateError" });
    await expect(refused).rejects.toThrow(
      /the mapping file has other content now\n.*nodes\.ndjson has other content now\n.*mode is "override" now; it was "merge"/,
    );
  });

  it("holds although the source has another time", async () => {
    const { stateDir, resume } = await stopped();
    await writeNodes(stateDir, nodes(600));
    expect((await resume()).report.exitCode).toBe(1);
  });

  it("may change when that is accepted: what came from it is sent again", async () => {
    const { emulator, stateDir, resume } = await stopped();
    await writeNodes(
      stateDir,
      nodes(600).map((node) => ({ ...node, weight: 1 })),
    );
    const { report } = await resume({ acceptChanges: true });
    expect(report).toMatchObject({ exitCode: 0, balanced: true, entities: { mapped: 600, rejected: 0 } });
    expect(emulator.store.entities("node").filter(({ properties }) => properties.weight !== 1)).toEqual([]);
  });

  it("is another catalog: refused, then filled from its beginning", async () => {
    const { given, stateDir } = await stopped();
    const other = await startCatalog({ blueprints });
    await expect(resumeImport({ stateDir }, { env: envOf(other) })).rejects.toThrow(/the target is http/);
    const accepted = await resumeImport({ stateDir, acceptChanges: true }, { env: envOf(other) });
    expect(accepted.report).toMatchObject({ exitCode: 1, balanced: true });
    expect(other.store.count("node")).toBe(594);
    expect(given.sources).toHaveLength(1);
  });
});

describe("stdin", () => {
  const text = nodes(8000)
    .map((node) => `${JSON.stringify(node)}\n`)
    .join("");
  const slowly = (whole: string) => {
    async function* blocks() {
      for (let at = 0; at < whole.length; at += 4096) {
        yield Buffer.from(whole.slice(at, at + 4096));
        await new Promise((done) => setImmediate(done));
      }
    }
    return Readable.from(blocks());
  };

  async function cut(after: number) {
    const given = { ...(await nodeImport([])), sources: ["-"] };
    const emulator = await startCatalog({ blueprints, latencyMs: 5 });
    const { report, folder = "" } = await interrupted(emulator, given, after, { stdin: slowly(text) });
    const resume = (context: ImportContext = {}) =>
      resumeImport({ stateDir: given.stateDir ?? "" }, { env: envOf(emulator), ...context });
    return { emulator, report, folder, resume };
  }

  it("that was not read to its end must be piped again, from its beginning", async () => {
    const { emulator, report, resume } = await cut(10);
    expect(report).toMatchObject({ exitCode: 4 });
    expect(report.records.read).toBeLessThan(8000);
    await expect(resume()).rejects.toThrow(/was not read to its end/);
    const wrong = await resume({ stdin: slowly(text.replace("n30", "x30")) });
    expect(wrong.report.exitCode).toBe(3);
    expect(String(wrong.error)).toMatch(/is not what the import read before/);
    const short = await resume({ stdin: Readable.from([Buffer.from(text.slice(0, 100))]) });
    expect(String(short.error)).toMatch(/is not what the import read before/);
    const { report: resumed } = await resume({ stdin: slowly(text) });
    expect(resumed).toMatchObject({
      exitCode: 1,
      records: { read: 8000 },
      entities: { mapped: 8000, notAttempted: 0 },
    });
    for (const { id } of nodes(8000)) expect(emulator.store.writes("node", id)).toBeLessThanOrEqual(2);
  });

  it("that was read to its end is taken from its copy", async () => {
    const given = { ...(await nodeImport([])), sources: ["-"] };
    const emulator = await startCatalog({ blueprints });
    const small = text.slice(0, text.indexOf("\n") * 300);
    const whole = small.slice(0, small.lastIndexOf("\n") + 1);
    const { report } = await runImport({ ...given, maxErrors: 1 }, { env: envOf(emulator), stdin: slowly(whole) });
    expect(report.exitCode).toBe(2);
    const asked = { stateDir: given.stateDir ?? "", maxErrors: 1000 };
    const resumed = await resumeImport(asked, { env: envOf(emulator), stdin: slowly(whole) });
    expect(resumed.report).toMatchObject({ exitCode: 1, entities: { notAttempted: 0 } });
    expect(await readdir(resumed.folder ?? "")).not.toContain("spool");
  });
});

describe("pastReport", () => {
  it("gives the latest report and writes it in further forms", async () => {
    const given = await nodeImport([{ id: "a" }]);
    const emulator = await startCatalog({ blueprints });
    const { report } = await runImport(given, { env: envOf(emulator) });
    const stateDir = given.stateDir ?? "";
    const page = join(stateDir, "out", "again.md");
    expect((await pastReport({ stateDir, report: [page] })).report).toEqual(report);
    expect(await readFile(page, "utf8")).toContain(report.importId);
    await rename(dirname(page), join(stateDir, "moved"));
    await expect(pastReport({ stateDir: join(stateDir, "moved") })).rejects.toThrow(/no import with a report/);
  });
});
