/** Where a JSON text is broken, and how. */
export interface JsonFault {
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

/** Finds the first fault of a text that is no JSON; undefined where there is none. Slow: only for texts that JSON.parse refuses. */
export function firstJsonFault(text: string): JsonFault | undefined {
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

function scalarEnd(text: string, at: number): number | JsonFault {
  if (text[at] === '"') return stringEnd(text, at);
  const end = Math.max(skip(number, text, at), skip(word, text, at));
  if (end > at) return end;
  const other = skip(notFinite, text, at);
  return { at, message: other > at ? `${text.slice(at, other)} is no number of JSON` : "expected a value" };
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
