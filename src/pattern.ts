import { createRequire } from "node:module";
import { createContext, Script } from "node:vm";

/** A regular expression that answers in bounded time, whatever the expression and the text. */
export interface Pattern {
  /** Undefined where no answer came in time, which takes look-around or a back-reference and a text that makes it backtrack. */
  readonly test: (text: string) => boolean | undefined;
}

/** Longest time that one text may take, in milliseconds. */
const timeoutMs = 250;
/** After so many texts without an answer, those as long as the shortest of them are no longer tried. */
const maxTimeouts = 3;
/** Steps of backtracking that are left to the native engine, which makes some hundred millions a second. */
const maxSteps = 5_000_000;

/**
 * Compiles an expression as JavaScript reads it. The native engine tests where it can backtrack only a little, RE2 (linear, without look-around and back-references)
 * elsewhere, and what RE2 lacks is tested natively under a time limit.
 *
 * @param flags - `u`, or nothing for an expression that is legal only without
 * @throws {SyntaxError} when it is not an expression
 */
export function compilePattern(source: string, flags = "u"): Pattern {
  const native = new RegExp(source, flags);
  const { degree, factor, re2 } = readExpression(source, flags);
  let slow: Pattern["test"] | undefined;
  return {
    test: (text) => {
      if (text.length ** degree * factor <= maxSteps) return native.test(text);
      slow ??= linearTest(re2) ?? limitedTest(native);
      return slow(text);
    },
  };
}

/** Ajv's `code.regExp`: `pattern` and `patternProperties` in bounded time. A text without an answer does not match. */
export const boundedRegExp = regExpWith(false);

/** The same where the API decides: a text without an answer matches. */
export const lenientRegExp = regExpWith(true);

function regExpWith(unanswered: boolean) {
  return Object.assign(
    (source: string, flags: string) => {
      const pattern = compilePattern(source, flags);
      // Ajv takes two of the same text for one.
      return { test: (text: string) => pattern.test(text) ?? unanswered, toString: () => `/${source}/${flags}` };
    },
    { code: "boundedRegExp" },
  );
}

function linearTest(source: string | undefined): Pattern["test"] | undefined {
  if (source === undefined) return undefined;
  try {
    // Loaded only here: few expressions need it, and it takes longer to load than all else at the start.
    const { RE2JS } = createRequire(import.meta.url)("re2js") as typeof import("re2js");
    const compiled = RE2JS.compile(source);
    return (text) => compiled.test(text);
  } catch {
    // More repetitions than it allows, or a property of characters that it does not know.
    return undefined;
  }
}

function limitedTest(native: RegExp): Pattern["test"] {
  const context = createContext({ native, text: "" });
  const script = new Script("native.test(text)");
  let timeouts = 0;
  let shortest = Number.POSITIVE_INFINITY;
  return (text) => {
    if (timeouts >= maxTimeouts && text.length >= shortest) return undefined;
    context.text = text;
    try {
      return script.runInContext(context, { timeout: timeoutMs }) === true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      timeouts += 1;
      shortest = Math.min(shortest, text.length);
      return undefined;
    }
  };
}

/** How far an expression may backtrack on a text of `n` characters: at most about `factor` × `n` to the power of `degree` steps. */
interface Ways {
  readonly degree: number;
  readonly factor: number;
}

const one: Ways = { degree: 0, factor: 1 };
const endless: Ways = { degree: Number.POSITIVE_INFINITY, factor: 1 };

/** Reads an expression that is known to be legal; `re2` is the same for RE2, if that can say it. */
function readExpression(source: string, flags: string): Ways & { readonly re2: string | undefined } {
  let at = 0;
  let re2 = "";
  let sayable = flags === "u";
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const alternatives = (): Ways => {
    let ways = sequence();
    while (take(/\|/y) !== undefined) {
      re2 += "|";
      const next = sequence();
      ways = { degree: Math.max(ways.degree, next.degree), factor: ways.factor + next.factor };
    }
    return ways;
  };
  const sequence = (): Ways => {
    let ways = one;
    while (at < source.length && source[at] !== "|" && source[at] !== ")") {
      const part = repeated(atom());
      ways = { degree: ways.degree + part.degree, factor: ways.factor * part.factor };
    }
    return ways;
  };
  const atom = (): Ways => {
    const group = take(/\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/y);
    if (group !== undefined) {
      // Look-around is beyond RE2.
      if (/^\(\?<?[=!]/.test(group)) sayable = false;
      re2 += group === "(" ? "(" : "(?:";
      const ways = alternatives();
      at += 1;
      re2 += ")";
      return ways;
    }
    const list = take(/\[\^?(?:\\[\s\S]|[^\]\\])*\]/y);
    if (list !== undefined) {
      const head = list.startsWith("[^") ? 2 : 1;
      // An empty one, which JavaScript alone has.
      if (list.length === head + 1) sayable = false;
      re2 += list.slice(0, head) + list.slice(head).replaceAll(escapeOrBracket, (token) => said(token, true));
      return one;
    }
    const token = take(/\\(?:u\{[^}]*\}|u[\dA-Fa-f]{4}|x..|c.|[pP]\{[^}]*\}|k<[^>]*>|[1-9]\d*|[\s\S])|[\s\S]/y) ?? "";
    re2 += said(token, false);
    return /^\\[1-9k]/.test(token) ? { degree: 1, factor: 1 } : one;
  };
  const said = (token: string, within: boolean): string => {
    const written = writeForRe2(token, within);
    if (written === undefined) sayable = false;
    return written ?? "";
  };
  const repeated = (ways: Ways): Ways => {
    const repetition = take(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/y);
    if (repetition === undefined) return ways;
    re2 += repetition;
    const [least, most] = boundsOf(repetition);
    const single = ways.degree === 0 && ways.factor === 1;
    if (most === Number.POSITIVE_INFINITY) return single ? { degree: 1, factor: 1 } : endless;
    const counts = most - least + 1;
    return single
      ? { degree: 0, factor: counts }
      : { degree: ways.degree * most, factor: ways.factor ** most * counts };
  };
  const ways = alternatives();
  const starts = source.startsWith("^") && !source.includes("|") ? 0 : 1;
  return { degree: ways.degree + starts, factor: ways.factor, re2: sayable ? re2 : undefined };
}

const escapeOrBracket = /\\(?:u\{[^}]*\}|u[\dA-Fa-f]{4}|x..|c.|[pP]\{[^}]*\}|[\s\S])|\[/g;

function boundsOf(repetition: string): readonly [least: number, most: number] {
  const numbers = /^\{(\d+)(,?)(\d*)\}/.exec(repetition);
  if (numbers === null) return repetition.startsWith("?") ? [0, 1] : [0, Number.POSITIVE_INFINITY];
  const [least, comma, most] = [Number(numbers[1]), numbers[2], numbers[3]];
  return [least, comma === "" ? least : most === "" ? Number.POSITIVE_INFINITY : Number(most)];
}

/** What `\s` means in JavaScript, and what `.` leaves out; RE2 has fewer of both. */
const spaces =
  "\\t\\n\\v\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
const lineEnds = "\\n\\r\\x{2028}\\x{2029}";

/** Writes one character, escape or class for RE2, within brackets or not; undefined for what it cannot say. */
function writeForRe2(token: string, within: boolean): string | undefined {
  if (token === ".") return `[^${lineEnds}]`;
  if (token === "\\s") return within ? spaces : `[${spaces}]`;
  if (token === "\\S") return within ? undefined : `[^${spaces}]`;
  if (token === "[") return "\\[";
  if (within && token === "\\b") return "\\x08";
  const code = /^\\u\{?([\dA-Fa-f]+)\}?$/.exec(token)?.[1];
  // Half a surrogate pair is not a character to RE2.
  if (code !== undefined) return /^d[89a-f]/i.test(code) ? undefined : `\\x{${code}}`;
  if (/^\\[pP]/.test(token) || !token.startsWith("\\")) return token;
  return /^\\(?:[dDwWbBnrtfv]|x..|[^\dA-Za-z])$/.test(token) ? token : undefined;
}
