import { tokenize } from "./tokens.js";

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

/** What is wrong with an expression before jq sees it: a refused word, or text that cannot be cut into tokens; undefined when nothing is. */
export function refusalOf(expression: string): string | undefined {
  const cut = tokenize(expression);
  if ("fault" in cut) return cut.fault;
  const { tokens } = cut;
  if (tokens.length === 0) return "an expression is missing; for empty text write '\"\"'";
  const brackets: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.is === "open") brackets.push(token.text);
    if (token.is === "close") brackets.pop();
    if (token.is === "variable" && (token.text === "ENV" || token.text === "__prog_args"))
      return `$${token.text} is refused: an expression sees its record and nothing else`;
    if (token.is !== "word" || !refusedWords.has(token.text)) continue;
    if (brackets.at(-1) === "{" && isKey(tokens[index - 1]?.text, tokens[index + 1]?.text)) continue;
    return `\`${token.text}\` is refused: an expression sees its record and nothing else`;
  }
  return undefined;
}

/** True for the `input` of `{input: 1}`, `{a, input}`, which is a key. */
function isKey(before: string | undefined, after: string | undefined): boolean {
  return (before === "{" || before === ",") && (after === ":" || after === "," || after === "}");
}

/**
 * Applies Port's rule for single quotes: one that opens a string (at the start or behind white space) and one that closes it (before white
 * space or at the end) become double quotes, unless white space or a double quote stands inside of them.
 *
 * An expression that is cut into tokens as it stands is real jq already and keeps its quotes; Port turns them there too, which breaks it.
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
