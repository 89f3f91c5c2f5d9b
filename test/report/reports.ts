import type { EntityCounts } from "../../src/report/counts.js";
import type { Report } from "../../src/report/report.js";

/** Counts of entities, 0 where not given. */
export function entities(changes: Partial<EntityCounts>): EntityCounts {
  const none = {
    mapped: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    duplicate: 0,
    rejected: 0,
    notAttempted: 0,
    deleted: 0,
  };
  return { ...none, ...changes };
}

/** A balanced report of an import that finished without a reject. */
export function report(changes: Partial<Report> = {}): Report {
  const counts = entities({ mapped: 1200, created: 1000, updated: 199, duplicate: 1 });
  return {
    schemaVersion: 2,
    importId: "20261122T033012417Z-7f3a",
    command: "import",
    dryRun: false,
    exitCode: 0,
    balanced: true,
    records: { read: 1210, mapped: 1200, skipped: 10, rejected: 0 },
    entities: counts,
    blueprints: { service: counts },
    rejects: [],
    warnings: [],
    rejectFiles: [],
    requests: {
      total: 63,
      retries: 1,
      rateLimited: 0,
      byStatus: { "200": 63 },
      byRoute: { token: 1, blueprints: 2, bulk: 60, single: 0, search: 0, delete: 0, other: 0 },
      bytesSent: 120_000,
    },
    startedAt: "2026-11-22T03:30:12.417Z",
    durationMs: 3400,
    entitiesPerSecond: 352.6,
    ...changes,
  };
}

/** A report with everything that can go wrong in it, and values that would break a careless form. */
export function dirtyReport(): Report {
  const counts = entities({
    mapped: 8,
    created: 1,
    updated: 2,
    unchanged: 1,
    duplicate: 1,
    rejected: 2,
    notAttempted: 1,
  });
  return report({
    exitCode: 1,
    records: { read: 1010, mapped: 1000, skipped: 4, rejected: 6 },
    entities: counts,
    blueprints: { 'a"b\\c': counts },
    rejects: [
      {
        code: "not_in_enum",
        stage: "check",
        blueprint: 'a"b\\c',
        path: "properties.tier",
        count: 1212,
        message: '<script>alert("x")</script> | `gold` & co\n\u001b[31m ]]> \ud800',
        first: { source: "in & out.csv", position: 87, line: 1088 },
      },
      {
        code: "bad_json",
        stage: "read",
        count: 1,
        message: "the line is not valid JSON",
        first: { source: "a.ndjson", position: 1 },
      },
    ],
    warnings: [
      {
        code: "expression_error",
        path: "properties.<cpu>",
        count: 3,
        message: "an expression failed",
        first: { source: "a.ndjson", position: 2, line: 2 },
      },
      { code: "kind_without_source", count: 1, message: "kind team got no source" },
    ],
    rejectFiles: [{ path: "state/rejects/in & out.csv", source: "in & out.csv", records: 1 }],
  });
}
