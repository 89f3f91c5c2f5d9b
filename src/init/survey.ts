import type { Chunk } from "../chunk.js";
import type { SourceRecord } from "../record.js";
import { addValue, type FieldStats, openStats, usualBlanks } from "./field-stats.js";

/** What a source's records are like. */
export interface Survey {
  readonly kind: string;
  readonly records: number;
  /** Records that the reader refused, by their position, the first few. */
  readonly refused: readonly number[];
  readonly isTabular: boolean;
  /** In the order they came; a path that holds objects is not a field, its keys are. */
  readonly fields: readonly FieldStats[];
  /** Usual blanks found, and how often. */
  readonly blanks: ReadonlyMap<string, number>;
}

/** Levels of nested objects whose keys become fields of their own. */
const maxDepth = 3;
const maxRefused = 10;

/** Looks at all records of a source: each column, or each path of keys, with what its values are like. */
export async function surveyRecords(kind: string, chunks: AsyncIterable<Chunk<SourceRecord>>): Promise<Survey> {
  const fields = new Map<string, FieldStats>();
  const blanks = new Map<string, number>();
  const refused: number[] = [];
  let records = 0;
  let isTabular = false;
  const take = (path: readonly string[], value: unknown, position: number): void => {
    if (isPlainObject(value) && path.length < maxDepth && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) take([...path, key], inner, position);
      return;
    }
    if (typeof value === "string" && usualBlanks.has(value.trim())) blanks.set(value, (blanks.get(value) ?? 0) + 1);
    const name = JSON.stringify(path);
    const stats = fields.get(name) ?? openStats(path);
    fields.set(name, stats);
    addValue(stats, value, position);
  };
  for await (const { items, rejects } of chunks) {
    for (const { at } of rejects) if (refused.length < maxRefused) refused.push(at.position);
    for (const { at, columns, cells, value } of items) {
      records++;
      isTabular ||= cells !== undefined;
      if (cells !== undefined)
        for (const [index, column] of (columns ?? []).entries()) take([column], cells[index], at.position);
      else if (isPlainObject(value)) for (const [key, inner] of Object.entries(value)) take([key], inner, at.position);
    }
  }
  return { kind, records, refused, isTabular, blanks, fields: withoutParents([...fields.values()]) };
}

/** A key that is null in one record and an object in another is no field: its keys are. */
function withoutParents(fields: readonly FieldStats[]): FieldStats[] {
  const parents = new Set(
    fields.flatMap(({ path }) => path.slice(1).map((_, index) => JSON.stringify(path.slice(0, index + 1)))),
  );
  return fields.filter(({ path, values }) => values > 0 || !parents.has(JSON.stringify(path)));
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The arrays of objects in a JSON text that is one object, by the path of keys to each, the largest first. */
export function recordLists(value: unknown): readonly { readonly path: readonly string[]; readonly size: number }[] {
  const found: { path: readonly string[]; size: number }[] = [];
  const look = (at: unknown, path: readonly string[]): void => {
    if (Array.isArray(at)) {
      if (at.length > 0 && at.every(isPlainObject)) found.push({ path, size: at.length });
    } else if (isPlainObject(at) && path.length < 5) {
      for (const [key, inner] of Object.entries(at)) if (!key.includes(".")) look(inner, [...path, key]);
    }
  };
  if (isPlainObject(value)) look(value, []);
  return found.sort((a, b) => b.size - a.size);
}
