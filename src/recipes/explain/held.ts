import type { Client } from "../../api/client.js";
import type { Held } from "../../authoring/explanation.js";
import type { Blueprints } from "../../blueprint.js";
import { type Entity, type Mode, targetsOf } from "../../entity.js";
import type { Resource } from "../../map/mapping-file.js";
import { compileComparison } from "../../settle/compare.js";

/** Asks the catalog what it holds of an entity: what a write would change, and which relation targets are not there. */
export async function heldOf(
  { key, body }: Entity,
  {
    client,
    catalog,
    mode,
    resources,
  }: {
    readonly client: Client;
    readonly catalog: Blueprints;
    readonly mode: Mode;
    readonly resources: readonly Resource[];
  },
): Promise<Held | undefined> {
  const blueprint = catalog.get(key.blueprint);
  if (blueprint === undefined) return undefined;
  const missingTargets = [];
  for (const [relation, value] of Object.entries(body.relations)) {
    const target = blueprint.relations?.[relation]?.target;
    const wanted = targetsOf(value);
    if (target === undefined || wanted.length === 0) continue;
    const existing = await client.existing(target, wanted);
    for (const identifier of wanted)
      if (!existing.has(identifier))
        missingTargets.push({ path: `relations.${relation}`, blueprint: target, identifier });
  }
  if (typeof body.identifier !== "string") return { is: "search", mode, changes: [], missingTargets };
  const found = (await client.lookUp(key.blueprint, [body.identifier])).get(body.identifier);
  if (found === undefined) return { is: "absent", mode, changes: [], missingTargets };
  const own = resources.filter((each) => each.blueprint === undefined || each.blueprint === key.blueprint);
  const comparison = compileComparison(blueprint, mode, {
    head: (["title", "icon", "team"] as const).filter((name) => own.some(({ entity }) => entity[name] !== undefined)),
    properties: own.flatMap(({ properties }) => properties),
    relations: own.flatMap(({ relations }) => relations),
  });
  return { is: "held", mode, changes: comparison.changes(body, found), missingTargets };
}
