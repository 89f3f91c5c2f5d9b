import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Blueprint } from "../../blueprint.js";
import { parseBlueprints } from "../../check/blueprint-file.js";
import { BlueprintError } from "../../errors.js";

/**
 * Reads the blueprints of a folder's own `*.json`, `*.yaml` and `*.yml` files, in the order of their names. Hidden files and folders within are left alone.
 *
 * @throws {BlueprintError} when the folder is missing or has no blueprint, when a file has faults (those of every file at once), or when two
 * blueprints have one identifier
 */
export async function loadBlueprintFolder(dir: string): Promise<Blueprint[]> {
  const blueprints = await loadBlueprintFiles(await blueprintFiles(dir));
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
export async function loadBlueprintFiles(files: readonly string[]): Promise<Blueprint[]> {
  const blueprints: Blueprint[] = [];
  const fileOf = new Map<string, string>();
  const faults: string[] = [];
  for (const file of files) {
    const read = await parseFile(file, faults);
    for (const blueprint of read) {
      const other = fileOf.get(blueprint.identifier);
      if (other !== undefined) faults.push(`the blueprint "${blueprint.identifier}" stands in ${other} and in ${file}`);
      fileOf.set(blueprint.identifier, file);
      blueprints.push(blueprint);
    }
  }
  if (faults.length > 0) throw new BlueprintError(faults.join("\n"), { hint: "mend the files, then run again" });
  return blueprints;
}

async function blueprintFiles(dir: string): Promise<string[]> {
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

async function parseFile(file: string, faults: string[]): Promise<readonly Blueprint[]> {
  try {
    return parseBlueprints(await readFile(file, "utf8"), file);
  } catch (error) {
    faults.push(error instanceof BlueprintError ? error.message : `${file} cannot be read: ${reasonOf(error)}`);
    return [];
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
