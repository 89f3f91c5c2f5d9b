import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createCounter } from "../../../src/api/call.js";
import { ApiError, GuardError, StateError } from "../../../src/errors.js";
import { openControl } from "../../../src/recipes/run/control.js";
import { type Closing, finish } from "../../../src/recipes/run/finish.js";
import { doWork } from "../../../src/recipes/run/working.js";
import { openTimeline } from "../../../src/report/timeline.js";
import { journalFormat } from "../../../src/state/journal-lines.js";
import { openRejects } from "../../../src/state/rejects.js";
import { makeFolder } from "../../support/catalog.js";
import { memoryLedger } from "../../support/run.js";

/** An import of nodes.csv whose second record was rejected, about to be closed. */
async function closing(given: Partial<Closing["state"]> = {}) {
  const folder = await makeFolder();
  const path = join(folder, "nodes.csv");
  await writeFile(path, "id,size\na,1\nb,x\n");
  const done: string[] = [];
  const rejects = openRejects(folder, ["nodes.csv"]);
  rejects.note({ source: 0, position: 2 }, { start: 12, end: 15 });
  const header: Closing["state"]["header"] = {
    ...{ line: "import", format: journalFormat, importId: "one", command: "import", startedAt: "2026-01-01T00:00:00Z" },
    ...{ options: {}, fingerprints: { mapping: "m", target: "http://port/v1", sources: [{ name: "nodes.csv" }] } },
  };
  const { ledger } = memoryLedger();
  const { stop } = openControl({ concurrency: 4 });
  const facts: Closing = {
    ...{ command: "import", dryRun: false, mode: "merge", ledger, stop, reports: [] },
    client: { quota: () => undefined, counts: createCounter().read, warnings: () => [] },
    state: {
      ...{ importId: "one", folder, isKept: true, header, rejects },
      writeReport: async () => void done.push("report"),
      close: async (ending) => void done.push(`closed ${ending}`),
      ...given,
    },
    rejectsOf: { sources: [{ index: 0, kind: "node", path, name: path }], optionsOf: () => ({}) },
    timeline: openTimeline(() => 0),
    examples: () => ({}),
    origin: () => ({
      ...{ version: "0", mapping: "m.yaml", target: "http://port/v1", commandLine: "portload import" },
      ...{ sources: [], unmappedColumns: [] },
    }),
  };
  return { facts, done, path, ledger };
}

const worked = { durationMs: 1 };

describe("the end of an import", () => {
  it("counts as finished once its report is written, and not before", async () => {
    const { facts, done } = await closing();
    const { report, ending } = await finish(facts, worked);
    expect([ending, report.rejectFiles.map(({ records }) => records)]).toEqual(["finished", [1]]);
    expect(done).toEqual(["report", "closed finished"]);
    const full = await closing({
      writeReport: async () => {
        throw new StateError("no space left");
      },
    });
    await expect(finish(full.facts, worked)).rejects.toThrow("no space left");
    expect(full.done).toEqual(["closed unfinished"]);
  });

  it.each([
    [new GuardError("too many"), "refused", 6],
    [new ApiError("is gone", { method: "GET", url: "http://port", attempts: 8 }), "failed", 3],
    [new TypeError("a fault of ours"), "broken", 5],
  ])("reports why it could not continue: %s", async (error, ending, exitCode) => {
    const { facts, done } = await closing();
    const finished = await finish(facts, { ...worked, error });
    expect(finished).toMatchObject({ ending, error, report: { exitCode } });
    expect(done).toEqual(["report", "closed unfinished"]);
  });

  it("warns of a source that is gone, which costs only its rejects file", async () => {
    const { facts, ledger } = await closing();
    const gone = { index: 0, kind: "node", path: "/nowhere.csv", name: "/nowhere.csv" };
    const { ending, report } = await finish({ ...facts, rejectsOf: { ...facts.rejectsOf, sources: [gone] } }, worked);
    expect([ending, report.rejectFiles]).toEqual(["finished", []]);
    expect(ledger.warningGroups()).toMatchObject([{ code: "source_changed", path: "/nowhere.csv" }]);
  });

  it("fails where a rejects file cannot be written: that is not a changed source", async () => {
    const { facts, ledger, done } = await closing();
    const rejects: Closing["state"]["rejects"] = {
      ...facts.state.rejects,
      writeRejectsFile: async () => {
        throw new StateError("no space left");
      },
    };
    const { ending, error, report } = await finish({ ...facts, state: { ...facts.state, rejects } }, worked);
    expect([ending, report.exitCode, String(error)]).toEqual(["failed", 3, expect.stringContaining("no space left")]);
    expect(ledger.warningGroups()).toEqual([]);
    expect(done).toEqual(["report", "closed unfinished"]);
  });
});

describe("the work of an import", () => {
  it("stops at a failure and gives it as a value, except for the stop's own reason", async () => {
    const { stop } = openControl({ concurrency: 4 });
    const error = new Error("broke off");
    const failed = await doWork(stop, async () => {
      throw error;
    });
    expect([failed.error, stop.reason]).toEqual([error, "failed"]);
    const interrupted = openControl({ concurrency: 4, signal: AbortSignal.abort() }).stop;
    const ended = await doWork(interrupted, async () => interrupted.signal.throwIfAborted());
    expect(["error" in ended, interrupted.reason]).toEqual([false, "interrupted"]);
  });
});
