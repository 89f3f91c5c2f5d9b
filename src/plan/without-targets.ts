import type { EntityBody, RelationValue } from "../entity.js";
import type { Finding } from "../reject.js";

/**
 * An entity's body without the relation targets that are missing, as it is written.
 *
 * @param missing - `relations.x` as path, the missing target as value
 */
export function withoutTargets(body: EntityBody, missing: readonly Pick<Finding, "path" | "value">[]): EntityBody {
  const relations: Record<string, RelationValue> = {};
  for (const [key, value] of Object.entries(body.relations)) {
    const lost = missing.filter(({ path }) => path === `relations.${key}`).map((one) => one.value);
    const left = Array.isArray(value) ? value.filter((name) => !lost.includes(name)) : [];
    if (lost.length === 0) relations[key] = value;
    else if (left.length > 0) relations[key] = left;
  }
  return { ...body, relations };
}
