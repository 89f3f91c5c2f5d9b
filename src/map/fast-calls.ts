/** What the evaluation of an expression gives in place of a value; never seen outside of it. */
export class Signal {}

/** No output, as of `empty`. */
export const none = new Signal();

/** Where jq and JavaScript might differ, or the expression fails in words that are jq's to find: jq is asked for this record. */
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
export type FastCall = Evaluate;

/**
 * The functions of jq that are evaluated here, by name and number of arguments; one gives undefined where its literals are jq's to judge.
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
