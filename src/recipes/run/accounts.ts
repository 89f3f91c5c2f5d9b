import type { Chunk } from "../../chunk.js";
import type { Entity } from "../../entity.js";
import type { Outcome } from "../../outcome.js";
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
  noCounts,
} from "../../report/counts.js";
import { groupCauses, type RejectGroup, type WarningGroup } from "../../report/group-causes.js";
import type { Warning } from "../../warning.js";

/** Keeps the accounts of an import: every record read and every entity mapped ends in exactly one of its counts. */
export interface Accounts {
  /** Takes what leaves check: records, entities mapped, rejects of read, map and check. */
  takeChunk(chunk: Chunk<Entity>): Promise<void>;
  /** Takes what became of entities; rejects among them are kept with their reason. */
  takeOutcomes(outcomes: readonly Outcome[]): Promise<void>;
  /** Takes what became of entities before an import stopped; the reasons of rejects among them are recalled apart. */
  takeSettled(outcomes: readonly Pick<Outcome, "is" | "key">[]): void;
  /** Takes the reasons of rejects that were kept before an import stopped. */
  recall(rejects: readonly Reject[]): void;
  /** Takes entities deleted from the catalog, which stand outside the ledger. */
  takeDeleted(blueprint: string, number: number): void;
  warn(warnings: readonly Warning[]): void;
  readonly counts: Counts;
  /** Records and entities rejected so far. */
  readonly rejected: number;
  rejectGroups(): readonly RejectGroup[];
  warningGroups(): readonly WarningGroup[];
  /** The counts at the end; of an import that stopped early, what has no verdict is not attempted. */
  close(stopped: boolean): Counts;
  /** A place in words: `services.csv:12`. */
  describe(at: Place): string;
}

/**
 * Opens the accounts.
 *
 * @param names - the sources as people know them
 * @param keep - keeps rejects: their reasons, and their records for the rejects files
 */
export function openAccounts(names: readonly string[], keep: (rejects: readonly Reject[]) => Promise<void>): Accounts {
  const causes = groupCauses(names);
  let counts = noCounts;
  const takeRejects = async (rejects: readonly Reject[]): Promise<void> => {
    if (rejects.length === 0) return;
    causes.addRejects(rejects);
    await keep(rejects);
  };
  return {
    async takeChunk({ items, rejects, warnings, tally }) {
      const refused = rejects.filter(({ stage }) => stage === "check");
      counts = addTally(counts, tally);
      counts = addMapped(counts, items.map(({ key }) => key).concat(refused.map(keyOf)));
      counts = addRejects(counts, refused);
      causes.addWarnings(warnings);
      await takeRejects(rejects);
    },
    async takeOutcomes(outcomes) {
      counts = addOutcomes(counts, outcomes);
      await takeRejects(outcomes.flatMap((outcome) => (outcome.is === "rejected" ? [outcome.reject] : [])));
    },
    takeSettled(outcomes) {
      counts = addOutcomes(counts, outcomes);
    },
    recall: (rejects) => causes.addRejects(rejects),
    takeDeleted(blueprint, number) {
      counts = addDeleted(counts, blueprint, number);
    },
    warn: (warnings) => causes.addWarnings(warnings),
    get counts() {
      return counts;
    },
    get rejected() {
      return counts.records.rejected + counts.entities.rejected;
    },
    rejectGroups: () => causes.rejects(),
    warningGroups: () => causes.warnings(),
    close: (stopped) => (stopped ? closeCounts(counts) : counts),
    describe: ({ source, position, line }) =>
      line === undefined ? `${names[source]} record ${position}` : `${names[source]}:${line}`,
  };
}

function keyOf({ blueprint = "", identifier = "" }: Reject): Entity["key"] {
  return { blueprint, identifier };
}
