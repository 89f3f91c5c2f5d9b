import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Reject, rejectCodes } from "../reject.js";
import { openAppendFile, readLines } from "./files.js";
import type { SettledEntities } from "./journal.js";
import type { JournalHeader } from "./journal-lines.js";

/** A line of reasons.ndjson. */
export interface ReasonLine extends Omit<Reject, "at" | "parts"> {
  readonly source: string;
  readonly position: number;
  readonly line?: number;
  /** Further records that fields of the entity came from. */
  readonly parts?: readonly { readonly source: string; readonly position: number }[];
}

/**
 * Keeps those lines of reasons.ndjson that are the API's verdict on an entity which the journal calls rejected; all others come again when the sources
 * are read again. Notes in the table which entities have their reason.
 *
 * @param recall - receives the rejects that still count
 * @throws {StateError} when the file cannot be read or written
 */
export async function recallReasons(
  folder: string,
  header: JournalHeader,
  settled: SettledEntities,
  recall: (rejects: readonly Reject[]) => void,
): Promise<void> {
  const path = join(folder, "reasons.ndjson");
  if (!existsSync(path)) return;
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await openAppendFile(draft, { syncEveryMs: 200 });
  for await (const lines of readLines(path)) {
    const kept: string[] = [];
    const rejects: Reject[] = [];
    for (const text of lines) {
      const reject = confirmed(text, header, settled);
      if (reject === undefined) continue;
      kept.push(`${text}\n`);
      rejects.push(reject);
    }
    recall(rejects);
    await file.append(kept.join(""));
  }
  await file.close();
  await rename(draft, path);
}

/** Reads reasons.ndjson, without a torn line. @throws {StateError} */
export async function* readReasons(path: string): AsyncGenerator<ReasonLine> {
  for await (const lines of readLines(path))
    for (const text of lines) {
      const reason = parseReason(text);
      if (reason !== undefined) yield reason;
    }
}

/** Reads a line of reasons.ndjson; undefined when it is torn. */
function parseReason(text: string): ReasonLine | undefined {
  try {
    const value = JSON.parse(text) as ReasonLine;
    return typeof value.position === "number" && value.code in rejectCodes ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The reject of a line that still counts, its entity noted as having its reason. */
function confirmed(text: string, header: JournalHeader, settled: SettledEntities): Reject | undefined {
  const reason = parseReason(text);
  if (reason?.stage !== "write" || reason.resource === undefined) return undefined;
  const { source: name, position, line, parts: _, ...rest } = reason;
  const { resource, item = 0 } = reason;
  for (const [source, { name: other }] of header.fingerprints.sources.entries()) {
    const place = { at: { source, position }, resource, item };
    if (other !== name || !settled.lacksReason(place)) continue;
    settled.noteReason(place);
    return { ...rest, at: { source, position, ...(line !== undefined && { line }) } };
  }
  return undefined;
}
