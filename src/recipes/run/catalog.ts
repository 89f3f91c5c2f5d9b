import type { Client } from "../../api/client.js";
import type { Blueprint } from "../../blueprint.js";
import { checkTargets } from "../../check/targets.js";
import { MappingError } from "../../errors.js";
import { loadBlueprintFolder } from "./blueprint-folder.js";
import type { Inventory } from "./inventory.js";

/** Blueprints by identifier. */
export type Catalog = ReadonlyMap<string, Blueprint>;

/**
 * Gets the blueprints that an inventory's resources write, from a folder or from the API, and checks that they have every property and relation mapped.
 *
 * @throws {MappingError} with every unknown blueprint, property and relation
 * @throws {BlueprintError} when the folder or a file of it cannot be used
 */
export async function openCatalog(
  inventory: Inventory,
  from: { readonly folder: string } | { readonly client: Client },
): Promise<Catalog> {
  const blueprints = "folder" in from ? await loadBlueprintFolder(from.folder) : await askFor(inventory, from.client);
  const catalog = new Map(blueprints.map((blueprint) => [blueprint.identifier, blueprint]));
  const targets = inventory.resources.flatMap(({ index, blueprint, properties, relations }) =>
    blueprint === undefined
      ? []
      : [{ path: `resources.${index}.port.entity.mappings`, blueprint, properties, relations }],
  );
  const issues = checkTargets(targets, catalog);
  if (issues.length > 0) throw new MappingError(inventory.mapping.file, issues);
  return catalog;
}

/** All of them where a resource's blueprint is an expression, else those named. An unknown one is told with the names there are. */
async function askFor({ resources }: Inventory, client: Client): Promise<readonly Blueprint[]> {
  const names = [...new Set(resources.map(({ blueprint }) => blueprint))];
  const known = names.filter((name) => name !== undefined);
  if (known.length < names.length || known.length > 20) return client.listBlueprints();
  const found = await Promise.all(known.map((name) => client.getBlueprint(name)));
  return found.every((blueprint) => blueprint !== undefined) ? found : client.listBlueprints();
}
