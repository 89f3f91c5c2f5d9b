import type { ValidateFunction } from "ajv";
import { choose, describeFault, sharedAjv } from "./entity-schema.js";
import { isObject } from "./model.js";

/** What is on the left of an operator: a property's value, of any JSON type. */
export type Operand = unknown;

type Holds = (left: Operand, right: unknown) => boolean;

/** Operators on text, lists and any single value; those on numbers and dates. */
const operators: Readonly<Record<string, Holds>> = {
  "=": equal,
  "!=": not(equal),
  contains: anyOf(contains),
  doesNotContains: not(anyOf(contains)),
  containsAny: anyOf(contains),
  beginsWith: anyOf(onTexts((left, right) => left.startsWith(right))),
  doesNotBeginsWith: not(anyOf(onTexts((left, right) => left.startsWith(right)))),
  endsWith: anyOf(onTexts((left, right) => left.endsWith(right))),
  doesNotEndsWith: not(anyOf(onTexts((left, right) => left.endsWith(right)))),
  matchAny: anyOf((left, right) => listOf(left).some((held) => equal(held, right))),
  ">": ordered((order) => order > 0),
  ">=": ordered((order) => order >= 0),
  "<": ordered((order) => order < 0),
  "<=": ordered((order) => order <= 0),
};

/** Gives the test of an operator with its right side; the clock says what `today` is. */
export function compare(operator: string, right: unknown, clock: () => number): (left: Operand) => boolean {
  if (operator === "in" || operator === "notIn") {
    const known = new Set(listOf(right));
    const within = (left: Operand) => listOf(left).some((one) => known.has(one));
    return operator === "in" ? within : (left) => !within(left);
  }
  const period = typeof right === "object" && right !== null ? periodOf(right, clock()) : undefined;
  if (period !== undefined || operator === "between" || operator === "notBetween") {
    const within = (left: Operand) => {
      const at = momentOf(left);
      return period !== undefined && at !== undefined && at >= period.from && at <= period.to;
    };
    return operator === "notBetween" ? (left) => !within(left) : within;
  }
  const holds = operators[operator];
  return holds === undefined ? () => false : (left) => holds(left, right);
}

function equal(left: Operand, right: unknown): boolean {
  if (left === undefined || left === null) return right === null;
  if (typeof left === "object") return JSON.stringify(left) === JSON.stringify(right);
  return left === right;
}

function contains(left: Operand, right: unknown): boolean {
  if (Array.isArray(left)) return left.some((one) => equal(one, right));
  return typeof left === "string" && typeof right === "string" && left.includes(right);
}

function not(holds: Holds): Holds {
  return (left, right) => !holds(left, right);
}

// Where a list may be on the right, one of it that holds is enough. Port's documentation: `contains` takes a list.
function anyOf(holds: Holds): Holds {
  return (left, right) => listOf(right).some((one) => holds(left, one));
}

function onTexts(holds: (left: string, right: string) => boolean): Holds {
  return (left, right) => typeof left === "string" && typeof right === "string" && holds(left, right);
}

// Numbers compare with numbers and moments with moments; nothing else has an order.
function ordered(accepts: (order: number) => boolean): Holds {
  return (left, right) => {
    if (typeof left === "number") return typeof right === "number" && accepts(left - right);
    const [a, b] = [momentOf(left), momentOf(right)];
    return a !== undefined && b !== undefined && accepts(a - b);
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value ?? null];
}

const dayMs = 86_400_000;

/** Presets as days before (or after) now. `last` presets end now, `next` presets begin now. */
const presetDays: Readonly<Record<string, number>> = {
  lastDay: -1,
  lastWeek: -7,
  last2Weeks: -14,
  lastMonth: -30,
  last3Months: -91,
  last6Months: -182,
  last12Months: -365,
  last2Years: -730,
  last3Years: -1095,
  nextDay: 1,
  nextWeek: 7,
  next2Weeks: 14,
  nextMonth: 30,
  next3Months: 91,
  next6Months: 182,
  next12Months: 365,
};

/** Days named by the calendar, as days from today. Days are those of UTC. */
const calendarDays: Readonly<Record<string, number>> = { today: 0, tomorrow: 1, yesterday: -1 };

/** Names of periods. */
const presets: readonly string[] = [...Object.keys(calendarDays), ...Object.keys(presetDays)];

/** Gives the moment that a date and time names, in milliseconds since 1970; `undefined` for other texts. */
function momentOf(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined;
  // Clocks of programs know no leap second.
  const at = Date.parse(value.replace(":60", ":59"));
  return Number.isNaN(at) ? undefined : at;
}

/** Reads `{from, to}` or `{preset}` as milliseconds since 1970, both ends included; `undefined` if it is neither. */
export function periodOf(value: object, now: number): { readonly from: number; readonly to: number } | undefined {
  if ("from" in value && "to" in value) {
    return { from: momentOf(value.from) ?? Number.NaN, to: momentOf(value.to) ?? Number.NaN };
  }
  if (!("preset" in value) || typeof value.preset !== "string") return undefined;
  const day = calendarDays[value.preset];
  if (day !== undefined) {
    const from = Math.floor(now / dayMs) * dayMs + day * dayMs;
    return { from, to: from + dayMs - 1 };
  }
  const days = presetDays[value.preset];
  if (days === undefined) return undefined;
  return days < 0 ? { from: now + days * dayMs, to: now } : { from: now, to: now + days * dayMs };
}

/** Where a query is used: the search of one blueprint (component `def-7`) knows rules on relations and scorecards that the others (`def-1`) do not. */
export type QueryKind = "blueprint" | "catalog";

/** A rule of a search as it was sent; `ruleFault` says what is wrong with it. */
export type QueryRule = Readonly<Record<string, unknown>>;

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
function formsFor(rule: QueryRule, where: QueryKind): ReadonlyMap<string, object> {
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
