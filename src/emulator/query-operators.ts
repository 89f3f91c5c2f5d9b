import { periodOf } from "./query-periods.js";

/** What stands on the left of an operator: a property's value, of any JSON type. */
export type Operand = unknown;

type Holds = (left: Operand, right: unknown) => boolean;

/** Operators on text, lists and any single value. @source fact sheet 4.5 */
export const listOperators: Readonly<Record<string, Holds>> = {
  "=": equal,
  "!=": (left, right) => !equal(left, right),
  contains,
  doesNotContains: (left, right) => !contains(left, right),
  containsAny: (left, right) => listOf(right).some((one) => contains(left, one)),
  beginsWith: (left, right) => typeof left === "string" && typeof right === "string" && left.startsWith(right),
  doesNotBeginsWith: (left, right) => !(typeof left === "string" && left.startsWith(String(right))),
  endsWith: (left, right) => typeof left === "string" && typeof right === "string" && left.endsWith(right),
  doesNotEndsWith: (left, right) => !(typeof left === "string" && left.endsWith(String(right))),
  matchAny: (left, right) => listOf(right).some((one) => listOf(left).some((held) => equal(held, one))),
};

/** Operators on numbers and dates. */
export const numberOperators: Readonly<Record<string, Holds>> = {
  ">": ordered((order) => order > 0),
  ">=": ordered((order) => order >= 0),
  "<": ordered((order) => order < 0),
  "<=": ordered((order) => order <= 0),
};

/** Operators whose value is a period or a list, prepared once per request. */
export const dateOperators: readonly string[] = ["between", "notBetween", "in", "notIn"];

/** Gives the test of an operator with its right side; the clock says what `today` is. */
export function compare(operator: string, right: unknown, clock: () => number): (left: Operand) => boolean {
  if (operator === "in" || operator === "notIn") {
    const known = new Set(listOf(right));
    const within = (left: Operand) => listOf(left).some((one) => known.has(one));
    return operator === "in" ? within : (left) => !within(left);
  }
  const period = typeof right === "object" && right !== null ? periodOf(right, clock()) : undefined;
  if (period !== undefined) {
    const within = (left: Operand) => {
      const at = typeof left === "string" ? Date.parse(left) : Number.NaN;
      return at >= period.from && at <= period.to;
    };
    return operator === "notBetween" ? (left) => !within(left) : within;
  }
  const holds = listOperators[operator] ?? numberOperators[operator];
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

function ordered(accepts: (order: number) => boolean): Holds {
  return (left, right) => {
    const [a, b] = [sortable(left), sortable(right)];
    return a !== undefined && b !== undefined && accepts(a - b);
  };
}

function sortable(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value ?? null];
}
