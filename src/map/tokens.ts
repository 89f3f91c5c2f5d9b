/** A token of a jq expression. */
export interface Token {
  /** `field` is `.name`, `text` a whole string, `piece` a part of one around an interpolation, `sign` all else. */
  readonly is: "field" | "word" | "variable" | "format" | "text" | "piece" | "number" | "open" | "close" | "sign";
  /** As written; for `field` and `variable` the name alone. An interpolation opens with `\(`. */
  readonly text: string;
}

/** A jq expression cut into tokens, or what keeps it from being cut safely. */
export type Tokens = { readonly tokens: readonly Token[] } | { readonly fault: string };

/**
 * Cuts a jq expression into tokens and leaves comments out.
 *
 * It tells code from strings and comments exactly as jq does, since the scan for refused words stands on it. A comment that ends in a
 * backslash goes on in the next line for jq 1.8 and not for older ones, so it is a fault.
 */
export function tokenize(expression: string): Tokens {
  const tokens: Token[] = [];
  const brackets: string[] = [];
  let inString = false;
  let interpolated = false;
  let at = 0;
  while (at < expression.length) {
    const pattern = inString ? stringPart : codePart;
    pattern.lastIndex = at;
    const match = pattern.exec(expression);
    const groups = match?.groups;
    if (match === null || groups === undefined)
      return { fault: inString ? unclosed : strangeCharacter(expression, at) };
    at = pattern.lastIndex;
    if (inString) {
      inString = false;
      const whole = groups.end === '"' && !interpolated;
      tokens.push({ is: whole ? "text" : "piece", text: groups.part as string });
      if (groups.end === '"') continue;
      brackets.push("\\(");
      tokens.push({ is: "open", text: "\\(" });
    } else if (groups.comment !== undefined) {
      // A carriage return ends a comment for some versions of jq and not for others.
      if (/\\$|\r/u.test(groups.comment))
        return { fault: "a comment may hold no carriage return and not end in a backslash" };
    } else if (groups.quote !== undefined) {
      inString = true;
      interpolated = false;
    } else if (groups.close !== undefined) {
      const opened = brackets.pop();
      if (opened === undefined || closers[opened] !== groups.close) return { fault: `unexpected ${groups.close}` };
      tokens.push({ is: "close", text: groups.close });
      inString = interpolated = opened === "\\(";
    } else {
      if (groups.open !== undefined) brackets.push(groups.open);
      for (const is of kinds) {
        const text = groups[is];
        if (text !== undefined) tokens.push({ is, text });
      }
    }
  }
  if (inString) return { fault: unclosed };
  return brackets.length > 0 ? { fault: "a bracket opens and never closes" } : { tokens };
}

const unclosed = "a string opens and never closes";
const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "\\(": ")" };
const kinds = ["field", "word", "variable", "format", "number", "open", "sign"] as const;
const stringPart = /(?<part>(?:[^"\\]|\\[^(])*)(?<end>"|\\\()/suy;
const name = "[a-zA-Z_][a-zA-Z_0-9]*";
const codePart = new RegExp(
  [
    "\\s+",
    "(?<comment>#[^\\n]*)",
    '(?<quote>")',
    "(?<open>[([{])",
    "(?<close>[)\\]}])",
    `\\.(?<field>${name})`,
    `\\$\\s*(?<variable>(?:${name}::)*${name})`,
    "(?<format>@[a-zA-Z0-9_]+)",
    "(?<number>(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?)",
    `(?<word>(?:${name}::)*${name})`,
    "(?<sign>\\?//=?|\\.\\.|//=|[|+*/%!<>=-]=|//|[-.?|,:;+*/%<>=$])",
  ].join("|"),
  "uy",
);

/** jq's names are ASCII; a key with other letters needs quotes. */
function strangeCharacter(expression: string, at: number): string {
  const [rest] = /^[\p{L}\p{M}\p{N}_]+/u.exec(expression.slice(at)) ?? [];
  const [, begun] = /\.([\p{L}\p{M}\p{N}_]*)$/u.exec(expression.slice(0, at)) ?? [];
  const fix =
    rest === undefined || begun === undefined ? "" : `; write the key in quotes: .${JSON.stringify(begun + rest)}`;
  return `the character ${JSON.stringify(expression[at])} has no meaning in jq${fix}`;
}
