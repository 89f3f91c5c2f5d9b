import type { Stage } from "../chunk.js";
import { type Issue, MappingError } from "../errors.js";
import { nearest } from "../nearest.js";
import type { SourceRecord } from "../record.js";
import { type FoundLeaf, leavesOf, type Mapping, type Resource, sourceOptionsFor } from "./mapping.js";
import { leadingPath } from "./plain.js";

/**
 * Finds the leaves of a kind that read a column which a table lacks: those that are a plain path, or begin with one. What reads it further on may be a
 * fallback.
 *
 * @param source - as people know it
 * @param columns - of the table's header
 * @returns an issue for each leaf, none for columns that the mapping calls optional
 */
export function missingColumns(
  mapping: Mapping,
  resources: readonly Resource[],
  { name, kind, columns }: { readonly name: string; readonly kind: string; readonly columns: readonly string[] },
): readonly Issue[] {
  const known = new Set([...columns, ...(sourceOptionsFor(mapping, kind).optionalColumns ?? [])]);
  return resources
    .filter((resource) => resource.kind === kind)
    .flatMap((resource) =>
      [...leavesOf(resource)].flatMap(({ path, value }): Issue[] => {
        const message =
          numberFault(value, columns) ??
          (typeof value === "string" ? faultOf(value, path, resource, known, columns) : undefined);
        const line = mapping.lines.get(path);
        return message === undefined
          ? []
          : [{ path, message: `${name} ${message}`, ...(line !== undefined && { line }) }];
      }),
    );
}

/**
 * Lets the records of a source through unless its header lacks a column: for sources that can be read only once, whose header comes with their records.
 *
 * @throws {MappingError} before the first record
 */
export function requireColumns(
  mapping: Mapping,
  resources: readonly Resource[],
  { name, kind }: { readonly name: string; readonly kind: string },
): Stage<SourceRecord, SourceRecord> {
  return async function* (chunks) {
    let isChecked = false;
    for await (const chunk of chunks) {
      const columns = isChecked ? undefined : chunk.items[0]?.columns;
      isChecked ||= chunk.items.length > 0;
      const issues = columns === undefined ? [] : missingColumns(mapping, resources, { name, kind, columns });
      if (issues.length > 0) throw new MappingError(mapping.file, issues);
      yield chunk;
    }
  };
}

/** `.2024` is a number to jq, and to YAML where it is not quoted. */
function numberFault(value: FoundLeaf["value"], columns: readonly string[]): string | undefined {
  const number = typeof value === "string" ? /^\s*(\.\d+)\b/.exec(value)?.[1] : value;
  const column = columns.find(
    (name) => /^\d+$/.test(name) && number !== undefined && Number(`.${name}`) === Number(number),
  );
  if (column === undefined || typeof number === "boolean" || number === null) return undefined;
  return `has a column "${column}", but .${column} is a number to jq; write '.${JSON.stringify(column)}'`;
}

function faultOf(
  expression: string,
  path: string,
  resource: Resource,
  known: ReadonlySet<string>,
  columns: readonly string[],
): string | undefined {
  const key = leadingPath(expression)?.[0]?.key;
  if (typeof key !== "string" || known.has(key)) return undefined;
  const isItem = resource.itemsToParse !== undefined && !path.endsWith(".port.itemsToParse");
  if (isItem && key === resource.itemsToParseName) return undefined;
  const near = nearestColumn(key, columns);
  const fix =
    near === undefined
      ? `it has ${columns.slice(0, 12).map(pathTo).join(", ")}${columns.length > 12 ? ", …" : "."}`
      : `did you mean ${pathTo(near)}?`;
  return `has no column "${key}"; ${fix} Where some files lack it, name it in source.optionalColumns`;
}

/** The column that a name most likely means: the same letters, however they are composed, cased, spaced or dotted, else a slip of the pen. */
export function nearestColumn(name: string, columns: readonly string[]): string | undefined {
  const same = columns.find((column) => column !== name && lettersOf(column) === lettersOf(name));
  // A dot in a path leads into the cell: the column may be named with it.
  return same ?? columns.find((column) => column.startsWith(`${name}.`)) ?? nearest(name, columns);
}

function lettersOf(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]/gu, "");
}

function pathTo(key: string): string {
  return /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key) ? `.${key}` : `.${JSON.stringify(key)}`;
}
