import type { Chunk, Remains } from "../../src/chunk.js";
import type { Candidate } from "../../src/entity.js";
import type { JqEngine } from "../../src/map/jq.js";
import { compileMapping, mapRecords } from "../../src/map/map.js";
import { parseMapping } from "../../src/map/mapping-file.js";
import type { SourceRecord } from "../../src/record.js";
import type { Reject } from "../../src/reject.js";

/** A mapping of one resource of kind `k`; `fields` are lines of its mappings, `port` and `root` further lines there. */
export function resource(fields: Record<string, unknown>, more: { port?: object; selector?: string } = {}): object {
  const mappings = { identifier: ".id", blueprint: '"b"', ...fields };
  return {
    kind: "k",
    ...(more.selector === undefined ? {} : { selector: { query: more.selector } }),
    port: { ...more.port, entity: { mappings } },
  };
}

/** JSON records, numbered from 1. */
export function values(...list: unknown[]): SourceRecord[] {
  return list.map((value, index) => ({ at: { source: 0, position: index + 1 }, value }));
}

/** CSV records under one header, numbered from 1, the first on line 2. */
export function rows(columns: readonly string[], ...cells: string[][]): SourceRecord[] {
  return cells.map((row, index) => ({ at: { source: 0, position: index + 1, line: index + 2 }, columns, cells: row }));
}

/** Maps records of kind `k` and puts what came out in one chunk. */
export async function mapAll(
  engine: JqEngine,
  file: { resources: object[]; [key: string]: unknown },
  records: readonly SourceRecord[],
  options: { perChunk?: number; rejects?: readonly Reject[]; resources?: readonly number[] } = {},
): Promise<Chunk<Candidate>> {
  const mapping = parseMapping(JSON.stringify(file), "m.json");
  const compiled = await compileMapping(
    mapping,
    engine,
    options.resources === undefined ? {} : { resources: options.resources },
  );
  const items: Candidate[] = [];
  const rejects: Reject[] = [];
  const warnings: Chunk<Candidate>["warnings"][number][] = [];
  const remains: Remains<Candidate>[] = [];
  const tally = { read: 0, mapped: 0, skipped: 0, rejected: 0 };
  for await (const chunk of mapRecords(
    compiled,
    "k",
  )(inChunks(records, options.perChunk ?? 1000, options.rejects ?? []))) {
    items.push(...chunk.items);
    rejects.push(...chunk.rejects);
    remains.push(...(chunk.remains ?? []));
    warnings.push(...chunk.warnings);
    for (const key of ["read", "mapped", "skipped", "rejected"] as const) tally[key] += chunk.tally[key];
  }
  return { items, rejects, ...(remains.length > 0 && { remains }), warnings, tally };
}

async function* inChunks(
  records: readonly SourceRecord[],
  size: number,
  rejects: readonly Reject[],
): AsyncGenerator<Chunk<SourceRecord>> {
  for (let from = 0; from < Math.max(records.length, 1); from += size) {
    const items = records.slice(from, from + size);
    const own = from === 0 ? rejects : [];
    yield {
      items,
      rejects: own,
      warnings: [],
      tally: { read: items.length + own.length, mapped: 0, skipped: 0, rejected: own.length },
    };
  }
}
