import { type Token, tokenize } from "../map/tokens.js";

/** A type of JSON, as far as an expression alone shows it. */
export type Yield = "string" | "number" | "boolean" | "array" | "object";

/**
 * The type of every output of an expression that is neither null nor a failure; undefined where it depends on the record.
 *
 * It follows jq's own precedence at the top level and gives up at whatever it does not know, so that a verdict is never wrong.
 */
export function yieldOf(expression: string): Yield | undefined {
  const cut = tokenize(expression);
  return "fault" in cut ? undefined : typeOf(cut.tokens);
}

/**
 * The array whose elements an expression gives one by one, where that is certain: `.people` of `.people[]`. Undefined else, as for `.history // []`.
 *
 * What it gives for any record is `[<expression>]`, where that is an array at all.
 */
export function spreadOf(expression: string): string | undefined {
  const cut = tokenize(expression);
  if ("fault" in cut) return undefined;
  const { tokens } = cut;
  if (splitAt(tokens, (t) => t.is === "word" && (binders.has(t.text) || t.text === "reduce")).length > 1)
    return undefined;
  const last = splitAt(tokens, sign("|")).at(-1) ?? [];
  const bare = last.at(-1)?.text === "?" ? last.slice(0, -1) : last;
  const [before, open, close] = bare.slice(-3);
  if (close?.text !== "]" || open?.text !== "[" || before === undefined) return undefined;
  // Behind an operator or a comma the brackets are an empty list.
  const isStep = (t: Token): boolean => t.is !== "sign" || [".", "?", ".."].includes(t.text);
  const isTerm = splitAt(bare, (t) => !isStep(t) || (t.is === "word" && operators.has(t.text))).length === 1;
  const endsTerm = before.is !== "word" || functions.has(before.text) || bare.length === 3;
  if (!isTerm || !endsTerm || operators.has(before.text)) return undefined;
  const whole = /^([\s\S]*?)\.?\[\s*\]\s*\??\s*$/.exec(expression)?.[1]?.trimEnd();
  return whole === undefined
    ? undefined
    : whole === "" || /\|$/.test(whole)
      ? `${whole}${whole === "" ? "" : " "}.`
      : whole;
}

const operators: ReadonlySet<string> = new Set(["and", "or", "not"]);

/** Words that bind names or change what `.` and commas mean further on. */
const binders: ReadonlySet<string> = new Set(["as", "def", "reduce", "foreach", "label", "try", "catch", "if"]);
const assignments: ReadonlySet<string> = new Set(["=", "|=", "+=", "-=", "*=", "/=", "%=", "//=", "?//", "?//="]);
const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
/** What lets a value through as it is, or drops it. */
const passing: ReadonlySet<string> = new Set(["values", "select", "scalars", "iterables"]);

/** Functions whose outputs are all of one type. @source jq 1.8 manual, "Builtin operators and functions" */
const functions: ReadonlyMap<string, Yield> = new Map([
  ...words(
    "string",
    "tostring tojson ascii_downcase ascii_upcase ltrim rtrim trim join sub gsub strftime todate todateiso8601 type strings implode",
  ),
  ...words(
    "number",
    "tonumber length utf8bytelength floor ceil round sqrt now mktime fromdate fromdateiso8601 numbers",
  ),
  ...words("boolean", "not test startswith endswith has any all contains inside isnan isnormal isvalid booleans IN"),
  ...words(
    "array",
    "split keys keys_unsorted map to_entries sort sort_by unique unique_by group_by explode flatten arrays strptime gmtime combinations transpose",
  ),
  ...words("object", "from_entries with_entries objects capture match"),
]);

function words(type: Yield, names: string): [string, Yield][] {
  return names.split(" ").map((name) => [name, type]);
}

function typeOf(tokens: readonly Token[]): Yield | undefined {
  if (tokens.length === 0 || splitAt(tokens, (t) => t.is === "word" && binders.has(t.text)).length > 1)
    return undefined;
  const pipes = splitAt(tokens, sign("|"));
  for (let at = pipes.length - 1; at >= 0; at--) {
    const segment = pipes[at] as readonly Token[];
    if (at > 0 && isPassing(segment)) continue;
    return segmentType(segment);
  }
  return undefined;
}

function isPassing(segment: readonly Token[]): boolean {
  const [first, second] = segment;
  if (first?.is === "sign" && first.text === "." && segment.length === 1) return true;
  if (first?.is !== "word" || !passing.has(first.text)) return false;
  return segment.length === 1 || (second?.text === "(" && closeOf(segment, 1) === segment.length - 1);
}

/** Operators from the loosest to the tightest. */
function segmentType(tokens: readonly Token[]): Yield | undefined {
  if (splitAt(tokens, (t) => t.is === "sign" && (assignments.has(t.text) || t.text === ",")).length > 1)
    return undefined;
  const alternatives = splitAt(tokens, sign("//"));
  if (alternatives.length > 1) return sameType(alternatives);
  if (splitAt(tokens, (t) => t.is === "word" && (t.text === "and" || t.text === "or")).length > 1) return "boolean";
  if (splitAt(tokens, (t) => t.is === "sign" && comparisons.has(t.text)).length > 1) return "boolean";
  const sums = splitAt(tokens, sign("+"));
  // A text or a list can only be added to its like or to null; so can a number.
  if (sums.length > 1) return sums.map(segmentType).find((type) => type !== undefined);
  if (splitAt(tokens, (t) => t.is === "sign" && ["-", "*", "%"].includes(t.text)).length > 1) return undefined;
  const quotients = splitAt(tokens, sign("/"));
  return quotients.length > 1 ? quotientType(quotients.map(termType)) : termType(tokens);
}

/** Text divided by text is a list, a number by a number a number. */
function quotientType(types: readonly (Yield | undefined)[]): Yield | undefined {
  if (types.includes("string")) return "array";
  return types.includes("number") ? "number" : undefined;
}

function sameType(parts: readonly (readonly Token[])[]): Yield | undefined {
  const types = new Set(parts.map(segmentType));
  return types.size === 1 ? [...types][0] : undefined;
}

function termType(tokens: readonly Token[]): Yield | undefined {
  const [first, second] = tokens;
  if (first === undefined) return undefined;
  const alone = tokens.length === 1;
  if (first.is === "text" || first.is === "piece")
    return endOfText(tokens) === tokens.length - 1 ? "string" : undefined;
  if (first.is === "format") return alone || second?.is === "text" || second?.is === "piece" ? "string" : undefined;
  if (first.is === "number") return alone ? "number" : undefined;
  if (first.is === "open" && closeOf(tokens, 0) === tokens.length - 1) {
    if (first.text === "[") return "array";
    return first.text === "{" ? "object" : typeOf(tokens.slice(1, -1));
  }
  if (first.is !== "word") return undefined;
  if (alone && (first.text === "true" || first.text === "false")) return "boolean";
  const called = alone || (second?.text === "(" && closeOf(tokens, 1) === tokens.length - 1);
  return called ? functions.get(first.text) : undefined;
}

/** The token that ends a text which may hold interpolations. */
function endOfText(tokens: readonly Token[]): number {
  let at = 0;
  while (tokens[at]?.is === "piece" && tokens[at + 1]?.text === "\\(") at = closeOf(tokens, at + 1) + 1;
  return at;
}

/** Where the bracket at a token closes; -1 when it is not a bracket. */
function closeOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { is } = tokens[at] as Token;
    if (is === "open") depth++;
    if (is === "close" && --depth === 0) return at;
  }
  return -1;
}

/** Parts the tokens outside all brackets. */
function splitAt(tokens: readonly Token[], isCut: (token: Token) => boolean): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.is === "open") depth++;
    if (token.is === "close") depth--;
    if (depth === 0 && token.is !== "close" && isCut(token)) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function sign(text: string): (token: Token) => boolean {
  return (token) => token.is === "sign" && token.text === text;
}
