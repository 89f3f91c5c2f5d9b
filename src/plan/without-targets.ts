import { type EntityBody, type Mode, type RelationValue, targetsOf } from "../entity.js";
import type { Finding } from "../reject.js";
import type { PlanOp } from "./plan-file.js";

/**
 * An op without the relations whose targets are missing, as the entity will be written; undefined when it will not be written at all, or nothing of
 * the op is left. In override such an entity is merged, so that no field is emptied that it does not bring.
 *
 * @param findings - the reject's findings: `relations.x` as path, the missing target as value
 * @param cannotLack - true for a relation without which the entity is not written
 */
export function withoutTargets(
  op: Exclude<PlanOp, { op: "delete" }>,
  findings: readonly Finding[],
  cannotLack: (relation: string) => boolean,
  mode: Mode,
): PlanOp | undefined {
  const missing = findings.map(({ path, value }) => ({ key: path?.replace(/^relations\./, ""), value }));
  if (missing.some(({ key }) => key === undefined || cannotLack(key))) return undefined;
  const relations: Record<string, RelationValue> = {};
  for (const [key, value] of Object.entries(op.entity.relations)) {
    const lost = missing.filter((one) => one.key === key).map((one) => one.value);
    const left = Array.isArray(value) ? value.filter((name) => !lost.includes(name)) : [];
    if (lost.length === 0) relations[key] = value;
    else if (left.length > 0) relations[key] = left;
  }
  const entity: EntityBody = { ...op.entity, relations };
  const [first] = findings;
  const rejected = { message: first?.message ?? "", ...(first?.path !== undefined && { path: first.path }) };
  if (op.op === "create") return { ...op, entity, rejected };
  const changes = op.changes.flatMap((change) => {
    const { path, before } = change;
    const key = path.startsWith("relations.") ? path.slice("relations.".length) : undefined;
    if (mode === "override" && !isBrought(entity, path)) return [];
    if (key === undefined || !missing.some((one) => one.key === key)) return [change];
    const after = relations[key];
    if (after === undefined || sameTargets(before, after)) return [];
    return [{ ...change, after }];
  });
  return changes.length === 0 ? undefined : { ...op, entity, changes, rejected };
}

function isBrought(entity: EntityBody, path: string): boolean {
  const [group, ...rest] = path.split(".");
  const key = rest.join(".");
  if (group === "properties") return Object.hasOwn(entity.properties, key);
  if (group === "relations") return Object.hasOwn(entity.relations, key);
  return entity[path as "title"] !== undefined;
}

function sameTargets(before: unknown, after: RelationValue): boolean {
  const names = (value: RelationValue): string => JSON.stringify([...new Set(targetsOf(value))].sort());
  return names((before ?? null) as RelationValue) === names(after);
}
