import type { Batch, Write } from "../../entity.js";
import { type Deferred, type Outcome, placeOf } from "../../outcome.js";
import type { Settled } from "../../state/journal-lines.js";
import type { Verdict } from "../../verdict.js";
import { batchWrites } from "../../write/batch.js";
import { outcomeOf } from "../../write/outcome.js";
import { writeBatches } from "../../write/write.js";
import { groupBy } from "../run/group-by.js";
import type { Run } from "../run/run.js";
import { passesBudget } from "../run/stop.js";
import { clearFields, type Ends } from "./clear-fields.js";

/**
 * Sends writes in batches, and settles each reply before its place in flight is free: reasons, deferred ones, journal, then the counts.
 *
 * @param endOf - what a verdict means for a write: an outcome, or that it waits
 * @param round - the round of second writes that takes what waits
 */
export async function writeStep(
  run: Run,
  writes: AsyncIterable<readonly Write[]>,
  endOf: (write: Write, verdict: Verdict) => Outcome | Deferred = outcomeOf,
  round = 0,
): Promise<void> {
  const { accounts, keys, options, state, stop, width } = run;
  await writeBatches(batchWrites(writes), {
    width,
    signal: stop.signal,
    onFailure: () => stop.because("failed"),
    send: (batch) => send(run, batch),
    lookUp: (blueprint, identifiers) => run.client.lookUp(blueprint, identifiers),
    serverNow: () => run.client.serverNow(),
    blueprint: (identifier) => run.catalog.get(identifier),
    sleep: (ms) => run.clock.sleep(ms, stop.signal).catch(() => undefined),
    async settle(verdicts) {
      const judged: Ends = new Map([...verdicts].map(([write, verdict]) => [write, endOf(write, verdict)]));
      const ends = [...(await clearFields(run, verdicts, judged)).values()];
      for (const [write, verdict] of verdicts) {
        if (verdict.is !== "created" && verdict.is !== "updated") continue;
        const entry = keys.find(write.entity.key);
        if (entry >= 0) keys.acknowledge(entry);
      }
      const deferred = ends.filter((end) => end.is === "deferred");
      for (const [source, items] of groupBy(deferred, ({ entity }) => entity.at.source))
        await state.deferred(round).append(source, items);
      await accounts.takeOutcomes(ends.filter((end) => end.is !== "deferred"));
      await state.journal.append({ line: "reply", settled: ends.flatMap(journaled) });
      if (passesBudget(options.maxErrors, accounts.rejected, accounts.counts.records.read)) stop.because("overBudget");
    },
  });
}

/** What the journal keeps of what a reply settled. */
function journaled(end: Outcome | Deferred): readonly Settled[] {
  if (end.is === "deferred")
    return [{ ...placeOf(end.entity), is: "deferred", ...(end.first !== undefined && { first: end.first }) }];
  const { at, resource, item, is } = end;
  return is === "created" || is === "updated" || is === "rejected" ? [{ at, resource, item, is }] : [];
}

/** Mode create must not be repeated blindly, not even by an import that goes on: what is sent is noted before. */
async function noteSent({ client, state }: Run, { mode, writes }: Batch): Promise<void> {
  if (mode !== "create") return;
  const atMs = client.serverNow();
  const entities = writes.map(
    ({ entity: { at, resource, item } }) => [at.source, at.position, resource, item] as const,
  );
  await state.journal.append({ line: "sent", entities, ...(atMs !== undefined && { atMs }) });
}

async function send(run: Run, batch: Batch) {
  const { client, createMissing, options, state } = run;
  await noteSent(run, batch);
  const entities = batch.writes.flatMap(({ entity: { at, resource, item, key }, before }) =>
    before === undefined ? [] : [{ at, resource, item, blueprint: key.blueprint, before }],
  );
  if (entities.length > 0) await state.journal.append({ line: "before", entities });
  const items = batch.writes.map(({ entity }) => entity.json);
  const flags = { mode: batch.mode, createMissing, ...(options.runId !== undefined && { runId: options.runId }) };
  return client.upsertBulk(batch.blueprint, items, flags);
}
