import { describe, expect, it } from "vitest";
import { addMapped, addTally, balances, type Counts, noCounts } from "../../src/report/counts.js";
import { type Ending, runExitCode } from "../../src/report/exit-code.js";
import { buildReport, type ReportFacts } from "../../src/report/report.js";
import { entities, report } from "./reports.js";

const facts = (changes: Partial<ReportFacts> = {}): ReportFacts => {
  const {
    records,
    entities,
    blueprints,
    importId,
    command,
    dryRun,
    rejects,
    warnings,
    rejectFiles,
    requests,
    startedAt,
  } = report();
  return {
    counts: { records, entities, blueprints },
    ending: "finished",
    durationMs: 3400.4,
    ...{ importId, command, dryRun, rejects, warnings, rejectFiles, requests, startedAt },
    ...changes,
  };
};

describe("buildReport", () => {
  it("gives report.json whole, its keys in the contract's order", () => {
    const built = buildReport(facts());
    expect(built).toEqual(report());
    expect(Object.keys(built)).toEqual([
      "schemaVersion",
      "importId",
      "command",
      "dryRun",
      "exitCode",
      "balanced",
      "records",
      "entities",
      "blueprints",
      "rejects",
      "warnings",
      "rejectFiles",
      "requests",
      "startedAt",
      "durationMs",
      "entitiesPerSecond",
    ]);
  });

  it("reports a ledger that does not balance, with exit code 5", () => {
    const counts = addMapped(noCounts, [{ blueprint: "service" }]);
    expect(buildReport(facts({ counts }))).toMatchObject({ balanced: false, exitCode: 5 });
  });

  it("has no speed where no time passed", () => {
    expect(buildReport(facts({ durationMs: 0 })).entitiesPerSecond).toBe(0);
  });
});

describe("runExitCode", () => {
  const clean = addTally(noCounts, { read: 1, mapped: 0, skipped: 1, rejected: 0 });
  const refusedRecord = addTally(noCounts, { read: 1, mapped: 0, skipped: 0, rejected: 1 });
  const refusedEntity: Counts = { ...clean, entities: entities({ mapped: 1, rejected: 1 }) };
  const unbalanced = addTally(noCounts, { read: 1, mapped: 0, skipped: 0, rejected: 0 });
  it.each<[number, Ending, string, Counts]>([
    [0, "finished", "nothing rejected", clean],
    [1, "finished", "a record rejected", refusedRecord],
    [1, "finished", "an entity rejected", refusedEntity],
    [2, "overBudget", "a record rejected", refusedRecord],
    [3, "failed", "a record rejected", refusedRecord],
    [4, "interrupted", "nothing rejected", clean],
    [6, "refused", "a record rejected", refusedRecord],
    [5, "broken", "nothing rejected", clean],
    [5, "interrupted", "counts that do not add up", unbalanced],
    [5, "finished", "counts that do not add up", unbalanced],
  ])("is %i when an import %s with %s", (code, ending, _title, counts) => {
    const rejected = counts.records.rejected + counts.entities.rejected;
    expect(runExitCode({ ending, balanced: balances(counts), rejected })).toBe(code);
  });
});
