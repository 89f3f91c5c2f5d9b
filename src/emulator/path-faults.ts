import type { Catalog, StoredBlueprint } from "./catalog.js";
import { mirrorRule } from "./mirror.js";
import { invalidRequest, Refusal } from "./refusal.js";

/**
 * Says which mirror property or inherited ownership of a blueprint follows relations that do not exist. Where a blueprint on the way is not there yet, as while several
 * are loaded together, nothing is said.
 *
 * @source words of a live reply about a mirror path, and codes matched by Port's CLI: fact sheet 5.2
 */
export function pathFault(catalog: Catalog, blueprint: StoredBlueprint): Refusal | undefined {
  for (const [key, mirror] of Object.entries(blueprint.mirrorProperties ?? {})) {
    const { path } = mirror as { readonly path: string };
    const { relations, last } = mirrorRule(path);
    const end = endOf(catalog, blueprint, relations);
    if (end === "unknown") continue;
    if (end === undefined || !hasMember(end, last))
      return invalidRequest(`The path "${path}" do not exists (mirror property "${key}")`);
  }
  const { ownership } = blueprint;
  if (ownership?.type !== "Inherited") return undefined;
  const path = String(ownership.path);
  const end = endOf(catalog, blueprint, path.split("."));
  if (end === "unknown" || end?.ownership?.type === "Direct" || end?.identifier === "_team") return undefined;
  return new Refusal(
    422,
    "invalid_inherited_ownership_path",
    `The ownership path "${path}" does not lead to a blueprint with direct ownership`,
  );
}

function endOf(
  catalog: Catalog,
  from: StoredBlueprint,
  relations: readonly string[],
): StoredBlueprint | "unknown" | undefined {
  let at = from;
  for (const relation of relations) {
    const rules = at.relations ?? {};
    const target = Object.hasOwn(rules, relation) ? rules[relation]?.target : undefined;
    if (target === undefined) return undefined;
    const next = target === from.identifier ? from : catalog.shelves.get(target)?.blueprint;
    if (next === undefined) return "unknown";
    at = next;
  }
  return at;
}

const metas = "$identifier $title $team $icon $blueprint $createdAt $updatedAt $createdBy $updatedBy".split(" ");

/** True for the name of a property of whatever kind, or of a `$` meta-property. */
export function hasMember(blueprint: StoredBlueprint, name: string): boolean {
  const { schema, mirrorProperties, calculationProperties, aggregationProperties } = blueprint;
  const groups = [schema.properties, mirrorProperties, calculationProperties, aggregationProperties];
  return metas.includes(name) || groups.some((group) => group !== undefined && Object.hasOwn(group, name));
}
