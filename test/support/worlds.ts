import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import type { Blueprint } from "../../src/blueprint.js";
import type { Emulator } from "../../src/emulator/emulator.js";
import type { PlanOptions } from "../../src/options/run.js";
import { blueprintOf, shownTitle } from "./catalog.js";

export type Snapshot = ReturnType<typeof snapshot>;

/** All that a catalog holds and a write can change. */
export const snapshot = (emulator: Emulator, blueprints: readonly string[]) =>
  Object.fromEntries(
    blueprints.map((blueprint) => [
      blueprint,
      Object.fromEntries(
        emulator.store
          .entities(blueprint)
          .map(({ identifier, title, icon, team, properties, relations }) => [
            identifier,
            structuredClone({ title: shownTitle({ identifier, title }), icon, team, properties, relations }),
          ]),
      ),
    ]),
  );

// Random catalogs and inventories.

/** Identifiers of all entities. */
export const ids = ["a", "b", "c", "d", "e"];
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
        extra: { type: "string" },
      },
    },
    relations: {
      parent: { target: `app${world}` },
      friends: { target: `app${world}`, many: true },
      owner: { target: `team${world}` },
      backup: { target: `app${world}` },
    },
  }),
  blueprintOf(`run${world}`, {
    relations: { of: { target: `app${world}`, required: true }, by: { target: `team${world}` } },
  }),
];
export const blueprints = worldNumbers.flatMap(blueprintsOf);

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
/** A second source of apps: some fields of its own, some that the first has, too. */
const more = fc.record(
  {
    id,
    title: maybe(fc.constantFrom("A", "B")),
    size: maybe(fc.constantFrom(0, 1)),
    extra: maybe(fc.constantFrom("x", "y")),
    owner: maybe(fc.constantFrom(...ids)),
    backup: maybe(fc.constantFrom(...ids, "nowhere")),
  },
  { requiredKeys: ["id"] },
);
const inventory = fc.record({
  team: fc.array(team, { maxLength: 4 }),
  app: fc.array(app, { maxLength: 6 }),
  more: fc.array(more, { maxLength: 5 }),
  run: fc.array(run, { maxLength: 4 }),
});
const onMissing = maybe(fc.constantFrom("reject", "omit", "create"));
const policies = fc.record({
  ...{ parent: onMissing, friends: onMissing, owner: onMissing, backup: onMissing },
  ...{ of: onMissing, by: onMissing },
});
/** What one catalog held and is to hold, and what its mapping says of relations whose target is missing. */
const world = fc.record({ old: inventory, given: inventory, policies });
/** What a mapping says for all worlds, and at most so many worlds. */
export const casesOf = (maxWorlds: number) =>
  fc.record({
    mode: fc.constantFrom("merge", "override"),
    duplicates: fc.constantFrom("first", "last", "error", "merge", undefined),
    onNull: fc.constantFrom("omit", "clear"),
    updateOnly: fc.constantFrom(false, false, true),
    worlds: fc.array(world, { minLength: 1, maxLength: maxWorlds, size: "max" }),
  });
/** As many worlds as there are. */
export const cases = casesOf(worlds);
export type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** What a mapping may say besides. */
export interface Settings {
  /** Owns all of every blueprint. */
  readonly prunes?: boolean;
  readonly deleteDependents?: boolean;
  readonly createMissing?: boolean;
}

const resource = (
  kind: string,
  properties: string[],
  relations: string[],
  policy: object,
  prunes = false,
  blueprint = kind,
) => {
  const missing = Object.entries(policy).filter(([key, value]) => relations.includes(key) && value !== undefined);
  return `
  - kind: ${kind}
    selector: { query: "true" }
    ${missing.length > 0 ? `onMissingTarget: { ${missing.map(([key, value]) => `${key}: ${value}`).join(", ")} }` : ""}
    ${prunes ? "prune: all" : ""}
    port:
      entity:
        mappings:
          identifier: .id
          ${properties.includes("size") && blueprint.startsWith("app") ? "title: .title" : ""}
          blueprint: '"${blueprint}"'
          properties: { ${properties.map((key) => `${key}: .${key}`).join(", ")} }
          relations: { ${relations.map((key) => `${key}: .${key}`).join(", ")} }`;
};
const mappingOf = (
  { duplicates, onNull, worlds }: Case,
  settings: Settings,
): string => `${duplicates ? `duplicates: ${duplicates}` : ""}
onNull: ${onNull}
deleteDependentEntities: ${settings.deleteDependents === true}
createMissingRelatedEntities: ${settings.createMissing === true}
resources:${worlds
  .map(({ policies }, world) =>
    [
      resource(`team${world}`, ["size"], [], {}, settings.prunes),
      resource(
        `app${world}`,
        ["size", "note", "seen", "tags", "data", "tier"],
        ["parent", "friends", "owner"],
        policies,
        settings.prunes,
      ),
      resource(`more${world}`, ["size", "extra"], ["owner", "backup"], policies, settings.prunes, `app${world}`),
      resource(`run${world}`, [], ["of", "by"], policies, settings.prunes),
    ].join(""),
  )
  .join("")}
`;

/** Writes the files of a case into a folder. */
export async function writeCase(
  folder: string,
  chosen: Case,
  which: "old" | "given",
  settings: Settings = {},
): Promise<PlanOptions> {
  const sources: string[] = [];
  for (const [world, { [which]: kinds }] of chosen.worlds.entries())
    for (const [kind, records] of Object.entries(kinds)) {
      const path = join(folder, `${kind}${world}.ndjson`);
      sources.push(path);
      // A file of no bytes would be refused; a blank line is not a record.
      await writeFile(path, `\n${records.map((record: object) => `${JSON.stringify(record)}\n`).join("")}`);
    }
  const mapping = join(folder, "mapping.yaml");
  await writeFile(mapping, mappingOf(chosen, settings));
  const updateOnly = chosen.updateOnly && which === "given";
  return { sources, mapping, mode: chosen.mode, updateOnly, stateDir: folder, keep: 2, rate: "off" };
}
