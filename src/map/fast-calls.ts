import { follow, PathFault, type PathStep } from "./plain.js";

/** An expression, or a part of one, that JavaScript evaluates exactly as jq does; each has at most one output. */
export type Fast =
  | { readonly is: "literal"; readonly value: string | number | boolean | null }
  /** Steps from the input, or from what `of` gives; without steps the input itself. */
  | { readonly is: "path"; readonly of?: Fast; readonly steps: readonly PathStep[] }
  | { readonly is: "pipe" | "alternative" | "add" | "and" | "or"; readonly left: Fast; readonly right: Fast }
  | { readonly is: "compare"; readonly by: string; readonly left: Fast; readonly right: Fast }
  | { readonly is: "text"; readonly parts: readonly (string | Fast)[] }
  | { readonly is: "if"; readonly test: Fast; readonly then: Fast; readonly else?: Fast }
  /** An array; the matches of `scan` take the place of an item. */
  | { readonly is: "list"; readonly items: readonly { readonly of: Fast; readonly scan?: RegExp }[] }
  | { readonly is: "call"; readonly call: FastCall }
  | { readonly is: "select" | "map"; readonly inner: Fast }
  | { readonly is: "scan"; readonly regex: RegExp };

/** An item of an array, its `scan` taken apart where it is last; undefined where one is elsewhere. */
export function spread(item: Fast): { of: Fast; scan?: RegExp } | undefined {
  const found = lastScan(item) ?? { of: item };
  return hasScan(found.of) ? undefined : found;
}

function lastScan(item: Fast): { of: Fast; scan: RegExp } | undefined {
  if (item.is === "scan") return { of: { is: "path", steps: [] }, scan: item.regex };
  if (item.is !== "pipe") return undefined;
  const { left } = item;
  const last = lastScan(item.right);
  return last === undefined ? undefined : { of: { is: "pipe", left, right: last.of }, scan: last.scan };
}

/** True where a `scan`, which has many outputs, is anywhere but last in an array. */
export function hasScan(fast: Fast): boolean {
  if ("left" in fast) return hasScan(fast.left) || hasScan(fast.right);
  if ("inner" in fast) return hasScan(fast.inner);
  if (fast.is === "path") return fast.of !== undefined && hasScan(fast.of);
  if (fast.is === "text") return fast.parts.some((part) => typeof part !== "string" && hasScan(part));
  if (fast.is === "if") return [fast.test, fast.then, ...(fast.else === undefined ? [] : [fast.else])].some(hasScan);
  return fast.is === "scan";
}

/** Follows the steps of a path; a step that fails and has a `?` gives no output. */
export function fastPath(steps: readonly PathStep[]): Evaluate {
  const single = steps.map((step) => [{ ...step, optional: false }] as const);
  const optional = steps.map((step) => step.optional);
  return (input) => {
    let value: unknown = input ?? null;
    for (let index = 0; index < single.length; index++) {
      value = follow(value, single[index] as readonly PathStep[]);
      if (value instanceof PathFault) return optional[index] === true ? none : new Failure(value.message);
    }
    return typeof value === "string" && halfPair.test(value) ? ask : value;
  };
}

/** jq cannot read half a surrogate pair. */
const halfPair = /\p{Surrogate}/u;

/** Whether a comparison holds, by its sign, of what {@link orderOf} gives. */
export const holdings: Readonly<Record<string, (order: number) => boolean>> = {
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** Below zero, zero or above, as jq sorts values; undefined where jq must be asked. The order of unlike strings is only computed where it matters. */
export function orderOf(first: unknown, second: unknown, equality: boolean): number | undefined {
  const rank = rankOf(first);
  const apart = rank - rankOf(second);
  if (apart !== 0) return apart;
  if (typeof first === "string") {
    if (first === second) return 0;
    if (equality) return 1;
    // Above these, UTF-16 sorts otherwise than Unicode does.
    return beyond.test(first) || beyond.test(second as string) ? undefined : first < (second as string) ? -1 : 1;
  }
  if (typeof first === "number")
    return isPlain(first) && isPlain(second as number) ? first - (second as number) : undefined;
  return rank < ranks.array ? 0 : undefined;
}

const beyond = /[\uD800-\uFFFF]/u;
const ranks = { null: 0, false: 1, true: 2, number: 3, string: 4, array: 5, object: 6 } as const;

function rankOf(of: unknown): number {
  if (of === null) return ranks.null;
  if (typeof of === "boolean") return of ? ranks.true : ranks.false;
  if (typeof of === "number") return ranks.number;
  if (typeof of === "string") return ranks.string;
  return Array.isArray(of) ? ranks.array : ranks.object;
}

/** What the evaluation of an expression gives in place of a value; never seen outside of it. */
export class Signal {}

/** No output, as of `empty`. */
export const none = new Signal();

/** Where jq and JavaScript might differ, or the expression fails and only jq knows the message: jq is asked for this record. */
export const ask = new Signal();

/** The expression fails, with jq's message. */
export class Failure extends Signal {
  readonly message: string;
  constructor(message: string) {
    super();
    this.message = message;
  }
}

/** Evaluates on one input: a value or a {@link Signal}. */
export type Evaluate = (input: unknown) => unknown;

/**
 * The regular expression of JavaScript that finds what jq's finds; undefined where the two might differ.
 *
 * Taken are sequences of ASCII characters that mean themselves, classes of such characters and ranges, not negated, each with an
 * optional `+`. Such a pattern never matches nothing, has no groups and no anchors, and both engines take the longest run from the left.
 *
 * @source Oniguruma, syntax Perl_NT, as jq 1.8.2 calls it
 */
export function regexOf(pattern: string): RegExp | undefined {
  if (!simple.test(pattern)) return undefined;
  try {
    return new RegExp(pattern, "gu");
  } catch {
    // A range that runs backwards.
    return undefined;
  }
}

const plain = "[A-Za-z0-9 _:;,@#%=!\"'<>~`\\/&\\-]";
const inClass = "(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9 _:;,@#%=!.\\/])";
const simple = new RegExp(`^(?:(?:${plain}|\\[${inClass}+\\]|\\\\[.|+*?()\\[\\]{}$^])\\+?)+$`, "u");

/** A function of jq whose arguments are literals, applied to one input. */
type FastCall = Evaluate;

/**
 * The functions of jq that are evaluated here, by name and number of arguments; one gives undefined where only jq can judge its literals.
 *
 * @source jq 1.8.2, builtin.jq and builtin.c
 */
export const fastCalls: ReadonlyMap<string, (...texts: string[]) => FastCall | undefined> = new Map<
  string,
  (...texts: string[]) => FastCall | undefined
>([
  ["not/0", () => (input) => !isTrue(input)],
  ["tostring/0", () => textOf],
  ["length/0", () => lengthOf],
  ["ascii_downcase/0", () => (input) => (typeof input === "string" ? downcase(input) : notText)],
  ["ascii_upcase/0", () => (input) => (typeof input === "string" ? upcase(input) : notText)],
  ["split/1", splitter],
  ["join/1", joiner],
  ["gsub/2", replacer],
]);

/** True for all but null and false. */
export function isTrue(value: unknown): boolean {
  return value !== null && value !== false;
}

/** The text of a value, as in interpolation: strings as they are, all else as JSON. */
export function textOf(value: unknown): unknown {
  if (typeof value === "string") return value;
  if (typeof value === "number") return isPlain(value) ? String(value) : ask;
  if (value === null || typeof value === "boolean") return String(value);
  return ask;
}

/** True for a number that both engines write, compare and read alike beyond doubt. */
export function isPlain(value: number): boolean {
  const size = Math.abs(value);
  return Number.isSafeInteger(value) || (size >= 1e-3 && size < 1e15);
}

function lengthOf(input: unknown): unknown {
  if (input === null) return 0;
  if (typeof input === "string") {
    let count = 0;
    for (const _character of input) count++;
    return count;
  }
  if (Array.isArray(input)) return input.length;
  return typeof input === "object" ? Object.keys(input).length : ask;
}

const notText = new Failure("explode input must be a string");
const ascii = /^[\0-\x7f]*$/u;

function downcase(text: string): string {
  return ascii.test(text) ? text.toLowerCase() : text.replaceAll(/[A-Z]+/gu, (letters) => letters.toLowerCase());
}

function upcase(text: string): string {
  return ascii.test(text) ? text.toUpperCase() : text.replaceAll(/[a-z]+/gu, (letters) => letters.toUpperCase());
}

const notSplit = new Failure("split input and separator must be strings");

function splitter(separator = ""): FastCall {
  return (input) => {
    if (typeof input !== "string") return notSplit;
    if (separator === "") return [...input];
    return input === "" ? [] : input.split(separator);
  };
}

function joiner(separator = ""): FastCall {
  return (input) => {
    if (!Array.isArray(input)) return ask;
    let joined = "";
    for (let index = 0; index < input.length; index++) {
      const item: unknown = input[index];
      const text = item === null ? "" : textOf(item);
      if (typeof text !== "string") return ask;
      joined += index === 0 ? text : separator + text;
      if (joined.length > longestText) return ask;
    }
    return joined;
  };
}

function replacer(pattern = "", text = ""): FastCall | undefined {
  const regex = regexOf(pattern);
  if (regex === undefined) return undefined;
  return (input) =>
    typeof input === "string" && input.length * (1 + text.length) <= longestText
      ? input.replaceAll(regex, () => text)
      : ask;
}

/** Most characters that a call may make. */
const longestText = 1 << 22;
