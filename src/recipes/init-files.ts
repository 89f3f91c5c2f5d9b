import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "../api/client.js";
import type { Blueprint } from "../blueprint.js";
import { BlueprintError, UsageError } from "../errors.js";
import { loadBlueprintFiles } from "./run/blueprints.js";
import { clientOptionsOf } from "./run/connect.js";

/** The blueprint of a file, or of the catalog by its identifier. @throws {BlueprintError} when there is none */
export async function findBlueprint(
  fileOrId: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Blueprint> {
  const isFile = await stat(fileOrId).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) {
    const [only, ...others] = await loadBlueprintFiles([fileOrId]);
    if (only !== undefined && others.length === 0) return only;
    throw new UsageError(
      `--blueprint ${fileOrId}: the file holds ${others.length + (only === undefined ? 0 : 1)} blueprints`,
      { hint: "Give a file with one." },
    );
  }
  if (/[\\/]|\.(?:json|ya?ml)$/.test(fileOrId)) throw new BlueprintError(`there is no file ${fileOrId}`);
  const client = createClient(clientOptionsOf({}, env));
  try {
    const found = await client.getBlueprint(fileOrId);
    if (found === undefined) throw new BlueprintError(`the catalog has no blueprint "${fileOrId}"`);
    return found;
  } finally {
    await client.close();
  }
}

/** @throws {UsageError} when the mapping file exists */
export async function refuseToOverwrite({
  out,
  yes,
}: {
  readonly out?: string | undefined;
  readonly yes: boolean;
}): Promise<void> {
  if (out === undefined || yes) return;
  const stands = await stat(out).then(
    () => true,
    () => false,
  );
  if (stands) throw new UsageError(`${out} exists`, { hint: "Name another file, or say --yes to overwrite it." });
}

/** Writes the mapping and the blueprints where asked; gives the files written. */
export async function writeFiles(
  { out, blueprintsOut }: { readonly out?: string | undefined; readonly blueprintsOut?: string | undefined },
  mapping: string,
  made: readonly Blueprint[],
): Promise<string[]> {
  const written: string[] = [];
  if (out !== undefined) {
    await writeFile(out, mapping);
    written.push(out);
  }
  if (blueprintsOut === undefined) return written;
  await mkdir(blueprintsOut, { recursive: true });
  for (const blueprint of made) {
    const file = join(blueprintsOut, `${blueprint.identifier.replaceAll(/[\\/:]/g, "_")}.json`);
    await writeFile(file, `${JSON.stringify(blueprint, null, 2)}\n`);
    written.push(file);
  }
  return written;
}
