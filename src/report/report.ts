import type { Outcome } from "../outcome.js";
import type { RequestCounts, StatedQuota } from "../reply.js";
import { balances, type Counts, type EntityCounts, type RecordCounts } from "./counts.js";
import { type Ending, runExitCode } from "./exit-code.js";
import type { FaultGroup, RejectGroup, WarningGroup } from "./group-causes.js";
import type { TimelinePoint } from "./timeline.js";
import { failedWords, formatCount, settledWords } from "./words.js";

/** Version of the report's form. 2 adds fields; every field of 1 is as it was. */
const reportVersion = 2;

/** A file of records to be corrected. */
export interface RejectFile {
  readonly path: string;
  readonly source: string;
  readonly records: number;
}

/** A source as it was read. */
export interface ReportSource {
  /** Path or address, without user name, password and query. */
  readonly name: string;
  /** Size of a local file on disk; absent for stdin and addresses. */
  readonly bytes?: number;
  /** Records read of it by this process. */
  readonly records: number;
}

/** What an import was made with. */
export interface ReportOrigin {
  /** The program's version. */
  readonly version: string;
  /** Path of the mapping file. */
  readonly mapping: string;
  /** Address of the API. */
  readonly target: string;
  /** The command line that does the same again, without credentials. */
  readonly commandLine: string;
  readonly sources: readonly ReportSource[];
  /** Columns of the sources that no expression reads, by source. */
  readonly unmappedColumns: readonly { readonly source: string; readonly columns: readonly string[] }[];
}

/** A command to run after a run. */
export interface NextStep {
  readonly is: "retry" | "undo";
  /** What it is for, such as `To take it back`. */
  readonly purpose: string;
  /** As it is typed. */
  readonly command: string;
}

/** The machine's account of an import: report.json (docs/reliability.md). */
export interface Report extends Partial<ReportOrigin> {
  readonly schemaVersion: 2;
  readonly importId: string;
  readonly command: string;
  /** The import whose rejects this one took up. */
  readonly retryOf?: string;
  readonly dryRun: boolean;
  readonly exitCode: number;
  /** Present where `--max-errors` stopped it: a dry run ends with 1 then, as one that was not stopped. */
  readonly stoppedBy?: "maxErrors";
  readonly balanced: boolean;
  readonly records: RecordCounts;
  readonly entities: EntityCounts;
  readonly blueprints: Readonly<Record<string, EntityCounts>>;
  readonly rejects: readonly RejectGroup[];
  /** All faults by cause, further ones of one refused thing among them. */
  readonly faults?: readonly FaultGroup[];
  readonly warnings: readonly WarningGroup[];
  readonly rejectFiles: readonly RejectFile[];
  /** Commands to run next, each with its purpose; absent where there is none. */
  readonly next?: readonly NextStep[];
  readonly requests: RequestCounts;
  /** What this process did, second by second; later seconds are taken together in a long import. */
  readonly timeline?: readonly TimelinePoint[];
  /** The quota of bulk requests, as replies stated it. */
  readonly quota?: StatedQuota;
  /** A few identifiers by blueprint and outcome. */
  readonly examples?: Examples;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Created, updated and unchanged entities per second of this process, to one decimal. */
  readonly entitiesPerSecond: number;
}

/** What a report is built from. */
export interface ReportFacts {
  readonly importId: string;
  readonly command: string;
  readonly retryOf?: string;
  readonly dryRun: boolean;
  readonly ending: Ending;
  readonly counts: Counts;
  /** True where each reject is on the list of those that are known. */
  readonly allRejectsAllowed?: boolean;
  readonly rejects: readonly RejectGroup[];
  readonly faults?: readonly FaultGroup[];
  readonly warnings: readonly WarningGroup[];
  readonly rejectFiles: readonly RejectFile[];
  readonly requests: RequestCounts;
  readonly timeline?: readonly TimelinePoint[];
  readonly quota?: StatedQuota | undefined;
  readonly examples?: Examples;
  readonly origin?: ReportOrigin;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
}

/** Makes the report of an import, however it ended. Counts must be closed (`closeCounts`) when it stopped early. */
export function buildReport(facts: ReportFacts): Report {
  const { importId, command, dryRun, ending, counts, rejects, warnings, rejectFiles, requests, startedAt } = facts;
  const { records, entities, blueprints } = counts;
  const durationMs = Math.round(facts.durationMs);
  const settled = entities.created + entities.updated + entities.unchanged;
  return {
    schemaVersion: reportVersion,
    importId,
    command,
    ...(facts.retryOf !== undefined && { retryOf: facts.retryOf }),
    dryRun,
    exitCode: runExitCode({
      ending,
      balanced: balances(counts),
      rejected: facts.allRejectsAllowed === true ? 0 : records.rejected + entities.rejected,
      isTrial: dryRun && command === "import",
    }),
    ...(ending === "overBudget" && { stoppedBy: "maxErrors" }),
    balanced: balances(counts),
    records,
    entities,
    blueprints,
    rejects,
    ...(facts.faults && { faults: facts.faults }),
    warnings,
    rejectFiles,
    requests,
    ...(facts.timeline && { timeline: facts.timeline }),
    ...(facts.quota && { quota: facts.quota }),
    ...(facts.examples && { examples: facts.examples }),
    ...facts.origin,
    startedAt,
    durationMs,
    entitiesPerSecond: durationMs === 0 ? 0 : Math.round((settled * 10_000) / durationMs) / 10,
  };
}

/** Faults of what was refused for another one already, by cause. */
export function furtherFaults({
  rejects,
  faults = [],
}: {
  readonly rejects: readonly RejectGroup[];
  readonly faults?: readonly FaultGroup[];
}): readonly FaultGroup[] {
  return faults.flatMap((fault) => {
    const own = rejects.filter(
      ({ code, blueprint, path }) => code === fault.code && blueprint === fault.blueprint && path === fault.path,
    );
    const count = fault.count - own.reduce((sum, group) => sum + group.count, 0);
    return count <= 0 ? [] : [{ ...fault, count }];
  });
}

/** The code that says how an import ended: a dry run over its budget has nothing to resume, so that its exit code is 1 where an import's is 2. */
export function endingCode({ exitCode, stoppedBy }: Pick<Report, "exitCode" | "stoppedBy">): number {
  return stoppedBy === "maxErrors" && exitCode === 1 ? 2 : exitCode;
}

/** Says in one sentence how an import ended, with the tone to say it in. */
export function endingSentence(report: Report): { readonly tone: "good" | "bad" | "warn"; readonly sentence: string } {
  const { records, entities, balanced } = report;
  const done = settledWords(report);
  const left = entities.notAttempted === 0 ? "" : `; ${formatCount(entities.notAttempted, "entity")} not attempted`;
  switch (endingCode(report)) {
    case 0:
      return {
        tone: "good",
        sentence: `Finished: ${done}, and ${formatCount(records.read, "record")} ${records.read === 1 ? "is" : "are"} accounted for.`,
      };
    case 1:
      return { tone: "warn", sentence: `Finished with ${failedWords(report)}: ${done}.` };
    case 2:
      return {
        tone: "bad",
        sentence: `Stopped by the error budget with ${failedWords(report)}: ${done}${left}.`,
      };
    case 4:
      return { tone: "warn", sentence: `Interrupted after ${formatCount(records.read, "record")}: ${done}${left}.` };
    case 5:
      return {
        tone: "bad",
        sentence: `Ended in a fault of portload itself${balanced ? "" : ": its counts do not add up"}.`,
      };
    case 6:
      return { tone: "bad", sentence: `Refused by a guard: ${done}${left}.` };
    default:
      return { tone: "bad", sentence: `Stopped before its end: ${done}${left}.` };
  }
}

/** How an entity of which examples are kept ended. */
export type Kept = "created" | "updated" | "unchanged";

/** A few identifiers by blueprint and outcome. */
export type Examples = Readonly<Record<string, Readonly<Partial<Record<Kept, readonly string[]>>>>>;

const maxBlueprints = 200;
const maxOfEach = 3;

/** Keeps a few entities of each outcome, so that a report can lead to them, in memory that does not grow with the import. */
export function keepExamples(): {
  readonly take: (outcomes: readonly Pick<Outcome, "is" | "key">[]) => void;
  readonly examples: () => Examples;
} {
  const kept = new Map<string, Partial<Record<Kept, string[]>>>();
  return {
    take(outcomes) {
      for (const { is, key } of outcomes) {
        if (is !== "created" && is !== "updated" && is !== "unchanged") continue;
        let of = kept.get(key.blueprint);
        if (of === undefined) {
          if (kept.size === maxBlueprints) continue;
          of = {};
          kept.set(key.blueprint, of);
        }
        const names = of[is];
        if (names === undefined) of[is] = [key.identifier];
        else if (names.length < maxOfEach) names.push(key.identifier);
      }
    },
    examples: () => Object.fromEntries(kept),
  };
}
