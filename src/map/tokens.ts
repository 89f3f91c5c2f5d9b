/** A token of a jq expression. */
export interface Token {
  /** `field` is `.name`, `text` a whole string, `piece` a part of one around an interpolation, `sign` all else. */
  readonly is: "field" | "word" | "variable" | "format" | "text" | "piece" | "number" | "open" | "close" | "sign";
  /** As written; for `field` and `variable` the name alone. An interpolation opens with `\(`. */
  readonly text: string;
}

/** A jq expression cut into tokens, or what keeps it from being cut safely. */
type TokenStream = { readonly tokens: readonly Token[] } | { readonly fault: string };

/**
 * Cuts a jq expression into tokens and leaves comments out.
 *
 * It tells code from strings and comments exactly as jq does, since the scan for refused words relies on it. A comment that ends in a
 * backslash continues in the next line for jq 1.8 and not for older ones, so it is a fault.
 */
export function tokenize(expression: string): TokenStream {
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
  return brackets.length > 0 ? { fault: "a bracket opens and never closes; close it" } : { tokens };
}

const unclosed = "a string opens and never closes; close its quote";
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

/**
 * Words of jq that reach beyond the record, so that a mapping may not use them: further inputs, the end of the engine, its output, modules, environment.
 */
export const refusedWords: ReadonlySet<string> = new Set([
  "input",
  "inputs",
  "halt",
  "halt_error",
  "debug",
  "stderr",
  "input_line_number",
  "input_filename",
  "import",
  "include",
  "modulemeta",
  "get_search_list",
  "env",
]);

/** What an expression may see besides its record. */
export interface Allowed {
  /** Environment variables that the mapping allows. */
  readonly environment: readonly string[];
}

const nothingElse = "is refused: an expression sees its record and nothing else";

/** What is wrong with an expression before jq sees it: a refused word, or text that cannot be cut into tokens; undefined when nothing is. */
export function refusalOf(expression: string, { environment }: Allowed = { environment: [] }): string | undefined {
  const cut = tokenize(expression);
  if ("fault" in cut) return cut.fault;
  const { tokens } = cut;
  if (tokens.length === 0) return "an expression is missing; for empty text write '\"\"'";
  for (const index of reachesOf(tokens)) {
    const token = tokens[index] as Token;
    const shown = token.is === "variable" ? `$${token.text}` : token.text;
    if (shown !== "env" && shown !== "$ENV") return `\`${shown}\` ${nothingElse}`;
    const name = variableAt(tokens, index);
    if (name === undefined) return `\`${shown}\` as a whole ${nothingElse}; name one variable, as in \`${shown}.NAME\``;
    if (!environment.includes(name))
      return `\`${shown}.${name}\` is refused: a mapping must allow each environment variable that it reads`;
  }
  return undefined;
}

/** The environment variables that an expression names, each once. */
export function variablesIn(expression: string): readonly string[] {
  const cut = tokenize(expression);
  if ("fault" in cut) return [];
  const names = reachesOf(cut.tokens).map((index) => variableAt(cut.tokens, index));
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** The tokens that reach beyond the record, by their index. */
function reachesOf(tokens: readonly Token[]): readonly number[] {
  const brackets: string[] = [];
  const found: number[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.is === "open") brackets.push(token.text);
    if (token.is === "close") brackets.pop();
    if (token.is === "variable" && (token.text === "ENV" || token.text === "__prog_args")) found.push(index);
    if (token.is !== "word" || !refusedWords.has(token.text)) continue;
    if (brackets.at(-1) === "{" && isKey(tokens[index - 1]?.text, tokens[index + 1]?.text)) continue;
    found.push(index);
  }
  return found;
}

/** The variable that `env` or `$ENV` at an index is asked for: `env.NAME`, `env["NAME"]`, `env."NAME"`. */
function variableAt(tokens: readonly Token[], index: number): string | undefined {
  const after = tokens.slice(index + 1, index + 5);
  const step = after[0]?.text === "." ? after.slice(1) : after;
  const [first, second, third] = step;
  if (after[0]?.is === "field") return after[0].text;
  if (after[0]?.text === "." && first?.is === "text") return first.text;
  return first?.text === "[" && second?.is === "text" && third?.text === "]" ? second.text : undefined;
}

/** True for the `input` of `{input: 1}`, `{a, input}`, which is a key. */
function isKey(before: string | undefined, after: string | undefined): boolean {
  return (before === "{" || before === ",") && (after === ":" || after === "," || after === "}");
}

/**
 * Applies Port's rule for single quotes: one that opens a string (at the start or after white space) and one that closes it (before white
 * space or at the end) become double quotes, unless white space or a double quote is inside of them.
 *
 * An expression that is cut into tokens unchanged is real jq already and keeps its quotes; Port turns them there too, which breaks it.
 * Line ends become one.
 *
 * @source Ocean 607beada, `JQEntityProcessor._format_filter`
 */
export function doubleQuotes(text: string): string {
  const expression = text.replaceAll("\r\n", "\n");
  if (!expression.includes("'")) return expression;
  const cut = tokenize(expression);
  if ("tokens" in cut) return expression;
  return expression.replaceAll(/(^|\s)'(?!\s|")|(?<!\s|")'(\s|$)/gu, '$1"$2');
}

/**
 * True for `file://…` and `search://…`: Port's Git integrations put a file's content, or whether a search finds something, in their place.
 *
 * @source Ocean, `FILE_PROPERTY_PREFIX`, `SEARCH_PROPERTY_PREFIX` of the integrations' file and search entity processors
 */
export function isFetched(text: string): boolean {
  return text.startsWith("file://") || text.startsWith("search://");
}
