import type { ValidateFunction } from "ajv";
import { isObject } from "./model.js";
import { presets } from "./query-operators.js";
import { choose, describeFault, sharedAjv } from "./schema-check.js";

/** Where a query is used: the search of one blueprint (component `def-7`) knows rules on relations and scorecards that the others (`def-1`) do not. */
export type QueryKind = "blueprint" | "catalog";

type Rule = Readonly<Record<string, unknown>>;

const text = { type: "string" };
const texts = { type: "array", items: text };
const context = {
  type: "object",
  properties: { property: text, context: { enum: ["user", "userTeams"] } },
  required: ["property", "context"],
};
const object = { type: "object" };
const property = choose(object, context, text);

const list = { anyOf: [texts, { items: { type: "number" } }, { items: { type: "boolean" } }] };
const scalar = { type: ["null", "string", "number", "boolean"] };
const plain = choose({ type: "array" }, list, scalar);
const range = {
  type: "object",
  properties: { from: { type: "string", format: "date-time" }, to: { type: "string", format: "date-time" } },
  required: ["from", "to"],
};
const preset = { properties: { preset: { enum: presets } }, not: { required: ["from", "to"] } };
const period = choose({ required: ["context"] }, context, choose({ required: ["preset"] }, preset, range));
const moment = choose({ type: "string" }, { format: "date-time" }, { type: "number" });
const hop = { properties: { relation: text, maxHops: { type: "number", minimum: 1, maximum: 15 } } };
const path = {
  type: "object",
  properties: { path: { type: "array", items: choose(object, hop, text) }, fromBlueprint: text },
  required: ["path"],
  additionalProperties: false,
};
const pathOrProperty = choose({ ...object, required: ["path"] }, path, property);
const kind = { type: "object", properties: { type: text, format: text }, required: ["type"] };
const propertySchema = { ...kind, properties: { ...kind.properties, items: kind }, additionalProperties: false };

const matching =
  "!= contains containsAny doesNotContains beginsWith doesNotBeginsWith endsWith doesNotEndsWith in notIn".split(" ");
const emptiness = ["isEmpty", "isNotEmpty"];

/** Rules on a property, by operator. */
const onProperty = byOperator(
  [["="], form({ property, value: choose(object, period, plain) })],
  [matching, form({ property, value: choose(object, context, plain) })],
  [[">", ">=", "<", "<="], form({ property, value: choose(object, context, moment) })],
  [["between", "notBetween"], form({ property, value: { ...object, ...period } })],
  [[...emptiness, "isExpired", "isNotExpired"], form({ property: text })],
  [["matchAny"], form({ property: pathOrProperty, value: choose({ type: "array" }, texts, property) })],
);
const targetProperty = { enum: ["$title", "$identifier"] };
const onRelation = byOperator(
  [["=", ...matching], form({ relation: text, value: plain }, { targetProperty })],
  [emptiness, form({ relation: text }, { targetProperty })],
);
const scorecardRule = text;
const onScorecard = byOperator(
  [["=", ...matching], form({ scorecard: text, value: plain }, { scorecardRule })],
  [emptiness, form({ scorecard: text }, { scorecardRule })],
);
const onSchema = byOperator([["=", "!=", "contains"], form({ propertySchema }, { value: scalar })]);
const idOrIds = choose({ type: "array" }, texts, text);
const direction = { enum: ["upstream", "downstream"] };
const onConnection = byOperator([
  ["relatedTo"],
  form({ blueprint: text, value: idOrIds }, { direction, required: { type: "boolean" } }),
]);

const compiled = new Map<object, ValidateFunction>();

/** Says what is wrong with the shape of a rule, in the words of a refusal; `at` names it. Components `def-1` and `def-7` of Port's API description. */
export function ruleFault(rule: unknown, at: string, where: QueryKind): string | undefined {
  if (!isObject(rule)) return `"${at}" must be object`;
  const { operator } = rule;
  if (operator === undefined) return `"${at}" must have required property 'operator'`;
  const schema = formsFor(rule, where).get(String(operator));
  if (schema === undefined) return `"${at}/operator" must be equal to one of the allowed values`;
  const check = compiled.get(schema) ?? sharedAjv("port").compile(schema);
  compiled.set(schema, check);
  if (check(rule)) return undefined;
  const faults = check.errors?.map((fault) => ({ ...fault, instancePath: `/${at}${fault.instancePath}` }));
  return describeFault(faults, at);
}

// A rule says by its keys what it is about.
function formsFor(rule: Rule, where: QueryKind): ReadonlyMap<string, object> {
  if (rule.operator === "relatedTo") return onConnection;
  if ("propertySchema" in rule) return onSchema;
  if (where === "blueprint" && "relation" in rule) return onRelation;
  if (where === "blueprint" && "scorecard" in rule) return onScorecard;
  return onProperty;
}

function byOperator(...forms: readonly (readonly [readonly string[], object])[]): ReadonlyMap<string, object> {
  return new Map(forms.flatMap(([operators, schema]) => operators.map((operator) => [operator, schema] as const)));
}

function form(required: object, optional: object = {}): object {
  return {
    properties: { operator: text, ...required, ...optional },
    required: ["operator", ...Object.keys(required)],
    additionalProperties: false,
  };
}
