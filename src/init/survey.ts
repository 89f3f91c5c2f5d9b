import { orderBeside } from "../authoring/date-readings.js";
import type { Chunk } from "../chunk.js";
import type { SourceRecord } from "../record.js";
import { addValue, type FieldStats, openStats, usualBlanks } from "./field-stats.js";
import { blueprintName } from "./names.js";

/** What a source's records are like. */
export interface Survey {
  readonly kind: string;
  /** The blueprint that is made for its records. */
  readonly blueprint: string;
  readonly records: number;
  /** Records that the reader refused, by their position, the first few. */
  readonly refused: readonly number[];
  /** Why the first of them was refused. */
  readonly why?: string;
  /** True for a table, and for JSON all of whose many values are texts: a number may be written as text there. */
  readonly isTabular: boolean;
  /** The key whose lists hold the records, where each element is one. */
  readonly items?: string;
  /** In the order they came; a path that holds objects is not a field, its keys are, unless these are data themselves, as labels are. */
  readonly fields: readonly FieldStats[];
  /** Usual blanks found, and how often. */
  readonly blanks: ReadonlyMap<string, number>;
}

/** Levels of nested objects whose keys become fields of their own. */
const maxDepth = 3;
const maxRefused = 10;

/** The key that a mapping finds an element of a list under, beside the record's other keys. */
export const itemKey = "item";

/**
 * Looks at all records of a source: each column, or each path of keys, with what its values are like.
 *
 * @param items - key whose lists hold what is surveyed as records, each element beside the other keys
 */
export async function surveyRecords(
  kind: string,
  chunks: AsyncIterable<Chunk<SourceRecord>>,
  items?: string,
): Promise<Survey> {
  const fields = new Map<string, FieldStats>();
  const blanks = new Map<string, number>();
  const refused: number[] = [];
  let records = 0;
  let why: string | undefined;
  let isTabular = false;
  let isTyped = false;
  const objects = new Map<string, FieldStats>();
  const echoes = new Map<string, FieldStats[]>();
  const take = (path: readonly string[], value: unknown, position: number): void => {
    const name = items !== undefined && path[0] === itemKey ? path.slice(1) : path;
    if (isPlainObject(value) && name.length < maxDepth && Object.keys(value).length > 0) {
      if (name.length > 0) addValue(openedStats(objects, path, name), value, position);
      for (const [key, inner] of Object.entries(value)) take([...path, key], inner, position);
      return;
    }
    if (typeof value === "string" && usualBlanks.has(value.trim())) blanks.set(value, (blanks.get(value) ?? 0) + 1);
    const stats = openedStats(fields, path, name);
    addValue(stats, value, position);
    if (typeof value === "string" && value !== "") addEcho(echoes, stats, value);
    else isTyped ||= typeof value === "number" || typeof value === "boolean";
  };
  for await (const { items: given, rejects } of chunks) {
    why ??= rejects[0]?.message;
    for (const { at } of rejects) if (refused.length < maxRefused) refused.push(at.position);
    for (const { at, columns, cells, value } of given) {
      isTabular ||= cells !== undefined;
      for (const each of cells === undefined ? elementsOf(value, items) : [undefined]) {
        records++;
        echoes.clear();
        if (cells !== undefined)
          for (const [index, column] of (columns ?? []).entries()) take([column], cells[index], at.position);
        else if (isPlainObject(each)) for (const [key, inner] of Object.entries(each)) take([key], inner, at.position);
      }
    }
  }
  const isText = isTabular || (!isTyped && records >= minTextRecords);
  const all = withoutParents([...fields.values()], objects);
  for (const field of all) settleOrder(field, all);
  return {
    kind,
    blueprint: blueprintName(kind),
    records,
    refused,
    ...(why !== undefined && { why }),
    isTabular: isText,
    blanks,
    ...(items !== undefined && { items }),
    fields: all,
  };
}

/** Dates that could be read either way are not, where a field beside them has the same days: `01/10/2026` beside `2026-10-01 08:15`. */
function settleOrder({ dates, path, seen }: FieldStats, all: readonly FieldStats[]): void {
  if (dates.either === 0 || dates.dayFirst + dates.monthFirst > 0) return;
  const parent = JSON.stringify(path.slice(0, -1));
  for (const { dates: other, path: beside, seen: others } of all) {
    const isClear = other.full + other.isoDay + other.clear > 0 && JSON.stringify(beside.slice(0, -1)) === parent;
    const order = isClear ? orderBeside(seen, others) : undefined;
    if (order === undefined) continue;
    dates[order] = dates.either;
    dates.either = 0;
    return;
  }
}

/** Records of nothing but texts that show that their writer knows no other type. */
const minTextRecords = 10;

function openedStats(all: Map<string, FieldStats>, path: readonly string[], name: readonly string[]): FieldStats {
  const key = JSON.stringify(path);
  const stats = all.get(key) ?? openStats(path, name);
  all.set(key, stats);
  return stats;
}

/** A record, or its elements as expressions see them: each beside the record's other keys. */
function elementsOf(value: unknown, items: string | undefined): readonly unknown[] {
  if (items === undefined || !isPlainObject(value)) return [value];
  const { [items]: list, ...rest } = value;
  return Array.isArray(list) ? list.map((element) => ({ ...rest, [itemKey]: element })) : [];
}

/** Most other keys of a record that only wraps a list. */
const maxBeside = 4;

/** The key of the only list of objects at a record's top, where the record has no name and hardly more: AWS nests instances in reservations. */
export function listKey({ fields }: Survey): string | undefined {
  const isList = ({ path, types, items }: FieldStats): boolean =>
    path.length === 1 && types.size === 1 && types.has("array") && items.size === 1 && items.has("object");
  const [list, ...others] = fields.filter(isList);
  const beside = fields.filter((field) => field !== list && field.values > 0);
  return beside.length > maxBeside || others.length > 0 ? undefined : list?.path[0];
}

function addEcho(echoes: Map<string, FieldStats[]>, field: FieldStats, text: string): void {
  const others = echoes.get(text);
  if (others === undefined) {
    echoes.set(text, [field]);
    return;
  }
  for (const other of others) {
    field.echoes.set(other, (field.echoes.get(other) ?? 0) + 1);
    other.echoes.set(field, (other.echoes.get(field) ?? 0) + 1);
  }
  others.push(field);
}

/** An object is not a field, its keys are; but an object whose keys are data, as labels and annotations are, is one field. */
function withoutParents(fields: readonly FieldStats[], objects: ReadonlyMap<string, FieldStats>): FieldStats[] {
  const parents = new Set(
    fields.flatMap(({ path }) => path.slice(1).map((_, index) => JSON.stringify(path.slice(0, index + 1)))),
  );
  const kept = fields.filter(({ path, values }) => values > 0 || !parents.has(JSON.stringify(path)));
  const maps = [...objects.values()].filter((object) => holdsData(object, kept));
  const insideOf = ({ path }: FieldStats): FieldStats | undefined =>
    maps.find((map) => path.length > map.path.length && map.path.every((key, index) => path[index] === key));
  return [...new Set(kept.map((field) => insideOf(field) ?? field))];
}

/** Keys of an object that hold no record's data are few, or words, and come again. */
function holdsData({ path, values }: FieldStats, fields: readonly FieldStats[]): boolean {
  const keys = new Map<string, number>();
  for (const field of fields) {
    const key = field.path[path.length];
    if (key === undefined || !path.every((each, index) => field.path[index] === each)) continue;
    if (/[/:]|\w\.\w/.test(key)) return true;
    keys.set(key, Math.max(keys.get(key) ?? 0, field.values));
  }
  const rare = [...keys.values()].filter((times) => times < values / 4).length;
  return keys.size > maxKeys && rare > keys.size * 0.75;
}

/** Keys that an object has in all records before they may be data. */
const maxKeys = 20;

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where a JSON text that is one object holds records. */
export interface RecordPlace {
  /** Keys that lead there. */
  readonly path: readonly string[];
  readonly size: number;
  /** For an object whose values are the records: a name for their keys that no record has. */
  readonly keyed?: string;
}

/** Levels of keys that are followed. */
const deepestPlace = 5;

/** The arrays of objects in a JSON text that is one object, and the objects whose values are records, the largest first. */
export function recordPlaces(value: unknown): readonly RecordPlace[] {
  const found: RecordPlace[] = [];
  const look = (at: unknown, path: readonly string[]): void => {
    if (Array.isArray(at)) {
      if (at.length > 0 && at.every(isPlainObject)) found.push({ path, size: at.length });
      return;
    }
    if (!isPlainObject(at) || path.length >= deepestPlace) return;
    const values = Object.values(at);
    if (areAlike(values)) {
      const keyed = ["key", "id", "_key"].find((name) => !values.some((each) => Object.hasOwn(each as object, name)));
      found.push({ path, size: values.length, keyed: keyed ?? "recordKey" });
      return;
    }
    for (const [key, inner] of Object.entries(at)) if (!key.includes(".")) look(inner, [...path, key]);
  };
  if (isPlainObject(value)) look(value, []);
  return found.sort((a, b) => b.size - a.size);
}

/** True for several objects that have most of their keys in common, as records have; not for the fields of one record, which ServiceNow writes as objects. */
export function areAlike(values: readonly unknown[]): boolean {
  const records = values.filter(isPlainObject);
  if (records.length < 2 || records.length < values.length) return false;
  const counts = new Map<string, number>();
  for (const record of records) for (const key of Object.keys(record)) counts.set(key, (counts.get(key) ?? 0) + 1);
  if ([...counts.keys()].every((key) => /^(?:display_value|value|link)$/.test(key))) return false;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const shared = [...counts.values()].reduce(
    (sum, count) => (count > 1 && count >= records.length / 2 ? sum + count : sum),
    0,
  );
  return total > 0 && shared >= total / 2;
}
