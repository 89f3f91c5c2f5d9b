import type { Blueprint } from "../blueprint.js";

/** Blueprints whose entities only Port writes. @source Port's own CLI, which leaves them out of an import; API reply `protected_resource` */
export const writtenByPort: ReadonlySet<string> = new Set(["_rule_result"]);

/** Gives the properties that Port fills itself, each with what does it. Nothing may write to them. @source API reference, "Create a blueprint" */
export function calculatedBy(blueprint: Blueprint): ReadonlyMap<string, string> {
  const kinds = [
    [blueprint.calculationProperties, "a calculation"],
    [blueprint.mirrorProperties, "a mirror"],
    [blueprint.aggregationProperties, "an aggregation"],
  ] as const;
  return new Map(kinds.flatMap(([keys, kind]) => Object.keys(keys ?? {}).map((key) => [key, kind] as const)));
}
