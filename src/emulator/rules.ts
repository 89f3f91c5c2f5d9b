import type { Ajv, ValidateFunction } from "ajv";
import type { Blueprint, Property } from "../blueprint.js";
import { type AggregationRule, type Catalog, isObject, type MirrorRule, type Rules } from "./model.js";

/**
 * Compiles a blueprint's rules.
 * @throws {Error} when a property is no valid JSON Schema, e.g. an unknown keyword value or a pattern that does not compile
 */
export function compileRules({ ajv, readings }: Pick<Catalog, "ajv" | "readings">, blueprint: Blueprint): Rules {
  const { properties, required } = blueprint.schema;
  const check = compileCheck(ajv, {
    type: "object",
    properties: asCheckedAll(properties, readings.formats !== "off"),
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

/**
 * Gives properties as values are checked against them: Ajv runs formats on texts and numbers only, so what a labeled URL holds has to be asked for in so many words.
 * Port's documentation: an object with `url`, and `displayText` if it has any.
 */
function asCheckedAll(properties: Properties, labeledUrls: boolean): Properties {
  const all = Object.entries(properties).map(([key, property]) => [key, asChecked(property, labeledUrls)] as const);
  return Object.fromEntries(all) as Properties;
}

function asChecked(property: Partial<Property>, labeledUrls: boolean): Partial<Property> {
  if (isObject(property.items)) return { ...property, items: asChecked(property.items, labeledUrls) };
  // Under the reading that takes any type: one that JSON Schema lacks says nothing of the value.
  const { type, ...rest } = property;
  if (type !== undefined && !jsonTypes.has(type)) return rest;
  return labeledUrls && property.format === "labeled-url" ? { ...property, allOf: [property, labeledUrl] } : property;
}

type Properties = Readonly<Record<string, Property>>;

const jsonTypes: ReadonlySet<string> = new Set(["string", "number", "integer", "boolean", "object", "array"]);

const labeledUrl = {
  type: "object",
  properties: { url: { type: "string" }, displayText: { type: ["string", "null"] } },
  required: ["url"],
};

/** Reads the path of a mirror property; at least one dot, as the route's schema makes sure of. */
export function mirrorRule(path: string): MirrorRule {
  const parts = path.split(".");
  return { relations: parts.slice(0, -1), last: parts.at(-1) ?? "" };
}
