import { createHash } from "node:crypto";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Entity } from "../entity.js";
import type { Deferred } from "../outcome.js";
import type { Warning } from "../warning.js";
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
  /** Whether the folder stays after the run. */
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
   * An import that can be resumed keeps the copies of sources that cannot be opened twice.
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

/** Gives the fingerprint of a text, e.g. of a mapping file: SHA-256 as hex. */
export function fingerprintText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const sampleBytes = 1024 * 1024;
/** Blocks of a file that its fingerprint covers; of a larger file so many, evenly spread, the first and the last included. */
const maxBlocks = 256;

/**
 * Gives the fingerprint of a file's content: SHA-256 as hex of its size and all of it up to 256 MiB, beyond that of 256 blocks of 1 MiB. The same on
 * every machine, whatever path and times the copy has.
 */
export async function fingerprintFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const blocks = Math.min(maxBlocks, Math.ceil(size / sampleBytes));
    const stride = blocks > 1 ? (size - sampleBytes) / (blocks - 1) : 0;
    const buffer = Buffer.alloc(Math.min(sampleBytes, size));
    hash.update(`${size}\n`);
    for (let block = 0; block < blocks; block++) {
      const start = size <= maxBlocks * sampleBytes ? block * sampleBytes : Math.round(block * stride);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
  return hash.digest("hex");
}

/** Takes userinfo, query and fragment out of an address, whatever comes before it: `kind=https://me:pw@host/a.csv?sig=x` becomes `kind=https://host/a.csv`. */
export function withoutSecrets(text: string): string {
  return text.replace(address, (_whole, scheme: string, authority: string, path: string) => {
    const host = authority.slice(authority.lastIndexOf("@") + 1);
    return `${scheme}${host}${path}`;
  });
}

/** Applies {@link withoutSecrets} to every text of a JSON value. */
export function cleanValue<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) =>
    typeof item === "string" ? withoutSecrets(item) : item,
  ) as T;
}

const address = /([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*).*/is;
