import type { Chunk } from "../chunk.js";
import { follow, type PathStep } from "../map/plain.js";
import { type Blanks, objectOf } from "../map/prepare.js";
import type { SourceRecord } from "../record.js";
import { addReading, type DateReadings, openReadings } from "./date-readings.js";

/** What the first records of a source show of its columns. */
export interface SourceSample {
  /** The source as people know it. */
  readonly name: string;
  readonly kind: string;
  /** True for CSV and TSV: a record is a row of cells. */
  readonly isTabular: boolean;
  /** The columns, or the keys that any record has at its top, in the order they came. */
  readonly keys: readonly string[];
  readonly records: number;
  /** How the texts at each path asked for can be read as dates, by {@link pathName}. */
  readonly dates: ReadonlyMap<string, DateReadings>;
}

/** A path as the key of a map. */
export function pathName(steps: readonly PathStep[]): string {
  return JSON.stringify(steps.map(({ key }) => key));
}

/** Looks at records: which columns there are, and how the texts at some paths can be read as dates. */
export async function sampleSource(
  source: { readonly name: string; readonly kind: string },
  chunks: AsyncIterable<Chunk<SourceRecord>>,
  blanks: Blanks | undefined,
  paths: readonly (readonly PathStep[])[],
): Promise<SourceSample> {
  const keys = new Set<string>();
  const dates = new Map(paths.map((path) => [pathName(path), openReadings()]));
  let records = 0;
  let isTabular = false;
  for await (const { items } of chunks) {
    for (const record of items) {
      records++;
      isTabular ||= record.cells !== undefined;
      const value = objectOf(record, blanks);
      if (records === 1 || record.columns === undefined)
        for (const key of Object.keys(value as Record<string, unknown>)) keys.add(key);
      for (const path of paths) {
        const found = follow(value, path);
        const readings = dates.get(pathName(path));
        if (typeof found === "string" && readings !== undefined) addReading(readings, found);
      }
    }
  }
  const { name, kind } = source;
  return { name, kind, isTabular, keys: [...keys], records, dates };
}
