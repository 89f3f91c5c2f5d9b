import { balances, type Counts, type EntityCounts, type RecordCounts } from "./counts.js";
import { type Ending, exitCodeOf } from "./exit-code.js";
import type { RejectGroup, WarningGroup } from "./group-causes.js";

/** Version of the report's form. */
export const reportVersion = 1;

/** HTTP exchanges of this process; `total` counts attempts. */
export interface RequestCounts {
  readonly total: number;
  readonly retries: number;
  readonly rateLimited: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byRoute: Readonly<
    Record<"token" | "blueprints" | "bulk" | "single" | "search" | "delete" | "other", number>
  >;
  readonly bytesSent: number;
}

/** A file of records to be corrected. */
export interface RejectFile {
  readonly path: string;
  readonly source: string;
  readonly records: number;
}

/** The machine's account of an import: report.json. @source contract, "The state folder" */
export interface Report {
  readonly schemaVersion: typeof reportVersion;
  readonly importId: string;
  readonly command: string;
  /** The import whose rejects this one took up. */
  readonly retryOf?: string;
  readonly dryRun: boolean;
  readonly exitCode: number;
  readonly balanced: boolean;
  readonly records: RecordCounts;
  readonly entities: EntityCounts;
  readonly blueprints: Readonly<Record<string, EntityCounts>>;
  readonly rejects: readonly RejectGroup[];
  readonly warnings: readonly WarningGroup[];
  readonly rejectFiles: readonly RejectFile[];
  readonly requests: RequestCounts;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Created, updated and unchanged entities per second of this process, to one decimal. */
  readonly entitiesPerSecond: number;
}

/** What a report is made of. */
export interface ReportFacts {
  readonly importId: string;
  readonly command: string;
  readonly retryOf?: string;
  readonly dryRun: boolean;
  readonly ending: Ending;
  readonly counts: Counts;
  readonly rejects: readonly RejectGroup[];
  readonly warnings: readonly WarningGroup[];
  readonly rejectFiles: readonly RejectFile[];
  readonly requests: RequestCounts;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
}

/** Makes the report of an import that came to an end, whichever. Counts must be closed (`closeCounts`) when it stopped early. */
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
    exitCode: exitCodeOf(ending, counts, dryRun && command === "import"),
    balanced: balances(counts),
    records,
    entities,
    blueprints,
    rejects,
    warnings,
    rejectFiles,
    requests,
    startedAt,
    durationMs,
    entitiesPerSecond: durationMs === 0 ? 0 : Math.round((settled * 10_000) / durationMs) / 10,
  };
}
