import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.js";
import type { ImportOptions, SyncOptions } from "../../src/options/run.js";
import { runImport } from "../../src/recipes/import.js";
import type { ImportContext } from "../../src/recipes/run/connect.js";
import { runSync } from "../../src/recipes/sync.js";
import { readJournal } from "../../src/state/journal.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "../support/catalog.js";
import { collect } from "../support/entities.js";

const sample = (name: string): string => join(root, "samples", name);
const organisation = {
  sources: ["services.csv", "deployments.ndjson", "teams.json"].map(sample),
  mapping: join(root, "mappings/organisation.yaml"),
};

async function sync(emulator: Emulator, options: SyncOptions, context: ImportContext = {}) {
  return runSync({ stateDir: await makeFolder(), ...options }, { env: envOf(emulator), ...context });
}

async function load(emulator: Emulator, options: ImportOptions) {
  return runImport({ stateDir: await makeFolder(), ...options }, { env: envOf(emulator) });
}

const itemBlueprint = blueprintOf("item", {
  schema: {
    properties: {
      size: { type: "number" },
      note: { type: "string" },
      seen: { type: "string", format: "date-time" },
      tags: { type: "array", items: { type: "string" } },
      tier: { type: "string", default: "gold" },
    },
  },
  relations: { parent: { target: "item" }, friends: { target: "item", many: true } },
});

/** A mapping of ndjson records, whose keys are fields, into blueprint `item`. */
async function items(records: readonly object[], more = ""): Promise<{ sources: string[]; mapping: string }> {
  const folder = await makeFolder();
  await writeFile(join(folder, "items.ndjson"), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  await writeFile(
    join(folder, "items.yaml"),
    `${more}
resources:
  - kind: items
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id
          title: .title
          blueprint: '"item"'
          properties: { size: .size, note: .note, seen: .seen, tags: .tags, tier: .tier }
          relations: { parent: .parent, friends: .friends }
`,
  );
  return { sources: [join(folder, "items.ndjson")], mapping: join(folder, "items.yaml") };
}

const writesOf = (emulator: Emulator) =>
  emulator.store.entities("item").map(({ identifier, writes }): [string, number] => [identifier, writes]);

describe("a sync", () => {
  it("of an empty catalog creates everything; the next one finds everything unchanged and writes nothing", async () => {
    const emulator = await startCatalog();
    const first = await sync(emulator, organisation);
    expect(first.error).toBeUndefined();
    expect(first.report).toMatchObject({
      command: "sync",
      exitCode: 0,
      entities: { mapped: 1361, created: 1118, updated: 0, unchanged: 0, duplicate: 243, rejected: 0 },
    });
    for (const mode of ["merge", "override"] as const) {
      const { report } = await sync(emulator, { ...organisation, mode });
      expect(report).toMatchObject({
        exitCode: 0,
        balanced: true,
        entities: { created: 0, updated: 0, unchanged: 1118, duplicate: 243, rejected: 0 },
        requests: { byRoute: { bulk: 0, single: 0, delete: 0, search: 5 } },
      });
    }
  });

  it("writes the entities that differ and no others", async () => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    const all = Array.from({ length: 50 }, (_, i) => ({ id: `i${i}`, title: `Item ${i}`, size: i, parent: "i0" }));
    await load(emulator, await items(all));
    const before = new Map(writesOf(emulator));
    const changed = all.map((record, i) => (i % 10 === 3 ? { ...record, size: -1 } : record));
    const { report } = await sync(emulator, await items([...changed, { id: "new", parent: "i3" }]));
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 1, updated: 5, unchanged: 45, rejected: 0 } });
    expect(report.requests.byRoute).toMatchObject({ bulk: 1, search: 1 });
    const written = writesOf(emulator).filter(([id, count]) => count !== before.get(id ?? ""));
    expect(written.map(([id]) => id)).toEqual(["i3", "i13", "i23", "i33", "i43", "new"]);
    expect(emulator.store.entity("item", "i13")?.properties.size).toBe(-1);
  });

  it("reads meaning, not notation", async () => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    const record = { id: "a", title: "A", size: 1000, seen: "2026-01-01T12:00:00Z", tags: ["x"], friends: ["b", "c"] };
    const others = [{ id: "b" }, { id: "c" }];
    await load(emulator, await items([...others, record]));
    const same = { ...record, size: 1e3, seen: "2026-01-01T13:00:00.000+01:00", friends: ["c", "b"] };
    for (const mode of ["merge", "override"] as const)
      expect((await sync(emulator, { ...(await items([...others, same])), mode })).report.entities).toMatchObject({
        unchanged: 3,
        updated: 0,
      });
  });

  it("looks in merge only at what the record brings, in override at all that can be written", async () => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    await load(emulator, await items([{ id: "a", title: "A", note: "by hand", size: 1 }]));
    const less = await items([{ id: "a", title: "A", size: 1 }]);
    expect((await sync(emulator, { ...less, mode: "merge" })).report.entities).toMatchObject({ unchanged: 1 });
    expect((await sync(emulator, { ...less, mode: "override" })).report.entities).toMatchObject({ updated: 1 });
    expect(emulator.store.entity("item", "a")?.properties.note ?? null).toBeNull();
    expect((await sync(emulator, { ...less, mode: "override" })).report.entities).toMatchObject({ unchanged: 1 });
  });

  it("counts the values that stay although the source has none, with the line that empties them", async () => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    const whole = [1, 2, 3].map((n) => ({
      id: `i${n}`,
      title: `I${n}`,
      note: "x",
      size: n,
      tier: "gold",
      parent: "i1",
    }));
    await load(emulator, await items(whole));
    const [first, ...rest] = whole;
    const less = [first, ...rest.map(({ id, title, size }) => ({ id, title, size }))] as readonly object[];
    const { report } = await sync(emulator, await items(less));
    expect(report).toMatchObject({
      exitCode: 0,
      entities: { unchanged: 3 },
      requests: { byRoute: { search: 1, bulk: 0 } },
    });
    const paths = "[properties.note, relations.parent]";
    expect(report.warnings).toMatchObject([
      { code: "value_kept", blueprint: "item", path: "properties.note", count: 2, first: { position: 2 } },
      { code: "value_kept", blueprint: "item", path: "relations.parent", count: 2 },
    ]);
    expect(report.warnings[0]?.message).toContain(`clear: ${paths}; if it is to stay: omit: ${paths}`);
    // As the warning says: kept in silence, or gone.
    expect((await sync(emulator, await items(less, `omit: ${paths}`))).report.warnings).toEqual([]);
    const cleared = await sync(emulator, await items(less, `clear: ${paths}`));
    expect(cleared.report).toMatchObject({ entities: { updated: 2, unchanged: 1 }, warnings: [] });
    expect((await sync(emulator, await items(less))).report.warnings).toEqual([]);
  });

  it("keeps in the journal what was before, and what it sends", async () => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    await load(emulator, await items([{ id: "a", title: "A", size: 1, note: "kept" }]));
    const { folder = "" } = await sync(emulator, await items([{ id: "a", title: "B", size: 2 }, { id: "b" }]));
    const lines = await collect(readJournal(join(folder, "journal.ndjson")));
    expect(lines.filter(({ line }) => line === "before")).toEqual([
      {
        line: "before",
        entities: [
          {
            at: { source: 0, position: 1, line: 1 },
            resource: 0,
            item: 0,
            blueprint: "item",
            before: { identifier: "a", title: "A", properties: { size: 1 }, relations: {} },
            mode: "merge",
            sent: { identifier: "a", title: "B", properties: { size: 2 }, relations: {} },
          },
          {
            at: { source: 0, position: 2, line: 2 },
            resource: 0,
            item: 0,
            blueprint: "item",
            before: null,
            mode: "merge",
            sent: { identifier: "b", properties: {}, relations: {} },
          },
        ],
      },
    ]);
  });

  it("refuses what would lack a required value, before sending it", async () => {
    const strict = blueprintOf("item", {
      schema: { properties: { ...itemBlueprint.schema.properties }, required: ["note"] },
      relations: itemBlueprint.relations ?? {},
    });
    const emulator = await startCatalog({ blueprints: [strict] });
    await load(emulator, await items([{ id: "a", note: "n" }]));
    const { report } = await sync(
      emulator,
      await items([
        { id: "a", size: 1 },
        { id: "b", size: 1 },
      ]),
    );
    expect(report.entities).toMatchObject({ updated: 1, rejected: 1 });
    expect(report.rejects.map(({ code, path }) => [code, path])).toEqual([["required_missing", "properties.note"]]);
    expect(report.exitCode).toBe(1);
  });

  it("defers relations of what it creates, and none of what is unchanged", async () => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    const ring = (n: number) => Array.from({ length: n }, (_, i) => ({ id: `r${i}`, parent: `r${(i + 1) % n}` }));
    await load(emulator, await items(ring(10)));
    const grown = await items(ring(12));
    const { report } = await sync(emulator, grown);
    expect(report.entities).toMatchObject({ created: 2, updated: 1, unchanged: 9, rejected: 0 });
    expect(emulator.store.entity("item", "r9")?.relations.parent).toBe("r10");
    expect(emulator.store.entity("item", "r11")?.relations.parent).toBe("r0");
    expect((await sync(emulator, grown)).report.entities).toMatchObject({ unchanged: 12 });
  });

  it("refuses to go without keys", async () => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    await expect(sync(emulator, await items([{ id: "a" }], "duplicates: off"))).rejects.toThrow(/not off/);
  });
});

describe("duplicates by policy last", () => {
  const twice = [
    { id: "a", size: 1 },
    { id: "b", size: 1, parent: "a" },
    { id: "a", size: 2 },
    { id: "c", size: 1 },
    { id: "a", size: 3 },
    { id: "c", size: 1 },
  ];

  it.each([
    ["an import", async (emulator: Emulator, given: ImportOptions) => load(emulator, given)],
    ["a sync", async (emulator: Emulator, given: ImportOptions) => sync(emulator, given as SyncOptions)],
  ])("leave the last one of each key to %s, and say where contents differ", async (_what, run) => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    const { report } = await run(emulator, await items(twice, "duplicates: last"));
    expect(report).toMatchObject({ exitCode: 0, balanced: true, entities: { mapped: 6, created: 3, duplicate: 3 } });
    expect(emulator.store.entity("item", "a")?.properties.size).toBe(3);
    expect(emulator.store.entity("item", "b")?.relations.parent).toBe("a");
    expect(report.warnings).toMatchObject([{ code: "duplicate_differs", count: 2, first: { position: 1 } }]);
    expect(report.warnings[0]?.message).toMatch(/item\/a of .*items\.ndjson:1 has other content at .*record 5/);
  });

  it("hold across sources and steps", async () => {
    const emulator = await startCatalog();
    const folder = await makeFolder();
    const text = await readFile(organisation.mapping, "utf8");
    await writeFile(join(folder, "last.yaml"), text.replace("duplicates: first", "duplicates: last"));
    const { report } = await sync(emulator, { ...organisation, mapping: join(folder, "last.yaml") });
    expect(report).toMatchObject({
      exitCode: 0,
      balanced: true,
      entities: { mapped: 1361, created: 1118, duplicate: 243 },
    });
  });
});

describe("known rejects", () => {
  const bad = [
    { id: "a b", size: 1 },
    { id: "c", size: "many" },
    { id: "d", size: 1 },
  ];

  async function withList(lines: readonly object[], records: readonly object[] = bad) {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    const given = await items(records);
    const list = join(await makeFolder(), "known.ndjson");
    await writeFile(list, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return sync(emulator, { ...given, allowRejects: list });
  }

  const known = [
    { code: "identifier_invalid", source: "items.ndjson", blueprint: "item", identifier: "a b" },
    {
      code: "wrong_type",
      source: "elsewhere/items.ndjson",
      blueprint: "item",
      identifier: "c",
      path: "properties.size",
    },
  ];

  it("count, and do not set exit code 1", async () => {
    const { report } = await withList(known);
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 1, rejected: 2 }, warnings: [] });
    expect(report.rejectFiles).toMatchObject([{ records: 2 }]);
  });

  it("leave it to a new one to set it, and one that is cured is named", async () => {
    expect((await withList(known, [...bad, { id: "e f" }])).report.exitCode).toBe(1);
    const { report } = await withList(known, [bad[0] as object, { id: "c", size: 3 }]);
    expect([report.exitCode, report.warnings.map(({ code, message }) => [code, message])]).toEqual([
      0,
      [["reject_cured", "wrong_type of item/c in elsewhere/items.ndjson did not come up again; take it off the list"]],
    ]);
  });

  it("may be the reasons of the night before", async () => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    const given = await items(bad);
    const first = await sync(emulator, given);
    expect(first.report.exitCode).toBe(1);
    const again = await sync(emulator, { ...given, allowRejects: join(first.folder ?? "", "reasons.ndjson") });
    expect([again.report.exitCode, again.report.entities.rejected, again.report.warnings]).toEqual([0, 2, []]);
  });

  it("must be a list of rejects", async () => {
    await expect(withList([{ code: "no_such_code", source: "items.ndjson", position: 1 }])).rejects.toThrow(
      /:1: code is not a reject code/,
    );
    await expect(withList([{ code: "wrong_type", source: "items.ndjson" }])).rejects.toThrow(/names no record/);
  });
});

describe("the requests of a night", () => {
  it("are one search for a thousand entities and one write for twenty that changed", async () => {
    const emulator = await startCatalog({ blueprints: [itemBlueprint] });
    const all = Array.from({ length: 5000 }, (_, i) => ({ id: `i${i}`, size: i, note: `note of ${i}` }));
    await load(emulator, await items(all));
    const quiet = await sync(emulator, await items(all));
    expect(quiet.report).toMatchObject({
      entities: { unchanged: 5000 },
      requests: { byRoute: { bulk: 0, single: 0, search: 5 } },
    });
    const changed = all.map((one, i) => (i % 100 === 0 ? { ...one, size: -1 } : one));
    const busy = await sync(emulator, await items(changed));
    expect(busy.report).toMatchObject({
      entities: { unchanged: 4950, updated: 50 },
      requests: { byRoute: { bulk: 3, search: 5 } },
    });
  });
});
