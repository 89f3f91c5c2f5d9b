import { isDeepStrictEqual } from "node:util";
import type { Blueprint } from "../../blueprint.js";

/** What is different between a blueprint of the catalog and one of a file. */
export interface BlueprintChange {
  readonly is: "added" | "changed" | "removed";
  /** `properties.x`, `relations.x`, `mirrorProperties.x`, …, or a word of the blueprint itself, such as `title`. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Groups of members by their place in a blueprint. The first two hold values of entities. */
const groups = [
  "properties",
  "relations",
  "mirrorProperties",
  "calculationProperties",
  "aggregationProperties",
] as const;
/** What the API keeps of its own. */
const stamps: ReadonlySet<string> = new Set(["createdAt", "createdBy", "updatedAt", "updatedBy", "id"]);

/** Compares a blueprint of a file with the catalog's, member by member. Pure. @param before - undefined where the catalog has none */
export function blueprintChanges(before: Blueprint | undefined, after: Blueprint): readonly BlueprintChange[] {
  const [old, now] = [wordsOf(before), wordsOf(after)];
  const changes = groups.flatMap((group) => memberChanges(group, membersOf(before, group), membersOf(after, group)));
  const words = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return [...changes, ...words.flatMap((word) => changeOf(word, old[word], now[word]))];
}

/** The changes by which a definition, or values of entities, would be lost. */
export function lossesOf(changes: readonly BlueprintChange[]): readonly BlueprintChange[] {
  return changes.filter(({ is, path }) => is === "removed" && (path.includes(".") || path === "ownership"));
}

/** Whether entities hold values under a path. */
export function holdsValues({ path }: BlueprintChange): boolean {
  return path.startsWith("properties.") || path.startsWith("relations.");
}

/** Why the API would refuse changes: it never changes what a property holds. */
export function refusedChanges(before: Blueprint | undefined, after: Blueprint): readonly string[] {
  const old = before?.schema.properties ?? {};
  return Object.entries(after.schema.properties).flatMap(([key, { type }]) => {
    const was = Object.hasOwn(old, key) ? old[key]?.type : undefined;
    if (was === undefined || was === type) return [];
    return [
      `${after.identifier}.properties.${key} is of type ${type} here and ${was} in the catalog; Port does not change a property's type: give it another key, or take it out with --allow-removal first`,
    ];
  });
}

/** The blueprint as a file has it: without what the API keeps of its own. */
export function withoutStamps(blueprint: Blueprint): Blueprint {
  return Object.fromEntries(Object.entries(blueprint).filter(([word]) => !stamps.has(word))) as unknown as Blueprint;
}

function membersOf(
  blueprint: Blueprint | undefined,
  group: (typeof groups)[number],
): Readonly<Record<string, unknown>> {
  return (group === "properties" ? blueprint?.schema.properties : blueprint?.[group]) ?? {};
}

/** The words of a blueprint that are no group of members; `schema` beside its properties. */
function wordsOf(blueprint: Blueprint | undefined): Readonly<Record<string, unknown>> {
  if (blueprint === undefined) return {};
  const { schema, ...rest } = withoutStamps(blueprint);
  const { properties: _, ...words } = schema;
  const own = Object.entries(rest).filter(([word]) => !groups.some((group) => group === word));
  return {
    ...Object.fromEntries(own),
    ...Object.fromEntries(Object.entries(words).map(([k, v]) => [`schema.${k}`, v])),
  };
}

function memberChanges(
  group: string,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly BlueprintChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => changeOf(`${group}.${key}`, ownOf(before, key), ownOf(after, key)));
}

function changeOf(path: string, before: unknown, after: unknown): readonly BlueprintChange[] {
  if (isDeepStrictEqual(plain(before), plain(after))) return [];
  if (plain(before) === undefined) return [{ is: "added", path, after }];
  if (plain(after) === undefined) return [{ is: "removed", path, before }];
  return [{ is: "changed", path, before, after }];
}

/** As compared: the API fills in what is empty, so that null, {}, [] and a relation's false are the same as absent. */
function plain(value: unknown): unknown {
  if (value === null) return undefined;
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  const words = Object.entries(value).filter(
    ([word, inner]) => plain(inner) !== undefined && !((word === "required" || word === "many") && inner === false),
  );
  // A member of a group without a word of its own is there all the same.
  return words.length === 0 && Object.keys(value).length === 0 ? undefined : Object.fromEntries(words);
}

function ownOf(values: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
