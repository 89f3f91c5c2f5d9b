import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "../../api/client.js";
import type { Blueprint, Blueprints } from "../../blueprint.js";
import { type PropertyTypes, parseBlueprints } from "../../check/blueprint-file.js";
import { checkTargets } from "../../check/targets.js";
import { BlueprintError, MappingError } from "../../errors.js";
import type { Inventory } from "./inventory.js";

/**
 * Gets the blueprints that an inventory's resources write, from a folder or from the API, and checks that they have every property and relation mapped.
 *
 * @throws {MappingError} with every unknown blueprint, property and relation
 * @throws {BlueprintError} when the folder or a file of it cannot be used
 */
export async function openBlueprints(
  inventory: Inventory,
  from: { readonly folder: string } | { readonly client: Client },
): Promise<Blueprints> {
  const found = "folder" in from ? await loadBlueprintFolder(from.folder, "any") : await askFor(inventory, from.client);
  const blueprints = new Map(found.map((blueprint) => [blueprint.identifier, blueprint]));
  const targets = inventory.resources.flatMap(({ index, blueprint, properties, relations, prune }) => {
    if (blueprint === undefined) return [];
    const owns = typeof prune === "object" ? { owns: prune.where.property } : {};
    const { lines } = inventory.mapping;
    return [{ path: `resources.${index}.port.entity.mappings`, lines, blueprint, properties, relations, ...owns }];
  });
  const create =
    "folder" in from ? `add it to the folder ${from.folder}` : "create it: portload blueprint apply blueprints";
  const { unknownProperties } = inventory.mapping;
  const issues = checkTargets(targets, blueprints, unknownProperties, `${create}; ${proposes}`);
  // A blueprint that is not there is one issue, whatever is mapped of it.
  const isMissing = targets.filter(({ blueprint }) => !blueprints.has(blueprint)).length === issues.length;
  const holder = "folder" in from ? `the folder ${from.folder}` : "the catalog";
  if (issues.length > 0)
    throw new MappingError(
      inventory.mapping.file,
      issues,
      isMissing ? `${holder} lacks blueprints that the mapping names` : undefined,
    );
  return blueprints;
}

const proposes = "portload init <source> --blueprints-out blueprints writes its file";

/** All of them where a resource's blueprint is an expression, else those named. An unknown one is reported with the names there are. */
async function askFor({ resources }: Inventory, client: Client): Promise<readonly Blueprint[]> {
  const names = [...new Set(resources.map(({ blueprint }) => blueprint))];
  const known = names.filter((name) => name !== undefined);
  if (known.length < names.length || known.length > 20) return client.listBlueprints();
  const found = await Promise.all(known.map((name) => client.getBlueprint(name)));
  return found.every((blueprint) => blueprint !== undefined) ? found : client.listBlueprints();
}

/**
 * Reads the blueprints of a folder's own `*.json`, `*.yaml` and `*.yml` files, in the order of their names. Hidden files and folders within are left alone.
 *
 * @param types - `any` for files that only say what a catalog holds; `listed` (default) for those that are to be made there
 * @throws {BlueprintError} when the folder is missing or has no blueprint, when a file has faults (those of every file at once), or when two
 * blueprints have one identifier
 */
export async function loadBlueprintFolder(dir: string, types: PropertyTypes = "listed"): Promise<Blueprint[]> {
  const blueprints = await loadBlueprintFiles(await blueprintFiles(dir), types);
  if (blueprints.length > 0) return blueprints;
  throw new BlueprintError(`${dir} has no blueprint`, {
    hint: "put one .json, .yaml or .yml file for each blueprint into the folder",
  });
}

/**
 * Reads blueprints from files, each of which may hold several.
 *
 * @throws {BlueprintError} with the faults of every file at once, or when two blueprints have one identifier
 */
export async function loadBlueprintFiles(
  files: readonly string[],
  types: PropertyTypes = "listed",
): Promise<Blueprint[]> {
  const blueprints: Blueprint[] = [];
  const fileOf = new Map<string, string>();
  const faults: string[] = [];
  for (const file of files) {
    const read = await parseFile(file, types, faults);
    for (const blueprint of read) {
      const other = fileOf.get(blueprint.identifier);
      const places = other === file ? `twice in ${file}` : `in ${other} and in ${file}`;
      if (other !== undefined) faults.push(`the blueprint "${blueprint.identifier}" is ${places}`);
      fileOf.set(blueprint.identifier, file);
      blueprints.push(blueprint);
    }
  }
  if (faults.length > 0) throw new BlueprintError(faults.join("\n"), { hint: "Correct the files, then run again." });
  return blueprints;
}

/** Files of a folder that may hold blueprints, in the order of their names. @throws {BlueprintError} when it cannot be read */
export async function blueprintFiles(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && /^[^.].*\.(json|ya?ml)$/i.test(entry.name))
      .map((entry) => join(dir, entry.name))
      .sort();
  } catch (error) {
    throw new BlueprintError(`the folder of blueprints ${dir} cannot be read: ${reasonOf(error)}`, {
      cause: error,
      hint: "give --blueprints a folder with blueprint files",
    });
  }
}

async function parseFile(file: string, types: PropertyTypes, faults: string[]): Promise<readonly Blueprint[]> {
  try {
    return parseBlueprints(await readFile(file, "utf8"), file, types);
  } catch (error) {
    faults.push(error instanceof BlueprintError ? error.message : `${file} cannot be read: ${reasonOf(error)}`);
    return [];
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
