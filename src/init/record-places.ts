import { isPlainObject } from "./survey.js";

/** Where a JSON text that is one object holds records. */
export interface RecordPlace {
  /** Keys that lead there. */
  readonly path: readonly string[];
  readonly size: number;
  /** For an object whose values are the records: a name for their keys that no record has. */
  readonly keyed?: string;
}

/** Levels of keys that are followed. */
const maxDepth = 5;

/** The arrays of objects in a JSON text that is one object, and the objects whose values are records, the largest first. */
export function recordPlaces(value: unknown): readonly RecordPlace[] {
  const found: RecordPlace[] = [];
  const look = (at: unknown, path: readonly string[]): void => {
    if (Array.isArray(at)) {
      if (at.length > 0 && at.every(isPlainObject)) found.push({ path, size: at.length });
      return;
    }
    if (!isPlainObject(at) || path.length >= maxDepth) return;
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
