import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.js";
import type { Readings } from "../../src/emulator/emulator-options.js";
import { GuardError, StateError } from "../../src/errors.js";
import type { ImportOptions, SyncOptions, UndoOptions } from "../../src/options/run.js";
import { runApply } from "../../src/recipes/apply.js";
import { runImport } from "../../src/recipes/import.js";
import { resumeImport } from "../../src/recipes/resume.js";
import { retryImport } from "../../src/recipes/retry.js";
import { runSync } from "../../src/recipes/sync.js";
import { runUndo, type UndoContext } from "../../src/recipes/undo.js";
import {
  decodeJournalLine,
  encodeJournalLine,
  type JournalWrote,
  sealLine,
  unsealLine,
} from "../../src/state/journal-lines.js";
import { blueprintOf, envOf, makeFolder, shownTitle, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

const item = blueprintOf("item", {
  schema: {
    properties: {
      size: { type: "number" },
      note: { type: "string" },
      tier: { type: "string", default: "gold" },
      data: { type: "object" },
    },
  },
  relations: { parent: { target: "item" }, friends: { target: "item", many: true } },
});

/** A catalog, a folder with a mapping that owns all items, and the commands on them. */
async function workplace(top = "", readings: Partial<Readings> = {}) {
  // Most of what is deleted here is what something relates to, and teams are written, too.
  const emulator = await startCatalog({
    blueprints: [item],
    readings: { dependents: "required", teamWithoutOwnership: "store", ...readings },
  });
  const folder = await makeFolder();
  const source = join(folder, "items.ndjson");
  const mapping = join(folder, "items.yaml");
  await writeFile(
    mapping,
    `${top}
resources:
  - kind: items
    prune: all
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id
          title: .title
          icon: .icon
          team: .team
          blueprint: '"item"'
          properties: { size: .size, note: .note, tier: .tier, data: .data }
          relations: { parent: .parent, friends: .friends }
`,
  );
  const context = { env: envOf(emulator) };
  const given = { sources: [source], mapping, stateDir: join(folder, "state") };
  const write = (records: readonly object[]) =>
    writeFile(source, `\n${records.map((record) => `${JSON.stringify(record)}\n`).join("")}`);
  const all = ["1000", "100%"];
  return {
    emulator,
    folder,
    given,
    async load(records: readonly object[], more: Partial<ImportOptions> = {}) {
      await write(records);
      return runImport({ ...given, ...more }, context);
    },
    async sync(records: readonly object[], more: Partial<SyncOptions> = {}) {
      await write(records);
      return runSync({ ...given, maxDelete: all, ...more }, context);
    },
    undo: (more: Partial<UndoOptions> = {}, and: UndoContext = {}) =>
      runUndo({ stateDir: given.stateDir, maxDelete: all, ...more }, { ...context, ...and }),
    resume: () => resumeImport({ stateDir: given.stateDir }, context),
    retry: () => retryImport({ stateDir: given.stateDir }, context),
    apply: (plan: string) => runApply({ plan, stateDir: given.stateDir }, context),
    program: (...args: string[]) =>
      runInProcess([...args, "--state-dir", given.stateDir], envOf(emulator), { cwd: folder }),
  };
}

/** What a catalog holds: no value is null or absent. */
const held = (emulator: Emulator) =>
  Object.fromEntries(
    emulator.store.entities("item").map(({ identifier, title, icon, team, properties, relations }) => {
      const full = (values: object) =>
        Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && String(value) !== ""));
      const shown = shownTitle({ identifier, title });
      return [identifier, structuredClone({ title: shown, icon, team, ...full(properties), ...full(relations) })];
    }),
  );

/** Changes an entity past the program, as someone else would. */
async function change(emulator: Emulator, method: string, path: string, body?: object): Promise<void> {
  const post = { method: "POST", headers: { "content-type": "application/json" } };
  const login = JSON.stringify({ clientId: "portload", clientSecret: "portload" });
  const token = await fetch(`${emulator.url}/auth/access_token`, { ...post, body: login });
  const { accessToken } = (await token.json()) as { accessToken: string };
  const reply = await fetch(`${emulator.url}/blueprints/item/entities${path}`, {
    method,
    headers: { ...post.headers, authorization: `Bearer ${accessToken}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(reply.status).toBeLessThan(300);
}

const old = [
  { id: "a", title: "A", icon: "Team", team: ["red", "blue"], size: 1, data: { x: 1 }, friends: ["c"] },
  { id: "b", size: 2, note: "kept", tier: "silver", parent: "a" },
  { id: "c", title: "C", note: "c" },
];

describe("an undo of a sync", () => {
  it("deletes what was created, puts back what was updated, creates again what was deleted, with what related to it", async () => {
    const { emulator, load, sync, undo } = await workplace("", { mergeDepth: "key" });
    await load(old);
    const before = held(emulator);
    const next = [
      { id: "a", title: "Z", icon: "Box", team: ["green"], size: 9, data: { y: 2 }, parent: "new", friends: ["c"] },
      { id: "b", size: 3, tier: "gold", note: "new note", parent: "a" },
      { id: "new", title: "New", parent: "a" },
    ];
    const done = await sync(next, { prune: true });
    expect(done.report.entities).toMatchObject({ created: 1, updated: 2, deleted: 1 });
    expect(held(emulator).c).toBeUndefined();
    const { counts, command, finished } = await undo();
    expect([command, counts]).toEqual(["sync", { create: 1, update: 2, delete: 1, rejected: 0 }]);
    expect(finished?.report).toMatchObject({
      command: "undo",
      exitCode: 0,
      balanced: true,
      entities: { created: 1, updated: 2, deleted: 1 },
    });
    expect(held(emulator)).toEqual(before);
  });

  it("leaves an object that the API merged with what was there, and lists it", async () => {
    const { emulator, load, sync, undo } = await workplace("", { mergeDepth: "deep" });
    await load([{ id: "a", size: 1, data: { x: 1 } }, { id: "b" }]);
    await sync([
      { id: "a", data: { y: 2 } },
      { id: "b", size: 2 },
    ]);
    const { counts, finished } = await undo();
    expect(counts).toEqual({ create: 0, update: 1, delete: 0, rejected: 1 });
    expect(finished?.report.rejects).toMatchObject([{ code: "changed_since", count: 1 }]);
    expect(held(emulator).a).toMatchObject({ size: 1, data: { x: 1, y: 2 } });
  });

  it("empties again what had no value, in every field", async () => {
    const { emulator, load, sync, undo } = await workplace();
    await load([{ id: "a" }, { id: "b" }]);
    await change(emulator, "PATCH", "/a", { properties: { tier: null } });
    const before = held(emulator);
    await sync([
      {
        id: "a",
        title: "A",
        icon: "Box",
        team: "red",
        size: 1,
        note: "n",
        tier: "silver",
        parent: "b",
        friends: ["b"],
      },
      { id: "b" },
    ]);
    expect(held(emulator).a).toMatchObject({ title: "A", icon: "Box", team: ["red"], size: 1, parent: "b" });
    await undo();
    expect(held(emulator)).toEqual(before);
  });

  it("puts back what an override emptied, and a default that an entity did not have", async () => {
    const { emulator, load, sync, undo } = await workplace("deleteDependentEntities: true");
    await load(old);
    await change(emulator, "PATCH", "/c", { properties: { tier: null } });
    const before = held(emulator);
    await sync([{ id: "a" }, { id: "b" }], { mode: "override", prune: true });
    expect(held(emulator).a).not.toHaveProperty("size");
    await undo();
    expect(held(emulator)).toEqual(before);
  });

  it("leaves fields alone that the run did not write, whoever changed them since", async () => {
    const { emulator, load, sync, undo } = await workplace();
    await load(old);
    await sync([{ id: "b", size: 5 }]);
    await change(emulator, "PATCH", "/b", { properties: { note: "another's" } });
    expect((await undo()).counts).toEqual({ create: 0, update: 1, delete: 0, rejected: 0 });
    expect(held(emulator).b).toMatchObject({ size: 2, note: "another's" });
  });

  it("is undone in turn, and finds nothing left to do the second time", async () => {
    const { emulator, load, sync, undo } = await workplace("", { deletedTarget: "unset" });
    await load(old);
    await sync([{ id: "a", title: "Z" }, { id: "new" }], { prune: true });
    const after = held(emulator);
    const { finished } = await undo();
    expect((await undo()).counts).toEqual({ create: 0, update: 0, delete: 0, rejected: 0 });
    await undo({ importId: finished?.report.importId });
    expect(held(emulator)).toEqual(after);
  });

  it("is undone in turn except for what something relates to, where a deletion leaves relations as they are", async () => {
    const { emulator, load, sync, undo } = await workplace("", { deletedTarget: "dangling" });
    await load(old);
    await sync([{ id: "a", title: "Z" }, { id: "new" }], { prune: true });
    const after = held(emulator);
    expect(after).toMatchObject({ a: { friends: ["c"] } });
    const { finished } = await undo();
    const again = await undo({ importId: finished?.report.importId });
    expect(again.counts).toMatchObject({ delete: 1, rejected: 1 });
    expect(again.finished?.report.rejects).toMatchObject([{ code: "changed_since", count: 1 }]);
    expect(held(emulator)).toMatchObject({ ...after, c: { title: "C" } });
  });
});

describe("what was changed after the run", () => {
  it("is left as it is, listed with its title and field, and the rest is undone", async () => {
    const { emulator, load, sync, undo } = await workplace();
    await load(old);
    await sync([{ id: "a", size: 9 }, { id: "b", size: 9 }, { id: "new", title: "New" }, { id: "new2" }, { id: "c" }]);
    await change(emulator, "PATCH", "/a", { properties: { size: 77 } });
    await change(emulator, "PATCH", "/new", { properties: { note: "mine" } });
    const { counts, finished } = await undo();
    expect(counts).toEqual({ create: 0, update: 1, delete: 1, rejected: 2 });
    expect(finished?.report).toMatchObject({ exitCode: 1, balanced: true, entities: { rejected: 2, deleted: 1 } });
    const reasons = await readFile(join(finished?.folder ?? "", "reasons.ndjson"), "utf8");
    const lines = reasons.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { code: "changed_since", identifier: "a", message: '"A": properties.size is 77, this run left 9' },
      { code: "changed_since", identifier: "new", path: "properties.note" },
    ]);
    expect(held(emulator)).toMatchObject({ a: { size: 77 }, b: { size: 2 }, new: { note: "mine" } });
    expect(held(emulator).new2).toBeUndefined();
  });

  it.each<[string, (emulator: Emulator) => Promise<void>, RegExp]>([
    ["updated, and is gone", (emulator) => change(emulator, "DELETE", "/b?delete_dependents=false"), /it is gone/],
    [
      "deleted, and exists again",
      (emulator) => change(emulator, "POST", "", { identifier: "c" }),
      /deleted by this run and exists again/,
    ],
    [
      "created, and has something that relates to it",
      (emulator) => change(emulator, "POST", "", { identifier: "x", title: "X", relations: { parent: "new" } }),
      /item\/x \(X\), which stays, relates to it/,
    ],
  ])("is left as it is when it was %s", async (_what, drift, message) => {
    const { emulator, load, sync, undo } = await workplace();
    await load(old);
    await sync([{ id: "a" }, { id: "b", size: 5 }, { id: "new" }], { prune: true });
    await drift(emulator);
    const { counts, finished } = await undo();
    expect(counts.rejected).toBe(1);
    expect(finished?.report.rejects).toMatchObject([
      { code: "changed_since", message: expect.stringMatching(message) },
    ]);
  });

  it("keeps what a kept entity relates to", async () => {
    const { emulator, load, sync, undo } = await workplace();
    await load(old);
    await sync([...old, { id: "n1", parent: "n2" }, { id: "n2", parent: "n3" }, { id: "n3" }, { id: "n4" }]);
    await change(emulator, "PATCH", "/n1", { properties: { note: "mine" } });
    expect((await undo()).counts).toEqual({ create: 0, update: 0, delete: 1, rejected: 3 });
    expect(held(emulator)).toMatchObject({ n1: { parent: "n2" }, n2: { parent: "n3" } });
  });
});

describe("an undo of what later runs of the folder wrote as well", () => {
  const first = [
    { id: "a", size: 1, parent: "b", data: { x: 1, y: [2] } },
    { id: "b", note: "b", tier: "gold", parent: "a", friends: ["c", "a"] },
    { id: "c", title: "C", icon: "Box", team: ["red", "blue"] },
  ];

  it("takes back what a second import found as it was, in every mode", async () => {
    for (const mode of ["merge", "override"] as const) {
      const { emulator, load, sync, undo } = await workplace();
      const { report } = await load(first, { mode });
      await load([...first].reverse(), { mode });
      await load(first.slice(0, 1), { keepBefore: true });
      await sync(first);
      expect((await undo({ importId: report.importId })).counts).toEqual({
        create: 0,
        update: 0,
        delete: 3,
        rejected: 0,
      });
      expect(held(emulator)).toEqual({});
    }
  });

  /** Each in one write: of several, the clock has only the last one, to a second. */
  const single = [
    { id: "a", size: 1, data: { x: 1, y: [2] } },
    { id: "b", note: "b", tier: "gold" },
    { id: "c", title: "C", icon: "Box", team: ["red", "blue"] },
  ];

  it("leaves what someone else changed in between, although a second import came after", async () => {
    const { emulator, load, undo } = await workplace();
    const { report } = await load(single);
    await change(emulator, "PATCH", "/a", { properties: { note: "mine" } });
    await change(emulator, "PATCH", "/b", { properties: { tier: null } });
    await change(emulator, "PATCH", "/c", { title: "c" });
    const again = await load(single.slice(0, 1));
    const { counts, finished } = await undo({ importId: report.importId, maxDelete: ["100%"] });
    expect(counts).toEqual({ create: 0, update: 0, delete: 0, rejected: 3 });
    expect(finished).toBeUndefined();
    expect(again.report.entities).toMatchObject({ updated: 1 });
    expect(held(emulator)).toMatchObject({ a: { note: "mine" }, c: { title: "c" } });
  });

  it("goes by the dates of all where prints were kept of some alone, so that none is taken back by itself", async () => {
    const { folder, load, undo } = await workplace();
    const many = Array.from({ length: 30 }, (_, i) => ({ id: `n${i}`, size: i }));
    const { report } = await load(many);
    await load(many);
    const journal = join(folder, "state", report.importId, "journal.ndjson");
    const lines = (await readFile(journal, "utf8")).trimEnd().split("\n");
    const wrote = lines.flatMap((line, index) => (line.startsWith('{"line":"wrote"') ? [index] : []));
    expect(wrote.length).toBeGreaterThan(1);
    const last = wrote.at(-1) as number;
    const { left, ...others } = decodeJournalLine(unsealLine(lines[last] as string).text) as JournalWrote;
    expect(left).toHaveLength(10);
    lines[last] = sealLine(encodeJournalLine(others));
    await writeFile(journal, `${lines.map((line) => line.trimEnd()).join("\n")}\n`);
    expect((await undo({ importId: report.importId })).counts).toMatchObject({ delete: 0, rejected: 30 });
  });

  it("names the later run that changed a value, and gives the command that takes that back first", async () => {
    const { emulator, load, sync, undo, program } = await workplace();
    const { report } = await load(single);
    const later = await sync([{ id: "a", size: 2 }, { id: "d" }, { id: "e" }]);
    await load([{ id: "a", size: 2 }]);
    const of = (importId: string) => program("undo", importId, "--max-delete", "100%", "--out", "undo.plan");
    const shown = (await of(report.importId)).stdout;
    const stateDir = /--state-dir (\S+)/.exec(shown)?.[1];
    const command = `portload undo ${later.report.importId} --state-dir ${stateDir} --max-delete 66.7%`;
    expect(shown).toContain(
      `, after the run, and holds other values than the run left; sync ${later.report.importId} wrote it since; take that back first: ${command}\n`,
    );
    expect((await program(...command.split(" ").slice(1, 3), "--max-delete", "66.7%", "--yes")).code).toBe(0);
    expect((await undo({ importId: report.importId })).counts).toMatchObject({ delete: 3, rejected: 0 });
    expect(held(emulator)).toEqual({});
  });

  it("says that an import which kept nothing cannot be taken back first", async () => {
    const { load, program } = await workplace();
    const { report } = await load(single);
    const later = await load([{ id: "a", size: 2 }]);
    const { stdout } = await program("undo", report.importId, "--max-delete", "100%", "--out", "undo.plan");
    expect(stdout).toContain(
      `; import ${later.report.importId} merged it since and did not keep what it held (--keep-before)\n`,
    );
  });

  it("leads from a run that cannot be taken back to the one before it", async () => {
    const { emulator, load, program } = await workplace();
    const { report } = await load(first);
    await load(first);
    const last = await load(first);
    const { code, stderr } = await program("undo", "--yes");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`of what ${last.report.importId} wrote nothing can be taken back; 3 stay as they are`),
    ]);
    const [, line = ""] = /To take back the run before it: portload (.*)\n/.exec(stderr) ?? [];
    expect(line).toMatch(new RegExp(`^undo ${report.importId} --state-dir .* --max-delete 100%$`));
    const [undo = "", id = "", , , ...flags] = line.split(" ");
    expect((await program(undo, id, ...flags, "--yes")).code).toBe(0);
    expect(held(emulator)).toEqual({});
  });
});

describe("an undo of an import", () => {
  it("puts everything back that --keep-before kept, in every mode", async () => {
    for (const mode of ["merge", "override", "create"] as const) {
      const { emulator, load, undo } = await workplace();
      await load(old);
      const before = held(emulator);
      await load(
        [
          { id: "a", size: 7, parent: "n" },
          { id: "n", parent: "a" },
        ],
        { mode, keepBefore: true },
      );
      expect(held(emulator)).not.toEqual(before);
      expect((await undo()).counts.rejected).toBe(0);
      expect(held(emulator)).toEqual(before);
    }
  });

  it("deletes what was created, and says what it cannot put back, where nothing was kept", async () => {
    const { emulator, load, undo } = await workplace();
    await load(old);
    await load([{ id: "a", size: 7 }, { id: "n", parent: "m" }, { id: "m" }, { id: "changed" }]);
    await new Promise((done) => setTimeout(done, 5));
    await change(emulator, "PATCH", "/changed", { properties: { note: "mine" } });
    const { counts, finished } = await undo();
    expect(counts).toEqual({ create: 0, update: 0, delete: 2, rejected: 2 });
    expect(finished?.report.rejects.map(({ code, count }) => [code, count]).sort()).toEqual([
      ["before_unknown", 1],
      ["changed_since", 1],
    ]);
    expect(Object.keys(held(emulator)).sort()).toEqual(["a", "b", "c", "changed"]);
    expect(held(emulator).a).toMatchObject({ size: 7 });
  });

  it("takes back what it wrote without a relation, once the retry that completed it is taken back", async () => {
    const { emulator, load, retry, undo } = await workplace();
    const { report } = await load([{ id: "a", parent: "typo" }, { id: "b" }]);
    const [rejects] = report.rejectFiles;
    await writeFile(rejects?.path ?? "", (await readFile(rejects?.path ?? "", "utf8")).replace("typo", "b"));
    const retried = await retry();
    expect(held(emulator)).toMatchObject({ a: { parent: "b" } });
    expect((await undo({ importId: retried.report.importId })).counts).toMatchObject({ update: 1, rejected: 0 });
    expect(held(emulator)).toMatchObject({ a: {}, b: {} });
    expect((await undo({ importId: report.importId })).counts).toMatchObject({ delete: 2, rejected: 0 });
    expect(held(emulator)).toEqual({});
  });

  it("covers a run that wrote everything without a relation, and says how to delete what changed since", async () => {
    const { emulator, load, program } = await workplace();
    const { report } = await load([
      { id: "a", parent: "typo" },
      { id: "b", parent: "typo" },
    ]);
    expect(report.entities).toMatchObject({ created: 0, rejected: 2, createdInPart: 2 });
    await change(emulator, "PATCH", "/b", { properties: { note: "mine" } });
    const { stderr } = await program("undo", "--max-delete", "100%", "--yes");
    expect(stderr).toContain(
      "     first: item/b\n     fix:   to delete it all the same: portload entity delete item b\n",
    );
    expect(held(emulator)).toMatchObject({ b: { note: "mine" } });
  });

  it("covers all that it did, before and after it was resumed", async () => {
    const { emulator, given, load, resume, undo } = await workplace();
    await load(old);
    const before = held(emulator);
    const records = Array.from({ length: 60 }, (_, i) => ({ id: i % 20 === 0 ? "abc"[i / 20] : `n${i}`, size: i }));
    const stop = new AbortController();
    await writeFile(given.sources[0] ?? "", records.map((one) => `${JSON.stringify(one)}\n`).join(""));
    const options = { ...given, keepBefore: true, concurrency: 1 } as const;
    const first = await runImport(options, {
      env: envOf(emulator),
      signal: stop.signal,
      onStart: ({ progress }) => {
        const look = setInterval(() => {
          if (progress().written === 0) return;
          stop.abort();
          clearInterval(look);
        }, 1);
        setTimeout(() => clearInterval(look), 5000).unref();
      },
    });
    if (first.report.exitCode === 4) expect((await resume()).report.exitCode).toBe(0);
    expect((await undo()).counts).toEqual({ create: 0, update: 3, delete: 57, rejected: 0 });
    expect(held(emulator)).toEqual(before);
  });
});

describe("an undo refuses", () => {
  it("more deletions than a prune's limits allow, with the flags that allow them", async () => {
    const { emulator, load, undo } = await workplace();
    await load(old);
    const error: unknown = await undo({ maxDelete: [] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GuardError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/item: 3 of 3 \(100%\) would be deleted: a \(A\), b/),
      hint: expect.stringContaining("--max-delete 100%"),
    });
    expect(Object.keys(held(emulator))).toHaveLength(3);
  });

  it("a run whose folder is gone, one that wrote nothing, and one on another catalog", async () => {
    const { load, undo, given } = await workplace();
    const { report } = await load(old);
    await expect(undo({ importId: "20261122T033012417Z-7f3a" })).rejects.toMatchObject({
      message: expect.stringMatching(/is not there, or not any more/),
      hint: expect.stringContaining("--keep"),
    });
    const other = await workplace();
    await expect(other.undo({ stateDir: given.stateDir })).rejects.toThrow(/wrote to .*, not to/);
    const dry = await load(old, { dryRun: true });
    await expect(undo({ importId: dry.report.importId })).rejects.toThrow(/wrote nothing/);
    await rm(given.stateDir, { recursive: true });
    await expect(undo()).rejects.toThrow(StateError);
    expect(report.exitCode).toBe(0);
  });

  it("to write when the plan is not confirmed, or when the catalog drifts while it is looked at", async () => {
    const { emulator, load, sync, undo, given } = await workplace();
    await load(old);
    await sync([{ id: "a", size: 5 }]);
    const after = held(emulator);
    const folders = (await readdir(given.stateDir)).length;
    expect(await undo({}, { confirm: () => false })).not.toHaveProperty("finished");
    expect((await readdir(given.stateDir)).length).toBe(folders);
    expect(held(emulator)).toEqual(after);
    const drifting = async (): Promise<boolean> => {
      await change(emulator, "PATCH", "/a", { properties: { size: 6 } });
      return true;
    };
    await expect(undo({}, { confirm: drifting })).rejects.toThrow(/drifted/);
    expect(held(emulator).a).toMatchObject({ size: 6 });
  });
});

describe("an undo that stops on its way", () => {
  it("continues where it stopped, and then the catalog is as before", async () => {
    const { emulator, load, sync, undo, resume } = await workplace();
    const many = Array.from({ length: 100 }, (_, i) => ({ id: `i${i}`, size: i, parent: `i${(i + 7) % 100}` }));
    await load(many);
    const before = held(emulator);
    await sync(
      Array.from({ length: 110 }, (_, i) => ({ id: `i${i + 10}`, size: -i, parent: `i${((i + 3) % 110) + 10}` })),
      { prune: true },
    );
    const stop = new AbortController();
    const { finished } = await undo(
      { concurrency: 1 },
      {
        signal: stop.signal,
        onStart: ({ progress }) => {
          const look = setInterval(() => {
            if (progress().written > 0) stop.abort();
          }, 1);
          stop.signal.addEventListener("abort", () => clearInterval(look));
          setTimeout(() => clearInterval(look), 5000).unref();
        },
      },
    );
    if (finished?.report.exitCode === 4) {
      await expect(undo()).rejects.toThrow(/has stopped on its way/);
      const { report } = await resume();
      expect(report).toMatchObject({
        exitCode: 0,
        balanced: true,
        entities: { created: 10, updated: 90, deleted: 20 },
      });
    }
    expect(held(emulator)).toEqual(before);
  });
});

describe("portload undo", () => {
  it("shows the plan with titles; without a terminal it wants --yes or --out", async () => {
    const { emulator, load, sync, program, apply, folder } = await workplace("", {
      deletedTarget: "unset",
      titleOmitted: "null",
    });
    await load(old);
    const before = held(emulator);
    const { report } = await sync(
      [
        { id: "a", title: "A", size: 9 },
        { id: "new", title: "New" },
      ],
      {
        prune: true,
      },
    );
    const flags = ["--max-delete", "100%"];
    const shown = await program("undo", ...flags);
    expect(shown.code).toBe(64);
    expect(shown.stdout).toBe(
      'item\n  ~ a "A"\n      properties.size: 9 → 1\n      relations.friends: [] → ["c"]\n  + b\n  + c "C"\n  - new "New"\n\nPlan: 2 to create, 1 to update, 1 to delete.\n',
    );
    expect(shown.stderr).toContain(`would undo sync ${report.importId}, and there is no terminal to ask at`);
    const written = await program("undo", ...flags, "--out", "undo.plan", "--output", "json");
    expect(written.code).toBe(0);
    expect(JSON.parse(written.stdout)).toMatchObject({ undoOf: report.importId, counts: { create: 2, delete: 1 } });
    expect((await apply(join(folder, "undo.plan"))).report.exitCode).toBe(0);
    expect(held(emulator)).toEqual(before);
    const nothing = await program("undo", report.importId, "--yes");
    expect([nothing.code, nothing.stderr]).toEqual([0, expect.stringContaining("Nothing to undo")]);
  });

  it("does it with --yes, and prints the report as JSON", async () => {
    const { emulator, load, sync, program } = await workplace();
    await load(old);
    const before = held(emulator);
    await sync([{ id: "a", size: 9 }]);
    const done = await program("undo", "--yes", "--output", "json");
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ command: "undo", entities: { updated: 1 } });
    expect(held(emulator)).toEqual(before);
  });
});
