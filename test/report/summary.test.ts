import { describe, expect, it } from "vitest";
import { visible } from "../../src/reject.js";
import { formatSummary } from "../../src/report/summary.js";
import { formatCount, formatDuration, formatNumber, formatPlace } from "../../src/report/words.js";
import { dirtyReport, entities, report } from "./reports.js";

const facts = { mode: "merge", folder: ".portload/x", color: false } as const;

describe("formatSummary", () => {
  it("reports a clean import", () => {
    expect(formatSummary({ ...facts, report: report() })).toMatchInlineSnapshot(`
      "import    20261122T033012417Z-7f3a
      records   1,210 read, 10 skipped
      service   1,000 created, 199 merged, 1 duplicate
      requests  63 in 3.4 s, 1 sent again, 352.6 entities/s

      files
        .portload/x/report.json

      ledger  1,210 records = 1,200 mapped + 10 skipped + 0 failed
              1,200 entities = 1,000 created + 199 merged + 0 unchanged + 1 duplicate + 0 failed + 0 not attempted

      Finished: 1,000 created, 199 merged, 1 duplicate; 1,210 records accounted for.
      "
    `);
  });

  it("reports failures by cause, then warnings, files, the ledger, and how it ended last", () => {
    expect(formatSummary({ ...facts, report: dirtyReport() })).toMatchInlineSnapshot(`
      "import    20261122T033012417Z-7f3a
      records   1,010 read, 4 skipped, 6 failed
      a"b\\c     1 created, 2 merged, 1 unchanged, 1 duplicate, 2 failed, 1 not attempted
      requests  63 in 3.4 s, 1 sent again, 352.6 entities/s

      failed
        1,212  a"b\\c properties.tier: <script>alert("x")</script> | \`gold\` & co\\u000a\\u001b[31m ]]> \\ud800
           first: in & out.csv:1088, record 87
           fix:   correct the value, or add it to the enum of the blueprint
        1  the line is not valid JSON
           first: a.ndjson, record 1
           fix:   correct the line: one complete JSON object

      warnings
        3  properties.<cpu>: an expression failed
           first: a.ndjson:2, record 2
        1  kind team got no source

      files
        state/rejects/in & out.csv  1 record to correct and import again
        .portload/x/reasons.ndjson  why, one line each
        .portload/x/report.json

      ledger  1,010 records = 1,000 mapped + 4 skipped + 6 failed
              8 entities = 1 created + 2 merged + 1 unchanged + 1 duplicate + 2 failed + 1 not attempted

      Finished with 6 records and 2 entities failed, 4 entities are in the catalog as the sources have them.
      "
    `);
  });

  it("says overridden in override mode, and not merged", () => {
    const text = formatSummary({ ...facts, mode: "override", report: report() });
    expect(text).toContain("199 overridden");
    expect(text).not.toContain("merged");
  });

  it("counts one in the singular", () => {
    const one = entities({ mapped: 1, created: 1 });
    const records = { read: 1, mapped: 1, skipped: 0, rejected: 0 };
    const text = formatSummary({ ...facts, report: report({ records, entities: one, blueprints: { service: one } }) });
    expect(text).toContain("1 record = 1 mapped");
    expect(text).toContain("1 entity = 1 created");
    expect(text.trimEnd().split("\n").at(-1)).toBe("Finished: 1 created; 1 record accounted for.");
  });

  it.each([
    [
      { created: 84 },
      "84 created, 3 failed (2 of them written without what failed)",
      "84 entities are in the catalog as the sources have them, 2 more are there without what failed.",
    ],
    [{ rejected: 2 }, "2 failed (written without what failed)", "2 entities are in the catalog without what failed."],
    [
      { updated: 1, updatedInPart: 0 },
      "1 merged, 3 failed (1 of them written without what failed)",
      "1 entity is in the catalog as the sources have it, 1 more is there without what failed.",
    ],
  ])("reports what is in the catalog although it failed: %o", (more, row, last) => {
    const counts = entities({ rejected: 3, createdInPart: 1, updatedInPart: 1, ...more });
    const text = formatSummary({
      ...facts,
      report: report({ exitCode: 1, entities: counts, blueprints: { service: counts } }),
    });
    expect(text).toContain(`service   ${row}\n`);
    expect(text.trimEnd().split("\n").at(-1)).toBe(`Finished with ${counts.rejected} entities failed, ${last}`);
  });

  it("says of an undo what it took back, and of a deletion that it is in no sum", () => {
    const counts = entities({ mapped: 3, updated: 2, rejected: 1, deleted: 4 });
    const text = formatSummary({ ...facts, report: report({ command: "undo", exitCode: 1, entities: counts }) });
    expect(text).toContain(" + 0 not attempted, 4 deleted besides\n");
    expect(text.trimEnd().split("\n").at(-1)).toBe("Finished with 1 entity failed, 2 entities put back, 4 deleted.");
  });

  it.each([
    [2, "Stopped by --max-errors with 0 failed, 7 entities not attempted; resume with: portload resume x"],
    [3, "Stopped before its end, 7 entities not attempted; resume with: portload resume x"],
    [4, "Interrupted after 1,210 records, 7 entities not attempted; resume with: portload resume x"],
    [5, "The import ended in a fault of portload itself. Please report it with report.json."],
    [6, "Refused by a guard, 7 entities not attempted; resume with: portload resume x"],
  ])("ends with its own line at exit code %i", (exitCode, line) => {
    const stopped = report({ exitCode, entities: entities({ mapped: 7, notAttempted: 7 }) });
    const text = formatSummary({ ...facts, report: stopped, resume: "portload resume x" });
    expect(text.trimEnd().split("\n").at(-1)).toBe(line);
  });

  it("says of a dry run that nothing was written", () => {
    const text = formatSummary({ ...facts, report: report({ dryRun: true }) });
    expect(text).toContain("dry run: nothing was written");
    expect(text).toContain("1,199 entities would be written");
  });

  it("says when the ledger does not balance", () => {
    const text = formatSummary({ ...facts, report: report({ balanced: false, exitCode: 5 }) });
    expect(text).toContain("ledger does not balance");
    expect(text.trimEnd()).toMatch(/counts do not add up\. Please report it with report\.json\.$/);
  });

  it("reports at most 20 causes, and how many more there are", () => {
    const [cause] = dirtyReport().rejects;
    const rejects = Array.from({ length: 22 }, (_, i) => ({ ...cause, path: `p${i}` })) as never;
    const text = formatSummary({ ...facts, report: report({ rejects }) });
    expect(text.match(/first: /g)).toHaveLength(20);
    expect(text).toContain("  and 2 causes more in report.json");
  });

  it("colours only when asked, and lets no value steer the terminal", () => {
    const esc = "\u001b";
    expect(formatSummary({ ...facts, report: dirtyReport() })).not.toContain(esc);
    const colored = formatSummary({ ...facts, color: true, report: dirtyReport() });
    expect(colored).toContain(`${esc}[31mfailed${esc}[0m`);
    const sequences = colored
      .split(esc)
      .slice(1)
      .map((text) => text.slice(0, text.indexOf("m") + 1));
    expect(new Set(sequences)).toEqual(new Set(["[0m", "[1m", "[2m", "[31m", "[33m"]));
  });
});

describe("words", () => {
  it.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [1000, "1 s"],
    [59_949, "59.9 s"],
    [59_950, "1 min 0 s"],
    [245_000, "4 min 5 s"],
    [7_380_000, "2 h 3 min"],
  ])("write %i ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it("separate thousands and keep one decimal", () => {
    expect([
      formatNumber(1_234_567),
      formatNumber(12.345),
      formatCount(1, "entity"),
      formatCount(2000, "retry"),
    ]).toEqual(["1,234,567", "12.3", "1 entity", "2,000 retries"]);
  });

  it("write a place with its line where there is one", () => {
    expect(formatPlace({ source: "a.csv", line: 88, position: 1087 })).toBe("a.csv:88, record 1,087");
    expect(formatPlace({ source: "a.json", position: 1 })).toBe("a.json, record 1");
  });

  it("make control and direction signs visible", () => {
    expect(visible("a\u001b[0m\nb\u202ec é 😀\ud83d")).toBe("a\\u001b[0m\\u000ab\\u202ec é 😀\\ud83d");
  });
});
