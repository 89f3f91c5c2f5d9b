import type { Ajv, ValidateFunction } from "ajv";
import type { Blueprint } from "../blueprint.js";

/** What a relation asks of its values. */
export interface RelationRule {
  readonly target: string;
  readonly required: boolean;
  readonly many: boolean;
}

/** A blueprint compiled once per version: everything that a write asks of it. */
export interface Rules {
  /** Checks properties without nulls; unknown keys are its business only under the reading `reject`. */
  readonly check: ValidateFunction;
  readonly properties: ReadonlySet<string>;
  /** Mirror, calculation and aggregation properties: never written. */
  readonly readOnly: ReadonlySet<string>;
  readonly defaults: readonly (readonly [key: string, value: unknown])[];
  readonly relations: ReadonlyMap<string, RelationRule>;
  readonly requiredRelations: readonly string[];
  readonly ownership: "Direct" | "Inherited" | undefined;
}

/**
 * Compiles a blueprint's rules.
 * @throws {Error} when a property is no valid JSON Schema, e.g. an unknown keyword value or a pattern that does not compile
 */
export function compileRules(ajv: Ajv, blueprint: Blueprint): Rules {
  const { properties, required } = blueprint.schema;
  const schema = { type: "object", properties, required: required ?? [], additionalProperties: false };
  const check = ajv.compile(schema);
  // Ajv keeps every schema it compiled; versions of blueprints come and go.
  ajv.removeSchema(schema);
  const relations = new Map(
    Object.entries(blueprint.relations ?? {}).map(
      ([key, r]) => [key, { target: r.target, required: r.required === true, many: r.many === true }] as const,
    ),
  );
  return {
    check,
    properties: new Set(Object.keys(properties)),
    readOnly: new Set([
      ...Object.keys(blueprint.mirrorProperties ?? {}),
      ...Object.keys(blueprint.calculationProperties ?? {}),
      ...Object.keys(blueprint.aggregationProperties ?? {}),
    ]),
    defaults: Object.entries(properties).flatMap(([key, p]) => (p.default === undefined ? [] : [[key, p.default]])),
    relations,
    requiredRelations: [...relations].filter(([, rule]) => rule.required).map(([key]) => key),
    ownership: blueprint.ownership?.type ?? (blueprint.teamInheritance ? "Inherited" : undefined),
  };
}
