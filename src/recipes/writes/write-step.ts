import { type Batch, type Deferred, type Outcome, placeOf, type Write } from "../../entity.js";
import type { JournalReply } from "../../state/journal-lines.js";
import { placeName } from "../../state/reopen.js";
import { batchWrites } from "../../write/batch.js";
import type { Settled } from "../../write/exchange.js";
import { writeBatches } from "../../write/write.js";
import { groupBy } from "../run/group-by.js";
import type { Run } from "../run/run.js";
import { passesBudget } from "../run/stop.js";
import { clearFields, withoutClears } from "./clear-fields.js";

/** What a reply means for the writes of one step or round. */
export interface StepVerdicts {
  /** Final outcomes. */
  readonly outcomes: readonly Outcome[];
  /** What waits for the (next) round of second writes. */
  readonly deferred: readonly Deferred[];
}

/**
 * Sends writes in batches, and settles each reply before its place in flight is free: reasons, deferred ones, journal, then the counts.
 *
 * @param judge - tells outcomes from what waits on
 * @param round - the round of second writes that takes what waits
 */
export async function writeStep(
  run: Run,
  writes: AsyncIterable<readonly Write[]>,
  judge: (settled: readonly Settled[]) => StepVerdicts,
  round: number,
): Promise<void> {
  const { accounts, keys, options, state, stop, width } = run;
  await writeBatches(batchWrites(writes), {
    width,
    signal: stop.signal,
    onFailure: () => stop.because("failed"),
    send: (batch) => send(run, batch),
    lookUp: (blueprint, identifiers) => run.client.lookUp(blueprint, identifiers),
    sleep: (ms) => run.clock.sleep(ms, stop.signal).catch(() => undefined),
    async settle(_, written) {
      const settled = await clearFields(run, written);
      const { outcomes, deferred } = judge(settled);
      for (const { write, verdict } of written) {
        if (verdict.is !== "created" && verdict.is !== "updated") continue;
        const entry = keys.find(write.entity.key);
        if (entry >= 0) keys.acknowledge(entry);
      }
      for (const [source, items] of groupBy(deferred, ({ entity }) => entity.at.source))
        await state.deferred(round).append(source, items);
      await accounts.takeOutcomes(outcomes);
      await state.journal.append({ line: "reply", settled: journaled(settled, outcomes) });
      if (passesBudget(options.maxErrors, accounts.rejected, accounts.counts.records.read)) stop.because("overBudget");
    },
  });
}

/** What the journal keeps: the outcome where there is one, else how far the entity came. A write that leaves relations out is a first one, whichever its round. */
function journaled(settled: readonly Settled[], outcomes: readonly Outcome[]): JournalReply["settled"] {
  const final = new Map(outcomes.map((outcome) => [placeName(outcome), outcome.is]));
  return settled.map(({ write, verdict }) => {
    const is = final.get(placeName(write.entity));
    return {
      ...placeOf(write.entity),
      is: is === "created" || is === "updated" || is === "rejected" ? is : verdict.is,
      pass: is === undefined && write.deferred !== undefined ? "first" : write.pass,
    };
  });
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

/** Verdicts of first writes: one that left relations out waits for its second; one refused for a missing target waits for what the end knows. */
export function judgeFirst(settled: readonly Settled[]): StepVerdicts {
  const outcomes: Outcome[] = [];
  const deferred: Deferred[] = [];
  for (const { write, verdict } of settled) {
    const entity = write.deferred?.entity ?? write.entity;
    if (verdict.is === "unmet") deferred.push({ entity, waiting: [] });
    else if (verdict.is === "rejected") outcomes.push({ ...placeOf(entity), is: "rejected", reject: verdict.reject });
    else if (write.deferred !== undefined)
      deferred.push({ entity: withoutClears(entity), waiting: write.deferred.waiting, first: verdict.is });
    else outcomes.push({ ...placeOf(entity), is: verdict.is });
  }
  return { outcomes, deferred };
}
