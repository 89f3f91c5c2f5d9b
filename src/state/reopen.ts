import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { StateError } from "../errors.js";
import { type Reject, rejectCodes } from "../reject.js";
import { openAppendFile, readLines, stateError } from "./files.js";
import { writeWhole } from "./folders.js";
import { type JournalSummary, openJournal, readJournal, readSettled, type SettledEntities } from "./journal.js";
import { encodeJournalLine, type JournalHeader, type JournalLine, sealLine } from "./journal-lines.js";
import { type Machine, thisMachine } from "./lease.js";
import { describeHolder, takeLock } from "./lock.js";
import { cleanValue, clearSpool, openParts, type State, takenOver } from "./state.js";

/** The folder of a resumed import, with what it did before. */
export interface ReopenedState extends State, JournalSummary {}

/** How to reopen a folder. */
export interface ReopenOptions {
  readonly stateDir: string;
  readonly folder: string;
  readonly header: JournalHeader;
  /** What is different now and was accepted; it replaces the header's. */
  readonly changed?: Pick<JournalHeader, "options" | "fingerprints">;
  /** Sources of which nothing counts as settled, since they or the mapping changed. */
  readonly voided: (source: number) => boolean;
  /** Receives the API's rejects that still count. */
  readonly recall: (rejects: readonly Reject[]) => void;
  readonly machine?: Machine;
}

/**
 * Reopens an import's folder where it stopped: cuts off a torn end, reads the journal, keeps the reasons that it confirms, and clears away what only the
 * process that ended could use.
 *
 * @throws {GuardError} while the import, or another of its mapping and target, runs
 * @throws {StateError} when the folder cannot be read or written
 */
export async function reopenState(options: ReopenOptions): Promise<ReopenedState> {
  const { stateDir, folder, machine = thisMachine() } = options;
  const { importId, startedAt } = options.header;
  const holder = await describeHolder(importId, startedAt, machine);
  const lock = await takeLock(stateDir, options.header.fingerprints, holder, machine);
  try {
    const journalPath = join(folder, "journal.ndjson");
    await cutTornEnd(journalPath);
    const header = { ...options.header, ...(options.changed && cleanValue(options.changed)) };
    if (options.changed !== undefined) await rewriteJournal(journalPath, header, options.voided);
    const { settled, inDoubt } = await readSettled(journalPath);
    await recallReasons(folder, header, settled, options.recall);
    await clearAway(folder);
    const journal = await openJournal(journalPath, { mayAppend: () => lock.check() });
    const parts = openParts(folder, header, journal, () => lock.release());
    const facts = { importId, folder, isKept: true, header };
    return { ...parts, ...facts, warnings: takenOver(lock), journal, settled, inDoubt };
  } catch (error) {
    await lock.release();
    throw stateError(folder, error);
  }
}

/** A line that a power cut or a kill tore was never acknowledged: cut it off, so that the next one is a line of its own. */
async function cutTornEnd(path: string): Promise<void> {
  const handle = await open(path, "r");
  let end: number;
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(64 * 1024);
    end = 0;
    for (let from = size; from > 0 && end === 0; ) {
      const start = Math.max(0, from - buffer.length);
      const { bytesRead } = await handle.read(buffer, 0, from - start, start);
      end = start + buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      if (end === start) end = 0;
      from = start;
    }
    if (end === size) return;
  } finally {
    await handle.close();
  }
  if (end === 0) throw new StateError(`${path}: the journal has no header`);
  await truncate(path, end);
}

/** Writes the journal again with another header, and without what no longer counts. */
async function rewriteJournal(path: string, header: JournalHeader, voided: (source: number) => boolean): Promise<void> {
  const lines: string[] = [sealLine(encodeJournalLine(header))];
  for await (const line of readJournal(path)) {
    const kept = line.line === "import" ? undefined : withoutVoided(line, voided);
    if (kept !== undefined) lines.push(sealLine(encodeJournalLine(kept)));
  }
  await writeWhole(path, `${lines.join("\n")}\n`);
}

function withoutVoided(line: JournalLine, voided: (source: number) => boolean): JournalLine | undefined {
  if (line.line === "reply") {
    const settled = line.settled.filter(({ at }) => !voided(at.source));
    return settled.length === 0 ? undefined : { ...line, settled };
  }
  if (line.line !== "sent") return line;
  const entities = line.entities.filter(([source]) => !voided(source));
  return entities.length === 0 ? undefined : { ...line, entities };
}

/** A report says that an import is finished, and spools are read by the process alone that wrote them. Rejects files may have been corrected by now: they are set aside. */
async function clearAway(folder: string): Promise<void> {
  await rm(join(folder, "report.json"), { force: true });
  await mkdir(join(folder, "spool"), { recursive: true, mode: 0o700 });
  await clearSpool(join(folder, "spool"), true);
  await mkdir(join(folder, "spool"), { recursive: true, mode: 0o700 });
  const rejects = join(folder, "rejects");
  if (!existsSync(rejects)) return;
  const before = (await readdir(folder)).filter((name) => name.startsWith("rejects.")).length;
  await rename(rejects, join(folder, `rejects.${before + 1}`));
}

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
