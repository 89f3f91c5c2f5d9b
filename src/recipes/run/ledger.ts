import type { Chunk } from "../../chunk.js";
import type { Entity, Key } from "../../entity.js";
import type { Deferred, Outcome } from "../../outcome.js";
import type { Place } from "../../record.js";
import type { Reject } from "../../reject.js";
import {
  addDeleted,
  addMapped,
  addOutcomes,
  addRejects,
  addTally,
  type Counts,
  closeCounts,
  type Ended,
  noCounts,
} from "../../report/counts.js";
import {
  type Causes,
  type FaultGroup,
  groupCauses,
  type RejectGroup,
  type WarningGroup,
} from "../../report/group-causes.js";
import { createKeySet } from "../../settle/keys.js";
import type { Journal } from "../../state/journal.js";
import type { Rejects } from "../../state/rejects.js";
import type { Spool } from "../../state/spool.js";
import type { Warning } from "../../warning.js";

/** Keeps the accounts of an import: every record read and every entity mapped ends in exactly one of its counts. */
export interface Ledger {
  /** Takes what leaves check: records, entities mapped, rejects of read, map and check. */
  takeChunk(chunk: Chunk<Entity>): Promise<void>;
  /** Takes what became of entities; rejects among them are kept with their reason. */
  takeOutcomes(outcomes: readonly Outcome[]): Promise<void>;
  /** Takes what became of entities before an import stopped; the reasons of rejects among them are kept already. */
  takeSettled(settled: readonly ({ readonly entity: Entity } & Omit<Ended, "key">)[]): void;
  /** Takes entities deleted from the catalog, which are outside the balance. */
  takeDeleted(blueprint: string, number: number): void;
  warn(warnings: readonly Warning[]): void;
  /** Adds a line to the journal (its form: state/journal-lines.ts, with a checksum), on its way to the disk within 200 ms. Wait for it before whatever relies on it. @throws {StateError} */
  readonly journal: Journal["append"];
  /** What waits for a round of second writes, from 0; the same spool for the same round. */
  waiting(round: number): Spool<Deferred>;
  /** Notes that a write was refused for a missing target. */
  noteLackingTarget(): void;
  /** Whether one was. */
  readonly lacksTargets: boolean;
  readonly counts: Counts;
  /** Records and entities rejected so far. */
  readonly rejected: number;
  /** Where an entity of this key was rejected first, by whatever stage; undefined where none was. */
  rejectedAt(key: Key): Place | undefined;
  /** Whether what a certain record gave for this key was rejected; another record may give it all the same. */
  isRejected(key: Key, at: Place): boolean;
  /** A place in words: `services.csv:12`. */
  describe(at: Place): string;
  rejectGroups(): readonly RejectGroup[];
  faultGroups(): readonly FaultGroup[];
  warningGroups(): readonly WarningGroup[];
  /** The counts at the end, for the report (`finish.ts`); of an import that stopped early, what has no verdict is not attempted. */
  close(stopped: boolean): Counts;
}

/** Called with all that the ledger takes. A run has hooks for its error budget, its report and its caller (`open-run.ts`); `explain` alone changes an outcome, by what it adds to the message of a reject. */
export interface LedgerHooks {
  /** Receives every reject, whichever stage it is of. */
  readonly onRejects?: (rejects: readonly Reject[]) => unknown;
  /** Gives the outcomes with more detail, before anything else receives them. */
  readonly explain?: (outcomes: readonly Outcome[]) => Promise<readonly Outcome[]>;
  /** Receives what became of entities. */
  readonly onOutcomes?: (outcomes: readonly Outcome[]) => unknown;
  /** Receives the sums after each chunk of records and each set of outcomes, whichever stage they are of. */
  readonly onCounts?: (counts: { readonly rejected: number; readonly read: number }) => void;
}

/** Where a ledger keeps what must outlive the process. */
export interface LedgerFiles {
  readonly journal: Pick<Journal, "append">;
  readonly rejects: Pick<Rejects, "add" | "note">;
  deferred(round: number): Spool<Deferred>;
}

/**
 * Opens a ledger.
 *
 * @param names - the sources as people know them
 * @param hooks - all that receive what the ledger takes
 * @param causes - groups that may hold what an import rejected before it stopped
 */
export function openLedger(
  names: readonly string[],
  { journal, rejects: reasons, deferred }: LedgerFiles,
  hooks: readonly LedgerHooks[] = [],
  causes: Causes = groupCauses(names),
): Ledger {
  const refused = createKeySet();
  let counts = noCounts;
  let lacksTargets = false;
  const sumRejected = (): number => counts.records.rejected + counts.entities.rejected;
  const placed = ({ blueprint, identifier }: Key, { source, position }: Place): Key => ({
    blueprint,
    identifier: `${source}:${position} ${identifier}`,
  });
  function refuse(key: Key, at: Place): void {
    refused.add(key, at, 0);
    refused.add(placed(key, at), at, 0);
  }
  async function takeRejects(rejects: readonly Reject[]): Promise<void> {
    if (rejects.length > 0) {
      // What the report shows of rejects: grouped by cause, with the first few places.
      causes.addRejects(rejects);
      for (const { blueprint, identifier, at } of rejects)
        if (blueprint !== undefined && identifier !== undefined) refuse({ blueprint, identifier }, at);
      for (const { onRejects } of hooks) await onRejects?.(rejects);
      // One line of reasons.ndjson each (`encodeReason`, state/rejects.ts); the records themselves are copied into rejects files at the end.
      await reasons.add(rejects);
    }
    for (const { onCounts } of hooks) onCounts?.({ rejected: sumRejected(), read: counts.records.read });
  }
  return {
    async takeChunk({ items, rejects, warnings, tally }) {
      const checked = rejects.filter(({ stage }) => stage === "check");
      counts = addTally(counts, tally);
      counts = addMapped(counts, items.map(({ key }) => key).concat(checked.map(keyOf)));
      counts = addRejects(counts, checked);
      causes.addWarnings(warnings);
      await takeRejects(rejects);
    },
    async takeOutcomes(given) {
      let outcomes = given;
      for (const { explain } of hooks) if (explain !== undefined) outcomes = await explain(outcomes);
      // Counts each outcome (created, rejected, …): in all, and for its blueprint.
      counts = addOutcomes(counts, outcomes);
      for (const { onOutcomes } of hooks) await onOutcomes?.(outcomes);
      await takeRejects(outcomes.flatMap((outcome) => (outcome.is === "rejected" ? [outcome.reject] : [])));
    },
    takeSettled(settled) {
      counts = addOutcomes(
        counts,
        settled.map(({ entity: { key }, ...ended }) => ({ key, ...ended })),
      );
      for (const { entity, is } of settled) {
        if (is !== "rejected") continue;
        for (const { at, span } of [entity, ...(entity.parts ?? [])]) reasons.note(at, span);
        refuse(entity.key, entity.at);
      }
    },
    takeDeleted(blueprint, number) {
      counts = addDeleted(counts, blueprint, number);
    },
    warn: (warnings) => causes.addWarnings(warnings),
    journal: (line) => journal.append(line),
    waiting: deferred,
    noteLackingTarget() {
      lacksTargets = true;
    },
    get lacksTargets() {
      return lacksTargets;
    },
    get counts() {
      return counts;
    },
    get rejected() {
      return sumRejected();
    },
    rejectedAt(key) {
      const entry = refused.find(key);
      return entry < 0 ? undefined : refused.place(entry);
    },
    isRejected: (key, at) => refused.find(placed(key, at)) >= 0,
    describe: ({ source, position, line }) =>
      line === undefined ? `${names[source]} record ${position}` : `${names[source]}:${line}`,
    rejectGroups: () => causes.rejects(),
    faultGroups: () => causes.faults(),
    warningGroups: () => causes.warnings(),
    close: (stopped) => (stopped ? closeCounts(counts) : counts),
  };
}

function keyOf({ blueprint = "", identifier = "" }: Reject): Key {
  return { blueprint, identifier };
}
