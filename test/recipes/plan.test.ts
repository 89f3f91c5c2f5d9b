import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { runApply } from "../../src/recipes/apply.js";
import { runImport } from "../../src/recipes/import.js";
import { runSync } from "../../src/recipes/sync.js";
import { envOf, makeFolder, readingFlags, root, startCatalog } from "../support/catalog.js";
import { compareWays, plan } from "../support/ways.js";
import { type Case, snapshot } from "../support/worlds.js";

const dotgov = resolve(root, "../shared/data/dotgov/current-full.csv");
const sample = (name: string): string => join(root, "samples", name);
const organisation = {
  sources: ["services.csv", "deployments.ndjson", "teams.json"].map(sample),
  mapping: join(root, "mappings/organisation.yaml"),
};

describe("a plan of the samples", () => {
  it("reports everything as created, writes nothing, and leaves nothing behind", async () => {
    const emulator = await startCatalog();
    const { report, lines } = await plan(emulator, organisation);
    expect(report).toMatchObject({
      command: "plan",
      dryRun: true,
      exitCode: 0,
      entities: { mapped: 1361, created: 1118, updated: 0, duplicate: 243, rejected: 0 },
      requests: { byRoute: { bulk: 0 } },
    });
    expect(lines[0]).toMatchObject({ line: "plan", format: 1, mode: "merge", target: emulator.url });
    expect(lines.at(-1)).toEqual({ line: "end", create: 1118, update: 0, delete: 0, unchanged: 0, rejected: 0 });
    expect(emulator.store.count("service")).toBe(0);
  });

  it("shows no change after an import, in both modes", async () => {
    const emulator = await startCatalog();
    await runImport({ ...organisation, stateDir: await makeFolder() }, { env: envOf(emulator) });
    for (const mode of ["merge", "override"] as const) {
      const { lines } = await plan(emulator, { ...organisation, mode });
      expect(lines.slice(1)).toEqual([{ line: "end", create: 0, update: 0, delete: 0, unchanged: 1118, rejected: 0 }]);
    }
  });

  it.each([
    ["teams.yaml", ["teams.json"]],
    ["services.yaml", ["services.csv"]],
    ["deployments.yaml", ["deployments.ndjson"]],
  ])("shows no change after an import by %s, in either mode it was imported in", async (name, sources) => {
    const emulator = await startCatalog();
    const stateDir = await makeFolder();
    await runImport({ ...organisation, stateDir }, { env: envOf(emulator) });
    const options = { sources: sources.map(sample), mapping: join(root, "mappings", name), stateDir };
    for (const mode of ["merge", "override"] as const) {
      await runImport({ ...options, mode }, { env: envOf(emulator) });
      const { lines } = await plan(emulator, { ...options, mode });
      expect(lines).toHaveLength(2);
    }
  });

  it("shows no change after an import of a dirty file, except for what failed", async () => {
    const emulator = await startCatalog();
    const stateDir = await makeFolder();
    await runImport({ ...organisation, stateDir }, { env: envOf(emulator) });
    const options = {
      sources: [sample("services-dirty.csv")],
      mapping: join(root, "mappings/services.yaml"),
      stateDir,
    };
    const { report } = await runImport(options, { env: envOf(emulator) });
    const { lines } = await plan(emulator, options);
    expect(lines.slice(1)).toMatchObject([{ line: "end", create: 0, update: 0, delete: 0 }]);
    expect(lines.at(-1)?.rejected).toBe(report.records.rejected + report.entities.rejected);
  });

  it.skipIf(!existsSync(dotgov) || readingFlags.length > 0)(
    "shows no change after an import of the .gov domains (skipped where the file is not there)",
    async () => {
      const emulator = await startCatalog();
      const options = { sources: [dotgov], mapping: join(root, "mappings/dotgov.yaml"), stateDir: await makeFolder() };
      await runImport(options, { env: envOf(emulator) });
      for (const mode of ["merge", "override"] as const) {
        const { lines } = await plan(emulator, { ...options, mode });
        expect(lines.slice(1)).toEqual([
          { line: "end", create: 0, update: 0, delete: 0, unchanged: 16_539 + 14_049, rejected: 0 },
        ]);
      }
    },
    240_000,
  );

  it("is done by apply to the entity, and a second apply is refused", async () => {
    const [planned, synced] = [await startCatalog(), await startCatalog()];
    const stateDir = await makeFolder();
    await runSync({ ...organisation, stateDir }, { env: envOf(synced) });
    const file = join(stateDir, "tonight.plan");
    await writeFile(file, (await plan(planned, organisation)).text);
    const { report, error } = await runApply({ plan: file, stateDir }, { env: envOf(planned) });
    expect(error).toBeUndefined();
    expect(report).toMatchObject({ command: "apply", exitCode: 0, balanced: true, entities: { created: 1118 } });
    const blueprints = ["team", "service", "environment", "deployment"];
    expect(snapshot(planned, blueprints)).toEqual(snapshot(synced, blueprints));
    await expect(runApply({ plan: file, stateDir }, { env: envOf(planned) })).rejects.toThrow(
      /drifted[\s\S]*exists by now/,
    );
  });
});

/** A case of one world. */
function caseOf(world: Partial<Case["worlds"][number]>, more: Partial<Case> = {}): Case {
  const none = { team: [], app: [], more: [], run: [] };
  const worlds = [{ old: none, given: none, policies: noPolicies, ...world }];
  return { mode: "merge", duplicates: "first", onNull: "omit", updateOnly: false, ...more, worlds };
}

type Kinds = Case["worlds"][number]["given"];
const nothing: Kinds = { team: [], app: [], more: [], run: [] };
const apps = (...app: Kinds["app"]): Kinds => ({ ...nothing, app });
const noPolicies = {
  ...{ parent: undefined, friends: undefined, owner: undefined, backup: undefined },
  ...{ of: undefined, by: undefined },
};

describe("what a plan says, a sync does, and apply does too", () => {
  it("with a later record of the same entity that is rejected", async () => {
    const given = apps({ id: "a" }, { id: "b" }, { id: "a", size: 1 }, { id: "c" });
    const { report, catalog } = await compareWays(await makeFolder(), caseOf({ given }, { duplicates: "error" }));
    expect(report.entities).toMatchObject({ created: 3, rejected: 1 });
    expect(Object.keys(catalog.app0 ?? {})).toEqual(["a", "b", "c"]);
  });

  it("with nothing left to write of an entity once its missing target is left out", async () => {
    const old = apps({ id: "e" });
    const given = apps({ id: "e", friends: [], owner: "a" });
    const { report, catalog } = await compareWays(await makeFolder(), caseOf({ old, given }));
    expect(report.entities).toMatchObject({ unchanged: 0, updated: 0, rejected: 1 });
    expect(catalog.app0?.e?.relations).toEqual({});
  });

  it("with a relation that waits beside fields that are as they were", async () => {
    const old = apps({ id: "a", size: 1, seen: "2026-01-01T00:00:00Z" });
    const given = apps({ id: "a", size: 1, seen: "2026-01-01T01:00:00+01:00", parent: "b" }, { id: "b", owner: "c" });
    const { report, catalog } = await compareWays(await makeFolder(), caseOf({ old, given }));
    expect(report.entities).toMatchObject({ updated: 1, created: 0, rejected: 1 });
    expect(catalog.app0?.a).toMatchObject({ properties: { seen: "2026-01-01T00:00:00Z" }, relations: { parent: "b" } });
  });

  it("with a target that may be left out, and nothing else to write", async () => {
    const old = apps({ id: "a", size: 1 });
    const given = apps({ id: "a", size: 1, owner: "b" });
    const policies = { ...noPolicies, owner: "omit" } as const;
    const { report } = await compareWays(await makeFolder(), caseOf({ old, given, policies }));
    expect(report.entities).toMatchObject({ unchanged: 1, updated: 0, rejected: 0 });
    expect(report.warnings.map(({ code }) => code)).toContain("relation_target_missing");
  });

  it("with a target that is to be made for an entity that lacks another, and so is not written", async () => {
    const given: Kinds = { ...nothing, run: [{ id: "a", of: "a", by: "a" }] };
    const policies = { ...noPolicies, by: "create" } as const;
    const { report, catalog } = await compareWays(await makeFolder(), caseOf({ given, policies }));
    expect(report.entities).toMatchObject({ created: 0, rejected: 1 });
    expect(catalog.team0).toEqual({});
  });

  it("with a target that is made for one entity and named by another before it", async () => {
    const given: Kinds = { ...nothing, app: [{ id: "a", owner: "b" }], run: [{ id: "a", of: "a", by: "b" }] };
    const policies = { ...noPolicies, by: "create" } as const;
    const { report, catalog } = await compareWays(await makeFolder(), caseOf({ given, policies }));
    expect(report.entities).toMatchObject({ created: 2, rejected: 0 });
    expect(catalog.app0?.a?.relations).toEqual({ owner: "b" });
  });

  it("with a target that is made for an entity which cannot be without another one that is made", async () => {
    const given: Kinds = { ...nothing, app: [{ id: "a", friends: ["e"] }], run: [{ id: "a", of: "e", by: "a" }] };
    const policies = { ...noPolicies, friends: "create", by: "create" } as const;
    const { report, catalog } = await compareWays(await makeFolder(), caseOf({ given, policies }));
    expect(report.entities).toMatchObject({ created: 2, rejected: 0 });
    expect(catalog.run0?.a?.relations).toEqual({ of: "e", by: "a" });
  });

  it("with a target that is missing and another that is rejected, once a target was missing before", async () => {
    const worlds: Case["worlds"] = [
      {
        old: apps({ id: "a" }),
        given: { ...nothing, more: [{ id: "a", backup: "c" }] },
        policies: { ...noPolicies, backup: "reject" },
      },
      {
        old: apps({ id: "d" }),
        given: apps({ id: "d", parent: "b", owner: "a" }, { id: "b" }),
        policies: { ...noPolicies, owner: "reject" },
      },
    ];
    const { report } = await compareWays(await makeFolder(), { ...caseOf({}), updateOnly: true, worlds });
    expect(report.rejects.map(({ code, count }) => [code, count])).toEqual([
      ["relation_target_missing", 1],
      ["relation_target_missing", 1],
      ["not_in_catalog", 1],
    ]);
  });
});

describe("an entity of which a second record was rejected", () => {
  it("is what others may relate to, in a plan as in the sync, once a target was missing before", async () => {
    const given: Kinds = {
      ...nothing,
      app: [
        { id: "d", owner: "a" },
        { id: "d", parent: "d", owner: "e" },
        { id: "e", parent: "a" },
      ],
      run: [
        { id: "d", of: "d" },
        { id: "c", of: "d" },
      ],
    };
    const policies = { ...noPolicies, parent: "reject", owner: "omit", of: "reject" } as const;
    const chosen: Case = { ...caseOf({ given, policies }), duplicates: "error" };
    const { report, catalog } = await compareWays(await makeFolder(), chosen);
    expect(report.rejects.map(({ code, count }) => [code, count])).toEqual([
      ["duplicate_differs", 1],
      ["relation_target_missing", 1],
    ]);
    expect(Object.keys(catalog.run0 ?? {}).sort()).toEqual(["c", "d"]);
  });
});

describe("what a plan says of entities that several sources bring, a sync does, and apply does too", () => {
  const split: Kinds = {
    ...nothing,
    app: [{ id: "a", size: 1, parent: "b" }, { id: "b", size: 2.5 }, { id: "c" }],
    more: [{ id: "b", extra: "x", backup: "a" }, { id: "a", size: 1, extra: "y" }, { id: "d" }],
  };

  it.each(["merge", "override"] as const)("in mode %s: one entity of each key with the fields of all", async (mode) => {
    const old = apps({ id: "a", note: "x" });
    const { report, catalog } = await compareWays(
      await makeFolder(),
      caseOf({ old, given: split }, { duplicates: undefined, mode }),
    );
    expect(report.entities).toMatchObject({ mapped: 6, created: 3, updated: 1, duplicate: 2, rejected: 0 });
    const properties = { size: 1, extra: "y", ...(mode === "merge" && { note: "x" }) };
    expect(catalog.app0?.a).toMatchObject({ properties, relations: { parent: "b" } });
    expect(catalog.app0?.b).toMatchObject({ properties: { size: 2.5, extra: "x" }, relations: { backup: "a" } });
  });

  it("and nothing of one whose records disagree", async () => {
    const given: Kinds = { ...split, more: [...split.more, { id: "a", size: 0 }] };
    const { report, catalog } = await compareWays(await makeFolder(), caseOf({ given }, { duplicates: "merge" }));
    expect(report.entities).toMatchObject({ mapped: 7, created: 2, duplicate: 2, rejected: 3 });
    expect(report.rejects).toMatchObject([
      { code: "duplicate_conflict", path: "properties.size", count: 2 },
      { code: "relation_target_rejected", path: "relations.backup", count: 1 },
    ]);
    expect(Object.keys(catalog.app0 ?? {})).toEqual(["b", "c", "d"]);
  });

  it("and leaves out a missing target as the resource that maps the relation says", async () => {
    const given: Kinds = { ...nothing, app: [{ id: "a", size: 1 }], more: [{ id: "a", backup: "nowhere" }] };
    const policies = { ...noPolicies, backup: "omit" } as const;
    const { report } = await compareWays(await makeFolder(), caseOf({ given, policies }, { duplicates: undefined }));
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 1, duplicate: 1, rejected: 0 } });
  });
});
