import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Place, Span } from "../record.js";
import type { Reject } from "../reject.js";
import { withoutHidden } from "../secrets.js";
import { type AppendFile, type AppendOptions, openAppendFile, stateError } from "./files.js";
import { syncEveryMs } from "./journal.js";

/** What an import refused: the reasons, and the records to be corrected. */
export interface Rejects {
  /** Writes a line to reasons.ndjson for each and notes its record. Wait for it before the journal says the same. @throws {StateError} */
  add(rejects: readonly Reject[]): Promise<void>;
  /** Notes a rejected record whose reason is kept already. */
  note(at: Place, span: Span | undefined): void;
  /** Each rejected record of a source once, in source order. */
  rejectedRecords(source: number): Iterable<RejectedRecord>;
  /** Writes the source's own records to a rejects file and gives its path. @throws {StateError} */
  writeRejectsFile(source: RejectsSource, bytes: AsyncIterable<Uint8Array>): Promise<string>;
  /** Syncs and closes reasons.ndjson. @throws {StateError} */
  close(): Promise<void>;
}

/** Makes the rejects of an import folder. `names` are the sources' names; reasons.ndjson appears with the first reject. */
export function openRejects(folder: string, names: readonly string[], options: AppendOptions = {}): Rejects {
  const records = collectRejectedRecords();
  const nameFile = nameRejectsFiles();
  let file: Promise<AppendFile> | undefined;
  return {
    async add(rejects) {
      if (rejects.length === 0) return;
      for (const reject of rejects) for (const { at, span } of [reject, ...(reject.parts ?? [])]) records.add(at, span);
      file ??= openAppendFile(join(folder, "reasons.ndjson"), { syncEveryMs, ...options });
      await (await file).append(rejects.map((reject) => `${encodeReason(reject, names)}\n`).join(""));
    },
    note: records.add,
    rejectedRecords: (source) => records.of(source),
    async writeRejectsFile(source, bytes) {
      const path = join(folder, "rejects", nameFile(source));
      await writeBytes(path, bytes);
      return path;
    },
    async close() {
      await (await file)?.close();
    },
  };
}

/** A line of reasons.ndjson; `resource` and `item` are there so that a resumed import knows which entity it was. */
function encodeReason(reject: Reject, names: readonly string[]): string {
  const { code, stage, blueprint, identifier, at, path, message, status, traceId, value, leaf, resource, item, also } =
    withoutHidden(reject); // values of secret variables become their names
  const nameOf = ({ source }: Place): string => names[source] ?? String(source);
  const source = nameOf(at);
  const parts = reject.parts?.map((part) => ({ source: nameOf(part.at), position: part.at.position }));
  // biome-ignore format: one line of the contract's order
  return JSON.stringify({ code, stage, blueprint, identifier, source, position: at.position, line: at.line, path, message, status, traceId, value, leaf, resource, item, also, parts });
}

/** A record to go into a rejects file. */
export interface RejectedRecord {
  /** Ordinal in its source, from 1. */
  readonly position: number;
  readonly span?: Span;
}

/** Which records of each source were rejected, at 24 bytes a record. */
export interface RejectedRecords {
  add(at: Place, span: Span | undefined): void;
  /** Each rejected record of a source once, in source order. */
  of(source: number): Iterable<RejectedRecord>;
}

/** Makes an empty set of rejected records. */
export function collectRejectedRecords(): RejectedRecords {
  const bySource = new Map<number, Rows>();
  return {
    add(at, span) {
      const rows = bySource.get(at.source) ?? { cells: new Float64Array(width * 16), count: 0, inOrder: true };
      bySource.set(at.source, rows);
      addRow(rows, at.position, span?.start ?? noSpan, span?.end ?? noSpan);
    },
    *of(source) {
      const rows = bySource.get(source);
      if (rows !== undefined) yield* inSourceOrder(rows);
    },
  };
}

/** Rows of position, start and end, one after the other. */
interface Rows {
  cells: Float64Array;
  count: number;
  inOrder: boolean;
}

const width = 3;
const noSpan = -1;

function addRow(rows: Rows, position: number, start: number, end: number): void {
  const last = (rows.count - 1) * width;
  if (rows.count > 0 && rows.cells[last] === position && (start === noSpan || rows.cells[last + 1] === start)) return;
  if (rows.count > 0 && position <= (rows.cells[last] ?? 0)) rows.inOrder = false;
  if ((rows.count + 1) * width > rows.cells.length) {
    const wider = new Float64Array(width * Math.ceil(rows.count * 1.5));
    wider.set(rows.cells);
    rows.cells = wider;
  }
  rows.cells.set([position, start, end], rows.count * width);
  rows.count += 1;
}

function* inSourceOrder({ cells, count, inOrder }: Rows): Generator<RejectedRecord> {
  const cell = (row: number, column: number): number => cells[row * width + column] ?? 0;
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  // of one record's rows the one with a span comes first
  if (!inOrder) order.sort((a, b) => cell(a, 0) - cell(b, 0) || cell(b, 1) - cell(a, 1));
  let before = 0;
  for (const row of order) {
    const position = cell(row, 0);
    if (position === before) continue;
    before = position;
    const start = cell(row, 1);
    yield start === noSpan ? { position } : { position, span: { start, end: cell(row, 2) } };
  }
}

/** A source whose rejected records get a file. */
export interface RejectsSource {
  /** As on the command line, without kind; `-` or `stdin` for stdin. */
  readonly name: string;
  /** Extension of the source's format without its dot: for stdin and addresses without a name, whose format is found from the content otherwise. */
  readonly extension?: string;
}

/**
 * Names the rejects files of one import: the source's base name, so that its kind is found by it again. A second source of that base name gets a numbered
 * folder: `teams.csv`, `2/teams.csv`.
 */
export function nameRejectsFiles(): (source: RejectsSource) => string {
  const taken = new Map<string, number>();
  return (source) => {
    const base = baseName(source);
    // some file systems hold no two names that differ only in case
    const ordinal = (taken.get(base.toLowerCase()) ?? 0) + 1;
    taken.set(base.toLowerCase(), ordinal);
    return ordinal === 1 ? base : join(String(ordinal), base);
  };
}

/** Writes a rejects file, readable by its owner alone; leaves none behind when the bytes end in an error. @throws {StateError} when it cannot be written */
export async function writeBytes(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw stateError(path, error);
  });
  const source = watch(bytes);
  const file = createWriteStream(path, { mode: 0o600 });
  try {
    await pipeline(source.bytes, file);
  } catch (error) {
    // The pipeline ends at the first fault, perhaps before the file is opened: what is removed by then would appear after.
    if (!file.closed) await new Promise<void>((done) => file.once("close", () => done()));
    await rm(path, { force: true });
    throw source.failed() ? error : stateError(path, error);
  }
}

/** Whether it was the source that failed, and not the file. */
function watch(source: AsyncIterable<Uint8Array>): { bytes: AsyncIterable<Uint8Array>; failed: () => boolean } {
  let failed = false;
  async function* pass(): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      failed = true;
      throw error;
    }
  }
  return { bytes: pass(), failed: () => failed };
}

function baseName({ name, extension }: RejectsSource): string {
  const suffix = extension === undefined ? "" : `.${extension}`;
  if (name === "-" || name === "stdin") return `stdin${suffix}`;
  const last = name.slice(name.lastIndexOf("/") + 1);
  const safe = (name.includes("://") ? decode(last) : last).replaceAll(/[/\\\p{Cc}]/gu, "_");
  return safe === "" || safe === "." || safe === ".." ? `source${suffix}` : safe;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
