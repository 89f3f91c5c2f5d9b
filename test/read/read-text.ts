import { Readable } from "node:stream";
import { type ReadIo, readSource } from "../../src/read/read.js";
import type { SourceRecord } from "../../src/record.js";
import type { Reject } from "../../src/reject.js";
import type { SourceOptions } from "../../src/source-options.js";
import type { Warning } from "../../src/warning.js";

export const stdin = { index: 0, kind: "thing", path: "-", name: "stdin" };

export interface ReadResult {
  readonly records: SourceRecord[];
  readonly rejects: Reject[];
  readonly warnings: Warning[];
  readonly error?: unknown;
}

/** Bytes in pieces of one size. */
export function pieces(bytes: Buffer, size = bytes.length): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(bytes.subarray(at, at + size));
  return out;
}

/** Reads a text as stdin and gathers all; an error is kept beside what came before it. */
export async function readText(
  text: string | Buffer,
  options: SourceOptions = {},
  io: ReadIo & { size?: number } = {},
): Promise<ReadResult> {
  const bytes = Buffer.from(text as string);
  return gather(options, { ...io, stdin: Readable.from(pieces(bytes, io.size ?? 64 * 1024)) });
}

export async function gather(options: SourceOptions, io: ReadIo, source = stdin): Promise<ReadResult> {
  const result: ReadResult = { records: [], rejects: [], warnings: [] };
  try {
    for await (const chunk of readSource(source, options, io)) {
      if (chunk.tally.read !== chunk.items.length + chunk.rejects.length) throw new Error("a chunk's tally is wrong");
      result.records.push(...chunk.items);
      result.rejects.push(...chunk.rejects);
      result.warnings.push(...chunk.warnings);
    }
  } catch (error) {
    return { ...result, error };
  }
  return result;
}

/** A record as an object, whatever its format. */
export function asObject(record: SourceRecord): unknown {
  if (record.cells === undefined) return record.value;
  return Object.fromEntries((record.columns ?? []).map((column, index) => [column, record.cells?.[index]]));
}
