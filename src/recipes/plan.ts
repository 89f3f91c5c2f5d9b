import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../outcome.js";
import type { Reject } from "../reject.js";
import { forecastClient } from "./plan/forecast-client.js";
import { openPlanWriter } from "./plan/writer.js";
import { findStale } from "./prune/prune.js";
import { pruneScope } from "./prune/scope.js";
import type { ImportContext } from "./run/context.js";
import type { Finished } from "./run/finish.js";
import type { Run } from "./run/run.js";
import { startRun } from "./run/start-run.js";
import { type PlanOptions, planOptions, resolveOptions } from "./sync/options.js";
import { refusals, syncAll } from "./sync.js";

/** A plan that was made, or why it could not be made. */
export interface Planned extends Finished {
  /** The plan file, in a folder of its own; absent where the sources were not read to their end or a guard refused. */
  readonly file?: string;
  /** Removes the file and its folder. */
  discard(): Promise<void>;
}

/**
 * Finds out what a sync would do, and writes nothing to the catalog: the very sync, with a client that answers writes by forecast.
 *
 * The report's created, updated and rejected are forecasts; `deleted` is 0. Leaves no import folder.
 *
 * @throws as `runSync` does
 */
export async function runPlan(given: PlanOptions, context: ImportContext = {}): Promise<Planned> {
  const { out: _, detailedExitcode: __, ...options } = resolveOptions(planOptions, given);
  const folder = await mkdtemp(join(tmpdir(), "portload-plan-"));
  const discard = () => rm(folder, { recursive: true, force: true });
  const file = join(folder, "plan.ndjson");
  const made: { file?: string } = {};
  try {
    const kind = { command: "plan", dryRun: true, stateDir: folder, ...refusals(options) };
    const finished = await startRun(options, context, kind, async (run) => {
      const writer = await openPlanWriter(folder);
      try {
        const planned = forecasting(run, writer.reject);
        const scope = pruneScope(run.inventory);
        await syncAll(planned, scope, writer.add);
        if (run.stop.reason !== undefined) return;
        if (options.prune) await writer.remove(run, await findStale(planned, scope, options.maxDelete));
        await writer.finish(run, file);
        made.file = file;
      } finally {
        await writer.close();
      }
    });
    return { ...finished, ...made, discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** The same run with a client that only forecasts; hears of every entity that is rejected on the way. */
function forecasting(run: Run, onReject: (reject: Reject) => void): Run {
  const accounts: Run["accounts"] = Object.assign(Object.create(run.accounts) as Run["accounts"], {
    async takeOutcomes(outcomes: readonly Outcome[]) {
      for (const outcome of outcomes) if (outcome.is === "rejected") onReject(outcome.reject);
      await run.accounts.takeOutcomes(outcomes);
    },
  });
  return { ...run, accounts, client: forecastClient(run) };
}
