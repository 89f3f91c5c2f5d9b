import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Entity } from "../entity.js";
import type { Deferred } from "../outcome.js";
import type { Warning } from "../warning.js";
import { cleanValue } from "./fingerprint.js";
import { makeImportFolder, makeImportId, makeStateDir, removeOldImports, writeWhole } from "./folders.js";
import { type Journal, openJournal } from "./journal.js";
import { type JournalHeader, journalFormat } from "./journal-lines.js";
import { type Lock, lapseMs, type Machine, nameOf, thisMachine } from "./lease.js";
import { describeHolder, takeLock } from "./lock.js";
import { openRejects, type Rejects } from "./rejects.js";
import { type Codec, deferredCodec, entityCodec, openSpool, type Spool } from "./spool.js";

/** The folder of one import, held by this process. */
export interface State {
  readonly importId: string;
  readonly folder: string;
  /** Whether the folder stays behind the run. */
  readonly isKept: boolean;
  readonly header: JournalHeader;
  /** What opening could not clean up. */
  readonly warnings: readonly Warning[];
  readonly journal: Journal;
  readonly rejects: Rejects;
  /** Entities that wait for a later step; the same spool for the same step. */
  spool(step: number): Spool<Entity>;
  /** What waits for a round of second writes, from 0; the same spool for the same round. */
  deferred(round: number): Spool<Deferred>;
  /** Writes report.json; where it says that nothing is left to resume, the import counts as finished. @throws {StateError} */
  writeReport(json: string): Promise<void>;
  /**
   * Syncs the journal, deletes the spool, gives up the lock. Does all of it whatever fails, then throws the first failure.
   * An import that can go on later keeps the copies of sources that cannot be opened twice.
   * @throws {StateError}
   */
  close(ending?: "finished" | "unfinished"): Promise<void>;
}

/** How to open a {@link State}. */
export interface StateOptions {
  /** Folder of import folders; made when it is missing. */
  readonly stateDir: string;
  /** What the journal's header says; addresses lose userinfo and query here. */
  readonly header: Pick<JournalHeader, "command" | "options" | "fingerprints" | "retryOf" | "undoOf">;
  /** Finished imports kept, this one included. */
  readonly keep: number;
  /** Milliseconds since 1970. Default the system's clock. */
  readonly nowMs?: () => number;
  /** 0 ≤ x < 1. */
  readonly random?: () => number;
  readonly machine?: Machine;
}

/**
 * Starts an import's folder: takes the lock of its mapping and target, makes the folder with its journal, and removes the oldest finished ones.
 *
 * @throws {GuardError} when another import of the same mapping and target runs
 * @throws {StateError} when the folder cannot be made
 */
export async function openState(options: StateOptions): Promise<State> {
  const { stateDir, keep, nowMs = Date.now, random = Math.random, machine = thisMachine() } = options;
  await makeStateDir(stateDir);
  const now = nowMs();
  const startedAt = new Date(now).toISOString();
  const importId = makeImportId(now, random);
  const facts = cleanValue(options.header);
  const header: JournalHeader = { line: "import", format: journalFormat, importId, startedAt, ...facts };
  const holder = await describeHolder(importId, startedAt, machine);
  const lock = await takeLock(stateDir, facts.fingerprints, holder, machine);
  try {
    const folder = await makeImportFolder(stateDir, header);
    const kept = await removeOldImports(stateDir, Math.max(0, keep - 1));
    const unclean = kept.map((message): Warning => ({ code: "state_unclean", message, count: 1 }));
    const warnings = [...takenOver(lock), ...unclean];
    const journal = await openJournal(join(folder, "journal.ndjson"), { mayAppend: () => lock.check() });
    return {
      ...openParts(folder, header, journal, () => lock.release()),
      importId,
      folder,
      isKept: true,
      header,
      warnings,
      journal,
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Says whose lock was taken over although it is not known to be dead. */
export function takenOver({ tookOver }: Lock): readonly Warning[] {
  if (tookOver === undefined) return [];
  const message = `took over the lock of ${nameOf(tookOver)}, which had not renewed it for ${lapseMs / 1000} s`;
  return [{ code: "state_unclean", message, count: 1 }];
}

/** Name of a copy of a source that cannot be opened twice, in the spool. */
const copyName = /^source-\d+(\.|$)/;

/** Opens what is in an import's folder beside its journal. */
export function openParts(
  folder: string,
  header: JournalHeader,
  journal: Journal,
  release: () => Promise<void>,
): Pick<State, "rejects" | "spool" | "deferred" | "writeReport" | "close"> {
  const spoolDir = join(folder, "spool");
  const names = header.fingerprints.sources.map(({ name }) => name);
  const rejects = openRejects(folder, names);
  const deferred = spoolsOf(spoolDir, (round) => `deferred${round === 0 ? "" : `-${round}`}.ndjson`, deferredCodec);
  const steps = spoolsOf(spoolDir, (step) => `${step}.ndjson`, entityCodec);
  return {
    rejects,
    deferred: deferred.of,
    spool: steps.of,
    writeReport: (json) => writeWhole(join(folder, "report.json"), json),
    close: (ending = "finished") =>
      closeAll([
        () => rejects.close(),
        () => journal.close(),
        () => deferred.close(),
        () => steps.close(),
        () => clearSpool(spoolDir, ending === "unfinished"),
        release,
      ]),
  };
}

/** Deletes the spool; with `keepCopies` all of it but the copies of sources. */
export async function clearSpool(spoolDir: string, keepCopies: boolean): Promise<void> {
  const kept = keepCopies ? (await readdir(spoolDir)).filter((name) => copyName.test(name)) : [];
  if (kept.length === 0) return await rm(spoolDir, { recursive: true, force: true });
  for (const name of await readdir(spoolDir))
    if (!kept.includes(name)) await rm(join(spoolDir, name), { recursive: true, force: true });
}

/** Spools by number, each made when it is first asked for. */
function spoolsOf<T>(folder: string, nameOf: (number: number) => string, codec: Codec<T>) {
  const spools = new Map<number, Spool<T>>();
  return {
    of(number: number): Spool<T> {
      const known = spools.get(number);
      if (known !== undefined) return known;
      const made = openSpool(join(folder, nameOf(number)), codec);
      spools.set(number, made);
      return made;
    },
    close: () => closeAll([...spools.values()].map((spool) => () => spool.close())),
  };
}

async function closeAll(parts: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) await part().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
