import { stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { Client } from "../api/client.js";
import type { Blueprint, Blueprints } from "../blueprint.js";
import type { FoundEntity } from "../entity.js";
import { BlueprintError, GuardError } from "../errors.js";
import { didYouMean } from "../nearest.js";
import { quoted } from "../reject.js";
import { valueAt } from "../settle/trace.js";
import { blueprintFiles, loadBlueprintFiles } from "./run/blueprints.js";

/** Reads the blueprints of files and folders. @throws {BlueprintError} with the faults of all of them at once, among them one identifier given twice */
export async function loadBlueprints(paths: readonly string[]): Promise<readonly Blueprint[]> {
  const files = await Promise.all(paths.map(async (path) => ((await isFolder(path)) ? blueprintFiles(path) : [path])));
  const blueprints = await loadBlueprintFiles(files.flat());
  if (blueprints.length > 0) return blueprints;
  throw new BlueprintError(`${paths.join(", ")} has no blueprint`, {
    hint: "Put one .json, .yaml or .yml file for each blueprint into the folder.",
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Refuses blueprints that the API would refuse, as far as that is known before the first of them is sent.
 *
 * @param held - the catalog's
 * @throws {BlueprintError} with every fault of all of them
 */
export function refuseFaults(blueprints: readonly Blueprint[], held: Blueprints): void {
  const names = new Set([...held.keys(), ...blueprints.map(({ identifier }) => identifier)]);
  const faults = blueprints.flatMap((blueprint) => [
    ...Object.entries(blueprint.relations ?? {}).flatMap(([key, { target }]) =>
      names.has(target)
        ? []
        : [
            `${blueprint.identifier}.relations.${key} targets "${target}", which is neither in the files nor in the catalog${didYouMean(target, names)}`,
          ],
    ),
    ...refusedChanges(held.get(blueprint.identifier), blueprint),
  ]);
  if (faults.length > 0)
    throw new BlueprintError(faults.join("\n"), { hint: "Nothing was sent. Correct the files, then run again." });
}

/** What a blueprint would lose. */
interface BlueprintLoss {
  readonly blueprint: string;
  readonly change: BlueprintChange;
  /** Entities that hold a value there; absent where none can. */
  readonly entities?: number;
}

/** What blueprints of files would take away from the catalog's, with the entities that hold a value there. */
export async function findLosses(
  blueprints: readonly Blueprint[],
  held: Blueprints,
  client: Pick<Client, "pages">,
): Promise<readonly BlueprintLoss[]> {
  const losses: BlueprintLoss[] = [];
  for (const after of blueprints) {
    const before = held.get(after.identifier);
    if (before === undefined) continue;
    const lost = lossesOf(blueprintChanges(before, after));
    const counts = await countHolders(after.identifier, lost.filter(holdsValues), client);
    for (const change of lost) {
      const entities = counts.get(change.path);
      losses.push({ blueprint: after.identifier, change, ...(entities !== undefined && { entities }) });
    }
  }
  return losses;
}

/** Counts by looking at every entity's value: one scan for all of a blueprint's paths. */
async function countHolders(
  blueprint: string,
  lost: readonly BlueprintChange[],
  { pages }: Pick<Client, "pages">,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map(lost.map(({ path }) => [path, 0]));
  if (counts.size === 0) return counts;
  const include = ["$identifier", ...[...counts.keys()].map((path) => path.slice(path.indexOf(".") + 1))];
  const query = { combinator: "and", rules: [] };
  for await (const page of pages(blueprint, { query, include: [...new Set(include)] }))
    for (const entity of page)
      for (const [path, count] of counts) if (isHeld(entity, path)) counts.set(path, count + 1);
  return counts;
}

function isHeld(entity: FoundEntity, path: string): boolean {
  const value = valueAt(entity, path);
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

/** Refuses to take anything away. @param paths - the files as given @throws {GuardError} naming all of it */
export function refuseLosses(losses: readonly BlueprintLoss[], paths: readonly string[]): void {
  if (losses.length === 0) return;
  const names = [...new Set(losses.map(({ blueprint }) => blueprint))];
  const lines = losses.map(({ blueprint, change, entities }) => {
    const holders =
      entities === undefined ? "" : `, which ${entities === 1 ? "1 entity holds" : `${entities} entities hold`}`;
    return `  ${blueprint}: ${change.path}${holders}`;
  });
  throw new GuardError(`nothing is applied: the files lack what the catalog has\n${lines.join("\n")}`, {
    hint: `To take it away with its values: portload blueprint apply ${paths.map(quoted).join(" ")} --allow-removal\n  To keep it, add it to the files; what is there: portload blueprint get ${names.map(quoted).join(" ")}`,
  });
}

/** What is different between a blueprint of the catalog and one of a file. */
export interface BlueprintChange {
  readonly is: "added" | "changed" | "removed";
  /** `properties.x`, `relations.x`, `mirrorProperties.x`, …, or a key of the blueprint itself, such as `title`. */
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

/** The changes that would lose a definition or values of entities. */
function lossesOf(changes: readonly BlueprintChange[]): readonly BlueprintChange[] {
  return changes.filter(({ is, path }) => is === "removed" && (path.includes(".") || path === "ownership"));
}

/** Whether entities hold values under a path. */
function holdsValues({ path }: BlueprintChange): boolean {
  return path.startsWith("properties.") || path.startsWith("relations.");
}

/** Why the API would refuse changes: it never changes the type of a property. */
function refusedChanges(before: Blueprint | undefined, after: Blueprint): readonly string[] {
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

/** The keys of a blueprint that are not a group of members; `schema` beside its properties. */
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

/** As compared: the API fills in empty members, so that null, {}, [] and a relation's false are the same as absent. */
function plain(value: unknown): unknown {
  if (value === null) return undefined;
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  const words = Object.entries(value).filter(
    ([word, inner]) => plain(inner) !== undefined && !((word === "required" || word === "many") && inner === false),
  );
  // A member of a group without a key of its own exists all the same.
  return words.length === 0 && Object.keys(value).length === 0 ? undefined : Object.fromEntries(words);
}

function ownOf(values: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
