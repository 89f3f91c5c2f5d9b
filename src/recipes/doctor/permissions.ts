import { readFile } from "node:fs/promises";
import { isCountBody } from "../../api/bodies.js";
import type { Client } from "../../api/client.js";
import { MappingError } from "../../errors.js";
import { parseMapping } from "../../map/mapping-file.js";
import { type Check, checksOf } from "./checks.js";

/**
 * Tells what the credentials may do with each blueprint that a mapping writes, by reading only: the blueprint, its count, a search.
 *
 * @throws {MappingError} for a mapping that cannot be read
 */
export async function checkPermissions(client: Client, mapping: string): Promise<readonly Check[]> {
  const text = await readFile(mapping, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new MappingError(mapping, [{ path: "(file)", message: `cannot be read (${error.code})` }]);
  });
  const { resources } = parseMapping(text, mapping);
  const names = [...new Set(resources.flatMap(({ blueprint }) => blueprint ?? []))];
  const checks: Check[] = [];
  for (const name of names) checks.push(await checkBlueprint(client, name));
  if (resources.some(({ blueprint }) => blueprint === undefined))
    checks.push(
      checksOf("blueprint").note("a resource's blueprint is an expression: which ones it writes is not known"),
    );
  return checks;
}

async function checkBlueprint(client: Client, name: string): Promise<Check> {
  const { ok, warning, fault } = checksOf("blueprint");
  const path = `/blueprints/${encodeURIComponent(name)}`;
  const read = await client.ask({ method: "GET", path, route: "blueprints" });
  if (read.status === 404) return fault(`${name} does not exist`, "Create it: portload blueprint apply.");
  if (read.status >= 300) return fault(`${name} may not be read (status ${read.status})`, "Ask for the permission.");
  const count = await client.ask({ method: "GET", path: `${path}/entities-count`, route: "read" });
  const body = JSON.stringify({ query: { combinator: "and", rules: [] }, include: ["$identifier"], limit: 1 });
  const search = await client.ask({
    method: "POST",
    path: `${path}/entities/search`,
    route: "search",
    body,
  });
  if (search.status >= 300)
    return warning(
      `${name} can be read, its entities may not be searched (status ${search.status})`,
      "Relations that point forward, sync and read-back need the search.",
    );
  const entities = isCountBody(count.body) ? count.body.count : undefined;
  const known =
    entities === undefined ? "" : `, ${entities.toLocaleString("en")} ${entities === 1 ? "entity" : "entities"}`;
  return ok(`${name} and its entities can be read${known}; whether they can be written: --probe ${name}`);
}
