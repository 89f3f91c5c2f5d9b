import type { Cell, SourceRecord } from "../record.js";
import { setOwn } from "./plain.js";

/** Texts that mean "no value". `longest` spares most cells the look-up. */
export interface Blanks {
  readonly texts: ReadonlySet<string>;
  readonly longest: number;
}

/** The blanks of a kind; undefined when it has none. */
export function blanksOf(texts: readonly string[] | undefined): Blanks | undefined {
  if (texts === undefined || texts.length === 0) return undefined;
  return { texts: new Set(texts), longest: Math.max(...texts.map((text) => text.length)) };
}

/** True for a text that means "no value". */
export function isBlank(text: Cell, blanks: Blanks | undefined): boolean {
  return blanks !== undefined && typeof text === "string" && text.length <= blanks.longest && blanks.texts.has(text);
}

/** A value with every string that is a blank turned to null, at any depth; the value itself where nothing changes. */
export function withoutBlanks(value: unknown, blanks: Blanks): unknown {
  if (typeof value === "string") return isBlank(value, blanks) ? null : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const copy = value.map((inner) => withoutBlanks(inner, blanks));
    return copy.every((inner, index) => inner === value[index]) ? value : copy;
  }
  const copy: Record<string, unknown> = {};
  let changed = false;
  for (const [key, inner] of Object.entries(value)) {
    const plain = withoutBlanks(inner, blanks);
    changed ||= plain !== inner;
    setOwn(copy, key, plain);
  }
  return changed ? copy : value;
}

/** A record as the object that expressions see, blanks turned to null. */
export function objectOf(record: SourceRecord, blanks: Blanks | undefined): unknown {
  if (record.cells !== undefined) return objectOfCells(record.columns ?? [], record.cells, blanks);
  return blanks === undefined ? record.value : withoutBlanks(record.value, blanks);
}

/** The object of a CSV record: a key for each column. */
export function objectOfCells(
  columns: readonly string[],
  cells: readonly Cell[],
  blanks: Blanks | undefined,
): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let i = 0; i < columns.length; i++) {
    const cell = cells[i];
    setOwn(object, columns[i] as string, cell === undefined || isBlank(cell, blanks) ? null : cell);
  }
  return object;
}

/**
 * A maker of the JSON text that jq reads for a record: of all keys, or only of those given.
 *
 * @param columns - the source's columns; undefined where records have a `value`
 */
export function textMaker(
  columns: readonly string[] | undefined,
  keys: ReadonlySet<string> | undefined,
  blanks: Blanks | undefined,
): (record: SourceRecord) => string {
  if (columns === undefined) return (record) => textOf(objectOf(record, blanks), keys);
  const picked = columns
    .map((name, index) => ({ name, index }))
    .filter(({ name }) => keys === undefined || keys.has(name));
  const cells = picked.map(({ name, index }) => ({ lead: `${JSON.stringify(name)}:`, index }));
  return ({ cells: row = [] }) => {
    let text = "{";
    for (const { lead, index } of cells) {
      const cell = row[index];
      const value = cell === undefined || isBlank(cell, blanks) ? "null" : JSON.stringify(cell);
      text += text.length === 1 ? lead + value : `,${lead}${value}`;
    }
    return `${text}}`;
  };
}

/** JSON text of a value; of an object only the given keys. */
export function textOf(value: unknown, keys: ReadonlySet<string> | undefined): string {
  if (keys === undefined || typeof value !== "object" || value === null || Array.isArray(value))
    return JSON.stringify(value ?? null);
  const parts: string[] = [];
  for (const key of keys) {
    if (Object.hasOwn(value, key))
      parts.push(`${JSON.stringify(key)}:${JSON.stringify((value as Record<string, unknown>)[key] ?? null)}`);
  }
  return `{${parts.join(",")}}`;
}
