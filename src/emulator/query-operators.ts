import { momentOf, periodOf } from "./query-periods.js";

/** What stands on the left of an operator: a property's value, of any JSON type. */
export type Operand = unknown;

type Holds = (left: Operand, right: unknown) => boolean;

/** Operators on text, lists and any single value; those on numbers and dates. @source fact sheet 4.5 */
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

// Where a list may stand on the right, one of it that holds is enough. @source fact sheet 3.3: `contains` takes a list
function anyOf(holds: Holds): Holds {
  return (left, right) => listOf(right).some((one) => holds(left, one));
}

function onTexts(holds: (left: string, right: string) => boolean): Holds {
  return (left, right) => typeof left === "string" && typeof right === "string" && holds(left, right);
}

// Numbers stand to numbers and moments to moments; nothing else has an order.
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
