import { stat } from "node:fs/promises";
import type { Client } from "../../api/client.js";
import type { Blueprint, Blueprints } from "../../blueprint.js";
import type { FoundEntity } from "../../entity.js";
import { BlueprintError, GuardError } from "../../errors.js";
import { didYouMean } from "../../nearest.js";
import { valueAt } from "../../settle/trace.js";
import { blueprintFiles, loadBlueprintFiles } from "../run/blueprints.js";
import { type BlueprintChange, blueprintChanges, holdsValues, lossesOf, refusedChanges } from "./differences.js";

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
 * Refuses blueprints that the API would refuse, as far as that can be told before the first of them is sent.
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
export interface BlueprintLoss {
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

/** Refuses to take anything away. @throws {GuardError} naming all of it */
export function refuseLosses(losses: readonly BlueprintLoss[]): void {
  if (losses.length === 0) return;
  const lines = losses.map(({ blueprint, change, entities }) => {
    const holders =
      entities === undefined ? "" : `, which ${entities === 1 ? "1 entity holds" : `${entities} entities hold`}`;
    return `  ${blueprint}: ${change.path}${holders}`;
  });
  throw new GuardError(`nothing is applied: the files lack what the catalog has\n${lines.join("\n")}`, {
    hint: "Give --allow-removal to take it away with its values, or add it to the files: portload blueprint get shows it.",
  });
}
