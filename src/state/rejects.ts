import { join } from "node:path";
import type { Place, Span } from "../record.js";
import type { Reject } from "../reject.js";
import { type AppendFile, type AppendOptions, openAppendFile } from "./append-file.js";
import { syncEveryMs } from "./journal.js";
import { collectRejectedRecords, type RejectedRecord } from "./rejected-records.js";
import { nameRejectsFiles, type RejectsSource, writeBytes } from "./rejects-file.js";

/** What an import refused: the reasons, and the records to be corrected. */
export interface Rejects {
  /** Writes a line to reasons.ndjson for each and notes its record. Wait for it before the journal tells the same. @throws {StateError} */
  add(rejects: readonly Reject[]): Promise<void>;
  /** Notes a rejected record whose reason stands already. */
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
      for (const { at, span } of rejects) records.add(at, span);
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
    reject;
  const source = names[at.source] ?? String(at.source);
  // biome-ignore format: one line of the contract's order
  return JSON.stringify({ code, stage, blueprint, identifier, source, position: at.position, line: at.line, path, message, status, traceId, value, leaf, resource, item, also });
}
