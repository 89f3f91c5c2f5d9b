import type { Ajv, ValidateFunction } from "ajv";
import type { Blueprint } from "../blueprint.js";
import type { AggregationRule } from "./aggregation.js";
import type { Catalog } from "./catalog.js";
import { withLabeledUrls } from "./labeled-url.js";
import { type MirrorRule, mirrorRule } from "./mirror.js";

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
  readonly mirrors: ReadonlyMap<string, MirrorRule>;
  /** jq expressions. */
  readonly calculations: ReadonlyMap<string, string>;
  readonly aggregations: ReadonlyMap<string, AggregationRule>;
  readonly defaults: readonly (readonly [key: string, value: unknown])[];
  readonly relations: ReadonlyMap<string, RelationRule>;
  readonly requiredRelations: readonly string[];
  readonly ownership: "Direct" | "Inherited" | undefined;
  /** Relations that lead to the entities whose teams are inherited. */
  readonly ownershipPath: readonly string[] | undefined;
}

/**
 * Compiles a blueprint's rules.
 * @throws {Error} when a property is no valid JSON Schema, e.g. an unknown keyword value or a pattern that does not compile
 */
export function compileRules({ ajv, readings }: Pick<Catalog, "ajv" | "readings">, blueprint: Blueprint): Rules {
  const { properties, required } = blueprint.schema;
  const check = compileCheck(ajv, {
    type: "object",
    properties: readings.formats === "off" ? properties : withLabeledUrls(properties),
    required: required ?? [],
    additionalProperties: false,
  });
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
    mirrors: mapOf(blueprint.mirrorProperties, ({ path }: { path: string }) => mirrorRule(path)),
    calculations: mapOf(blueprint.calculationProperties, ({ calculation }: { calculation: string }) => calculation),
    aggregations: mapOf(blueprint.aggregationProperties, (rule: AggregationRule) => rule),
    defaults: Object.entries(properties).flatMap(([key, p]) => (p.default === undefined ? [] : [[key, p.default]])),
    relations,
    requiredRelations: [...relations].filter(([, rule]) => rule.required).map(([key]) => key),
    ownership: blueprint.ownership?.type ?? (blueprint.teamInheritance ? "Inherited" : undefined),
    ownershipPath: ownershipPathOf(blueprint),
  };
}

// The route's schema has seen to the shape of each member.
function mapOf<In, Out>(
  members: Readonly<Record<string, unknown>> | undefined,
  read: (member: In) => Out,
): ReadonlyMap<string, Out> {
  return new Map(Object.entries(members ?? {}).map(([key, member]) => [key, read(member as In)] as const));
}

function ownershipPathOf({ ownership, teamInheritance }: Blueprint): readonly string[] | undefined {
  if (ownership?.type === "Direct") return undefined;
  const path: unknown = ownership?.path ?? (teamInheritance as { readonly path?: unknown } | undefined)?.path;
  return typeof path === "string" ? path.split(".") : undefined;
}

// Compiling takes milliseconds, and the same blueprints are loaded again and again by patches and by tests.
const maxKept = 500;
const kept = new WeakMap<Ajv, Map<string, ValidateFunction>>();

function compileCheck(ajv: Ajv, schema: object): ValidateFunction {
  const checks = kept.get(ajv) ?? new Map<string, ValidateFunction>();
  kept.set(ajv, checks);
  const text = JSON.stringify(schema);
  const known = checks.get(text);
  if (known !== undefined) return known;
  const check = ajv.compile(schema);
  // Ajv itself would keep every schema for ever; versions of blueprints come and go.
  ajv.removeSchema(schema);
  if (checks.size >= maxKept) checks.clear();
  checks.set(text, check);
  return check;
}
