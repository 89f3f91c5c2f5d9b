import type { Stage } from "../chunk.js";
import { type Issue, MappingError } from "../errors.js";
import { type GivenSource, isRecords } from "../given-source.js";
import { nearest } from "../nearest.js";
import type { SourceRecord } from "../record.js";
import type { Warning } from "../warning.js";
import { columnFormatsOf, lackingIssues } from "./columns.js";
import { type FoundLeaf, leavesOf, type Mapping, type Resource, sourceOptionsFor } from "./mapping.js";
import { leadingPath } from "./plain.js";
import { type Token, tokenize } from "./tokens.js";

/**
 * The keys of the record that an expression can read, so that only those need be passed to jq; undefined where it may see the whole record.
 *
 * Never too few: it follows where `.` still is the record (up to the first `|` of a bracket) and gives up at every word there that
 * is not a literal or an operator. One too many does no harm.
 */
export function keysRead(expression: string): ReadonlySet<string> | undefined {
  const cut = tokenize(expression);
  if ("fault" in cut) return undefined;
  const { tokens } = cut;
  const keys = new Set<string>();
  /** Open brackets and `if`s, each with whether `.` was the record where it opened. */
  const opened: { text: string; atRecord: boolean }[] = [{ text: "", atRecord: true }];
  let atRecord = true;
  for (const [index, token] of tokens.entries()) {
    const top = opened.at(-1);
    const inObject = top?.text === "{";
    if (inObject && token.is !== "open" && isKeyPlace(tokens[index - 1])) {
      // `{a}` and `{"a"}` read the key, `{a: …}` does not.
      if (token.is === "close") opened.pop();
      else if (token.is !== "word" && token.is !== "text" && token.is !== "piece") return undefined;
      else if (token.is !== "piece" && !add(keys, token)) return undefined;
    } else if (token.is === "open" || isWord(token, ["if"])) {
      opened.push({ text: token.text, atRecord });
    } else if (token.is === "close" || isWord(token, ["end"])) {
      atRecord = opened.pop()?.atRecord ?? false;
    } else if (token.is === "sign" && token.text === "|") {
      atRecord = false;
    } else if (isWord(token, ["then", "elif", "else"]) || (inObject && token.is === "sign" && token.text === ",")) {
      atRecord = top?.atRecord ?? false;
    } else if (token.is === "variable" || isWord(token, binders)) {
      return undefined;
    } else if (atRecord && !noteRead(tokens, index, keys)) {
      return undefined;
    }
  }
  return keys;
}

/** The keys of the record that any of some expressions can read; undefined where one may see the whole record. */
export function keysReadBy(expressions: Iterable<string>): ReadonlySet<string> | undefined {
  const keys = new Set<string>();
  for (const expression of expressions) {
    const read = keysRead(expression);
    if (read === undefined) return undefined;
    for (const key of read) keys.add(key);
  }
  return keys;
}

/** Words after which `.` or a name may mean something that this scan does not follow. */
const binders: readonly string[] = ["as", "def", "reduce", "foreach", "label", "try", "catch", "import", "include"];
const harmless: ReadonlySet<string> = new Set(["true", "false", "null", "and", "or", "empty"]);
/** These give the whole record, or the record with a change. */
const whole: ReadonlySet<string> = new Set(["=", "|=", "+=", "-=", "*=", "/=", "%=", "//=", ".."]);

/** Notes what a token reads of the record; false where that cannot be told. */
function noteRead(tokens: readonly Token[], index: number, keys: Set<string>): boolean {
  const token = tokens[index] as Token;
  if (token.is === "field" || token.is === "text") return add(keys, token);
  if (token.is === "word") return harmless.has(token.text);
  if (token.is === "sign") return token.text === "." ? isKeyed(tokens, index) : !whole.has(token.text);
  return token.is !== "format";
}

/** True for the dot of `."a"`, `.["a"]`, and of `.[…]` behind another step; false for the whole record. */
function isKeyed(tokens: readonly Token[], index: number): boolean {
  const [before, after, inner, close] = [tokens[index - 1], tokens[index + 1], tokens[index + 2], tokens[index + 3]];
  if (after?.is === "text") return true;
  if (after?.is !== "open" || after.text !== "[") return false;
  return (inner?.is === "text" && close?.text === "]") || before?.is === "field" || before?.text === "]";
}

function add(keys: Set<string>, token: Token): boolean {
  try {
    keys.add(token.is === "text" ? String(JSON.parse(`"${token.text}"`)) : token.text);
    return true;
  } catch {
    return false;
  }
}

function isWord(token: Token, texts: readonly string[]): boolean {
  return token.is === "word" && texts.includes(token.text);
}

function isKeyPlace(before: Token | undefined): boolean {
  return (before?.is === "open" && before.text === "{") || (before?.is === "sign" && before.text === ",");
}

/** A leaf that reads a column which a table lacks. */
export interface ColumnFault {
  readonly path: string;
  readonly line?: number;
  /** Behind the name of the source. */
  readonly what: string;
  /** What to write in place of the path; undefined where no column is near. */
  readonly write?: string;
  /** What the table has, where no column is near. */
  readonly has: string;
}

/** A table, as far as its header tells. */
export interface TableHeader {
  /** As people know it. */
  readonly name: string;
  readonly kind: string;
  readonly columns: readonly string[];
}

/** Finds the leaves of a kind that are, or begin with, a column that a table lacks and the mapping does not call optional. What reads it further on may be a fallback. */
export function columnFaults(
  mapping: Mapping,
  resources: readonly Resource[],
  { kind, columns }: Omit<TableHeader, "name">,
): readonly ColumnFault[] {
  const known = new Set([...columns, ...(sourceOptionsFor(mapping, kind).optionalColumns ?? [])]);
  const delimiter = columns.length === 1 ? /[;\t|,]/.exec(columns.join())?.[0] : undefined;
  const listed = `${columns.slice(0, 12).map(pathTo).join(", ")}${columns.length > 12 ? ", …" : ""}`;
  const one = `its header is one column, ${listed}; where ${JSON.stringify(delimiter)} is the delimiter, write source.csv.delimiter: ${JSON.stringify(delimiter)}`;
  const has = delimiter === undefined ? `it has ${listed}` : one;
  const ofKind = resources.filter((resource) => resource.kind === kind);
  return ofKind.flatMap((resource) =>
    [...leavesOf(resource)].flatMap(({ path, value }): ColumnFault[] => {
      const number = numberFault(value, columns);
      const key = number === undefined ? lackingColumn(value, path, resource, known) : undefined;
      const line = mapping.lines.get(path);
      const base = { path, has, ...(line !== undefined && { line }) };
      if (number !== undefined) return [{ ...base, ...number }];
      if (key === undefined) return [];
      const near = delimiter === undefined ? nearestColumn(key, columns) : undefined;
      return [{ ...base, what: `has no column "${key}"`, ...(near !== undefined && { write: pathTo(near) }) }];
    }),
  );
}

/** As {@link columnFaults}, each as an issue of the mapping; with them columns that have a format of their own. */
export function missingColumns(mapping: Mapping, resources: readonly Resource[], table: TableHeader): readonly Issue[] {
  const read = columnFaults(mapping, resources, table).map(({ path, line, what, write, has }) => {
    const fix = write === undefined ? `${has}.` : write.startsWith("'") ? `write ${write}` : `did you mean ${write}?`;
    const optional = write?.startsWith("'") ? "" : " Where some files lack it, name it in source.optionalColumns";
    return { path, message: `${table.name} ${what}; ${fix}${optional}`, ...(line !== undefined && { line }) };
  });
  return [...lackingIssues(columnFormatsOf(mapping, table.kind), table.name, table.columns), ...read];
}

/**
 * Lets the records of a source through unless its header lacks a column: for sources that can be read only once, whose header comes with their records.
 *
 * @throws {MappingError} before the first record
 */
export function requireColumns(
  mapping: Mapping,
  resources: readonly Resource[],
  { name, kind, given }: Omit<TableHeader, "columns"> & { readonly given?: GivenSource },
): Stage<SourceRecord, SourceRecord> {
  return async function* (chunks) {
    let isChecked = false;
    for await (const chunk of chunks) {
      if (isChecked || chunk.items.length === 0) {
        yield chunk;
        continue;
      }
      isChecked = true;
      const columns = chunk.items[0]?.columns;
      const issues = columns === undefined ? [] : missingColumns(mapping, resources, { name, kind, columns });
      if (issues.length > 0) throw new MappingError(mapping.file, issues);
      const isUnknown = given !== undefined && isRecords(given) && given.columns === undefined;
      const warnings = isUnknown ? lackingKeys(mapping, resources, { name, kind }, chunk.items) : [];
      yield { ...chunk, warnings: [...chunk.warnings, ...warnings] };
    }
  };
}

/** Of records that a program gives without saying which columns they have: keys that are read, and that none of the first ones has. */
function lackingKeys(
  mapping: Mapping,
  resources: readonly Resource[],
  { name, kind }: Omit<TableHeader, "columns">,
  first: readonly SourceRecord[],
): readonly Warning[] {
  const columns = [...new Set(first.flatMap(({ value }) => Object.keys(value as object)))];
  const among = first.length === 1 ? "its first record" : `its first ${first.length} records`;
  return columnFaults(mapping, resources, { kind, columns }).map(({ path, what, write }) => ({
    code: "column_missing",
    path,
    message: `${name} ${what} in ${among}${write === undefined ? "" : `; did you mean ${write}?`}`,
    count: 1,
  }));
}

/** `.2024` is a number to jq, and to YAML where it is not quoted. */
function numberFault(
  value: FoundLeaf["value"],
  columns: readonly string[],
): Pick<ColumnFault, "what" | "write"> | undefined {
  const number = typeof value === "string" ? /^\s*(\.\d+)\b/.exec(value)?.[1] : value;
  const column = columns.find(
    (name) => /^\d+$/.test(name) && number !== undefined && Number(`.${name}`) === Number(number),
  );
  if (column === undefined || typeof number === "boolean" || number === null) return undefined;
  return {
    what: `has a column "${column}", but .${column} is a number to jq`,
    write: `'.${JSON.stringify(column)}'`,
  };
}

/** The column that an expression begins with, where it is not known. */
function lackingColumn(
  expression: FoundLeaf["value"],
  path: string,
  resource: Resource,
  known: ReadonlySet<string>,
): string | undefined {
  const key = typeof expression === "string" ? leadingPath(expression)?.[0]?.key : undefined;
  if (typeof key !== "string" || known.has(key)) return undefined;
  const isItem = resource.itemsToParse !== undefined && !path.endsWith(".port.itemsToParse");
  return isItem && key === resource.itemsToParseName ? undefined : key;
}

/** The column that a name most likely means: the same letters, however they are composed, cased, spaced or dotted, else a slip of the pen. */
export function nearestColumn(name: string, columns: readonly string[]): string | undefined {
  const same = columns.find((column) => column !== name && lettersOf(column) === lettersOf(name));
  // To jq a dot leads into the cell, a dash subtracts: the column may be named with it.
  const begins = columns.find((column) => column.startsWith(name) && /[^\w]/.test(column.charAt(name.length)));
  return same ?? begins ?? nearest(name, columns);
}

function lettersOf(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]/gu, "");
}

/** The jq path of a key. */
export function pathTo(key: string): string {
  return /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key) ? `.${key}` : `.${JSON.stringify(key)}`;
}
