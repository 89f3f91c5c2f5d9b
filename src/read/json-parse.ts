/** Deepest nesting of a record: arrays and objects within each other, the record itself counted. jq and JSON.stringify handle it easily. */
export const maxNesting = 1000;

/** Says that a record is nested too deep. */
export const tooDeep = {
  code: "nested_too_deep",
  message: `the record is nested deeper than ${maxNesting} levels`,
} as const;

/** A JSON text's value, or why it has none. */
export type ParsedJson =
  | { readonly value: unknown; readonly longIntegers: number; readonly firstKey: string }
  | { readonly fault: JsonFault };

// Only a text with one of these can hold a number that a double does not; a false alarm only costs time.
const maybeLongNumber = /\d{16}|\d[eE]\+?\d{3}/;

/** Parses one JSON text. An integer beyond 2^53, and a number that a double cannot hold at all, stays the text it was. */
export function parseJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { fault: firstJsonFault(text) ?? { at: 0, message } };
  }
  if (!maybeLongNumber.test(text)) return { value, longIntegers: 0, firstKey: "" };
  const { kept, longIntegers, firstKey } = quoteLongNumbers(text);
  return { value: longIntegers === 0 ? value : JSON.parse(kept), longIntegers, firstKey };
}

const numberText = /-?\d[\d.eE+-]*/y;

/** Puts numbers that a double does not hold in quotes. @param text - valid JSON */
function quoteLongNumbers(text: string): { kept: string; longIntegers: number; firstKey: string } {
  const parts: string[] = [];
  let taken = 0;
  let longIntegers = 0;
  let firstKey = "";
  let lastText: [from: number, to: number] = [0, 0];
  let key = lastText;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      const end = closingQuote(text, at) + 1;
      lastText = [at, end];
      at = end;
    } else if (code === 0x3a) {
      key = lastText;
      at++;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      numberText.lastIndex = at;
      const digits = numberText.exec(text)?.[0] ?? text[at] ?? "";
      if (isLong(digits)) {
        parts.push(text.slice(taken, at), `"${digits}"`);
        taken = at + digits.length;
        if (longIntegers++ === 0) firstKey = key[1] === 0 ? "" : String(JSON.parse(text.slice(...key)));
      }
      at += digits.length;
    } else at++;
  }
  return { kept: parts.join("") + text.slice(taken), longIntegers, firstKey };
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  for (;;) {
    let slashes = at;
    while (text.charCodeAt(slashes - 1) === 0x5c) slashes--;
    if ((at - slashes) % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
}

function isLong(digits: string): boolean {
  const number = Number(digits);
  if (!Number.isFinite(number)) return true;
  return digits.length >= 16 && /^-?\d+$/.test(digits) && !Number.isSafeInteger(number);
}

/** True for what a record of JSON may be. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Begins a text in place of a record which could not be written as JSON, and says why. */
export const unwritable = "\u0000";

/** Says what is found in place of a record. */
export function notAnObject(value: unknown): string {
  if (typeof value === "string" && value.startsWith(unwritable)) return value.slice(unwritable.length);
  const kind = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  return `a record must be a JSON object, and this is ${kind}`;
}

/** Where a JSON text is broken, and how. */
interface JsonFault {
  /** Index of the character. */
  readonly at: number;
  readonly message: string;
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;
/** Numbers of other languages that JSON lacks. */
const notFinite = /[+-]?(?:NaN|nan|Infinity|inf)\b/y;
const escapes = /\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/y;

/** Finds the first fault of a text that is not JSON; undefined where there is none. Slow: only for texts that JSON.parse refuses. */
function firstJsonFault(text: string): JsonFault | undefined {
  const open: ("{" | "[")[] = [];
  let at = skip(space, text, 0);
  let wants: "value" | "first value" | "key" | "first key" | "colon" | "next" = "value";
  for (;;) {
    const sign = text[at];
    const inside = open.at(-1);
    if (wants === "next") {
      if (inside === undefined) return at === text.length ? undefined : { at, message: "expected nothing more" };
      const close = inside === "{" ? "}" : "]";
      if (sign === close) open.pop();
      else if (sign === ",") wants = inside === "{" ? "key" : "value";
      else return { at, message: sign === undefined ? "it ends too early" : `expected ',' or '${close}'` };
      at++;
    } else if (wants === "colon") {
      if (sign !== ":") return { at, message: "expected ':'" };
      wants = "value";
      at++;
    } else if (sign === "}" && wants === "first key") {
      open.pop();
      wants = "next";
      at++;
    } else if (sign === "]" && wants === "first value") {
      open.pop();
      wants = "next";
      at++;
    } else if (wants === "key" || wants === "first key") {
      if (sign !== '"') return { at, message: "expected a key in double quotes" };
      const end = stringEnd(text, at);
      if (typeof end === "object") return end;
      at = end;
      wants = "colon";
    } else if (sign === "{" || sign === "[") {
      open.push(sign);
      wants = sign === "{" ? "first key" : "first value";
      at++;
    } else {
      const end = scalarEnd(text, at);
      if (typeof end === "object") return end;
      at = end;
      wants = "next";
    }
    at = skip(space, text, at);
  }
}

/** How the fault of a value ends that others write for a number, such as NaN. */
export const notANumber = "is not a JSON number";

function scalarEnd(text: string, at: number): number | JsonFault {
  if (text[at] === '"') return stringEnd(text, at);
  const end = Math.max(skip(number, text, at), skip(word, text, at));
  if (end > at) return end;
  const other = skip(notFinite, text, at);
  return { at, message: other > at ? `${text.slice(at, other)} ${notANumber}` : "expected a value" };
}

function stringEnd(text: string, from: number): number | JsonFault {
  for (let at = from + 1; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20)
      return { at, message: "a line end or another control character is in a text; it is written \\n or \\u…" };
    const next = code === 0x5c ? skip(escapes, text, at) : at + 1;
    if (next === at) return { at, message: "a backslash is before no character that it can escape" };
    at = next;
  }
  return { at: text.length, message: "a text is not closed" };
}

/** Where a match that begins at an index ends; that index where there is none. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
