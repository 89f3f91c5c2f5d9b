import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.js";
import type { PlanOptions } from "../../src/options/run.js";
import { runApply } from "../../src/recipes/apply.js";
import { runImport } from "../../src/recipes/import.js";
import { runPlan } from "../../src/recipes/plan.js";
import { runSync } from "../../src/recipes/sync.js";
import { blueprintOf, envOf, makeFolder, readingFlags, readingsOfRun, root, startCatalog } from "../support/catalog.js";
import { isLong } from "../support/long.js";

const dotgov = resolve(root, "../shared/data/dotgov/current-full.csv");
const sample = (name: string): string => join(root, "samples", name);
const organisation = {
  sources: ["services.csv", "deployments.ndjson", "teams.json"].map(sample),
  mapping: join(root, "mappings/organisation.yaml"),
};

type Line = Record<string, unknown> & { op?: string; blueprint?: string };

/** A plan, with its lines. */
async function plan(emulator: Emulator, options: PlanOptions) {
  const { file, discard, ...rest } = await runPlan(options, { env: envOf(emulator) });
  const lines = file === undefined ? [] : (await readFile(file, "utf8")).trimEnd().split("\n");
  await discard();
  return { ...rest, lines: lines.map((line) => JSON.parse(line) as Line), text: `${lines.join("\n")}\n` };
}

/** All that a catalog holds and a write can change. */
const snapshot = (emulator: Emulator, blueprints: readonly string[]) =>
  Object.fromEntries(
    blueprints.map((blueprint) => [
      blueprint,
      Object.fromEntries(
        emulator.store
          .entities(blueprint)
          .map(({ identifier, title, icon, team, properties, relations }) => [
            identifier,
            structuredClone({ title, icon, team, properties, relations }),
          ]),
      ),
    ]),
  );

describe("a plan of the samples", () => {
  it("tells everything as created, writes nothing, and leaves nothing behind", async () => {
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

  it("shows no change after an import of a dirty file, but for what failed", async () => {
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

// Random catalogs and inventories.

const ids = ["a", "b", "c", "d", "e"];
/** Catalogs that know nothing of each other, side by side, so that one run of the program covers many. */
const worlds = 10;
const worldNumbers = Array.from({ length: worlds }, (_, world) => world);
const blueprintsOf = (world: number): readonly Blueprint[] => [
  blueprintOf(`team${world}`, { schema: { properties: { size: { type: "number" } } } }),
  blueprintOf(`app${world}`, {
    schema: {
      properties: {
        size: { type: "number" },
        note: { type: "string" },
        seen: { type: "string", format: "date-time" },
        tags: { type: "array", items: { type: "string" } },
        data: { type: "object" },
        tier: { type: "string", default: "gold" },
      },
    },
    relations: {
      parent: { target: `app${world}` },
      friends: { target: `app${world}`, many: true },
      owner: { target: `team${world}` },
    },
  }),
  blueprintOf(`run${world}`, {
    relations: { of: { target: `app${world}`, required: true }, by: { target: `team${world}` } },
  }),
];
const blueprints = worldNumbers.flatMap(blueprintsOf);

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const id = fc.constantFrom(...ids);
const app = fc.record(
  {
    id,
    title: maybe(fc.constantFrom("A", "B")),
    size: maybe(fc.constantFrom(0, 1, 2.5)),
    note: maybe(fc.constantFrom("", "x", "y")),
    seen: maybe(fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-02T00:00:00.000Z")),
    tags: maybe(fc.array(fc.constantFrom("t", "u"), { maxLength: 2 })),
    data: maybe(fc.constantFrom({ a: 1 }, { a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })),
    tier: maybe(fc.constantFrom("gold", "silver")),
    parent: maybe(fc.constantFrom(...ids, "nowhere")),
    friends: maybe(fc.array(fc.constantFrom(...ids, "nowhere"), { maxLength: 3 })),
    owner: maybe(fc.constantFrom(...ids)),
  },
  { requiredKeys: ["id"] },
);
const team = fc.record({ id, size: maybe(fc.constantFrom(1, 2)) }, { requiredKeys: ["id"] });
const run = fc.record(
  { id, of: maybe(fc.constantFrom(...ids)), by: maybe(fc.constantFrom(...ids)) },
  { requiredKeys: ["id"] },
);
const inventory = fc.record({
  team: fc.array(team, { maxLength: 4 }),
  app: fc.array(app, { maxLength: 6 }),
  run: fc.array(run, { maxLength: 4 }),
});
const inventories = fc.array(inventory, { minLength: worlds, maxLength: worlds });
type Inventories = typeof inventories extends fc.Arbitrary<infer T> ? T : never;

const resource = (blueprint: string, properties: string[], relations: string[]) => `
  - kind: ${blueprint}
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id
          ${properties.includes("note") ? "title: .title" : ""}
          blueprint: '"${blueprint}"'
          properties: { ${properties.map((key) => `${key}: .${key}`).join(", ")} }
          relations: { ${relations.map((key) => `${key}: .${key}`).join(", ")} }`;
const mappingText = `resources:${worldNumbers
  .map((world) =>
    [
      resource(`team${world}`, ["size"], []),
      resource(`app${world}`, ["size", "note", "seen", "tags", "data", "tier"], ["parent", "friends", "owner"]),
      resource(`run${world}`, [], ["of", "by"]),
    ].join(""),
  )
  .join("")}
`;

/** Writes the inventories' files into a folder. */
async function writeInventories(folder: string, given: Inventories): Promise<PlanOptions> {
  const sources: string[] = [];
  for (const [world, kinds] of given.entries())
    for (const [kind, records] of Object.entries(kinds)) {
      const path = join(folder, `${kind}${world}.ndjson`);
      sources.push(path);
      // A file of no bytes would be refused; a blank line is no record.
      await writeFile(path, `\n${records.map((record: object) => `${JSON.stringify(record)}\n`).join("")}`);
    }
  await writeFile(join(folder, "mapping.yaml"), mappingText);
  return { sources, mapping: join(folder, "mapping.yaml"), stateDir: folder, keep: 2, rate: "off" };
}

const names = blueprints.map(({ identifier }) => identifier);
/** A catalog's content by meaning: what is rejected is no op of a plan, so that only a sync brings the notation of its other values up to date. */
const meaning = (emulator: Emulator): unknown =>
  JSON.parse(
    JSON.stringify(snapshot(emulator, names), (key, value: unknown) => {
      if (key === "seen" && typeof value === "string") return new Date(value).toISOString();
      if (key === "friends" && Array.isArray(value)) return [...new Set(value)].sort();
      return value ?? undefined;
    }),
  );

/** Times ten catalogs; in the short suite, and under each reading of the API's behaviour in turn, a tenth of that. */
const numRuns = isLong ? 30 : 3;

describe(`over ${numRuns * worlds} random catalogs and inventories`, () => {
  it("a plan straight after an import shows no change but for what was rejected", async () => {
    const folder = await makeFolder();
    await fc.assert(
      fc.asyncProperty(inventories, fc.constantFrom("merge", "override"), async (given, mode) => {
        const emulator = await startEmulator({ blueprints, limits: "off", readings: readingsOfRun });
        try {
          const options = { ...(await writeInventories(folder, given)), mode } as const;
          const imported = await runImport(options, { env: envOf(emulator) });
          fc.pre(imported.report.exitCode < 2);
          const { lines } = await plan(emulator, options);
          const rejected = imported.report.entities.rejected;
          const ops = lines.filter((line) => line.op !== undefined);
          // What was rejected for a missing target was written without it, or not at all: the plan leaves out what would fail again.
          expect(ops).toEqual([]);
          expect(lines.at(-1)).toMatchObject({ create: 0, update: 0, rejected });
        } finally {
          await emulator.close();
        }
      }),
      { numRuns },
    );
  }, 240_000);

  it("a plan says what the sync then does, and apply does the same", async () => {
    const folder = await makeFolder();
    await fc.assert(
      fc.asyncProperty(inventories, inventories, fc.constantFrom("merge", "override"), async (old, given, mode) => {
        const emulators = [
          await startEmulator({ blueprints, limits: "off", readings: readingsOfRun }),
          await startEmulator({ blueprints, limits: "off", readings: readingsOfRun }),
        ] as const;
        const [synced, applied] = emulators;
        try {
          const earlier = { ...(await writeInventories(folder, old)), mode } as const;
          for (const emulator of emulators) await runImport(earlier, { env: envOf(emulator) });
          const options = { ...(await writeInventories(folder, given)), mode } as const;
          const before = snapshot(applied, names);
          const made = await plan(applied, options);
          expect(snapshot(applied, names)).toEqual(before);
          const { report } = await runSync(options, { env: envOf(synced) });
          expect(made.report.entities).toEqual(report.entities);
          const file = join(folder, "tonight.plan");
          await writeFile(file, made.text);
          await runApply({ plan: file, stateDir: folder, keep: 2, rate: "off" }, { env: envOf(applied) });
          expect(meaning(applied)).toEqual(meaning(synced));
        } finally {
          for (const emulator of emulators) await emulator.close();
        }
      }),
      { numRuns },
    );
  }, 400_000);
});
