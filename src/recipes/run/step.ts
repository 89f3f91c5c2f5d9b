import { checkEntities } from "../../check/check.js";
import type { Entity } from "../../entity.js";
import { mapRecords } from "../../map/map.js";
import type { BoundSource } from "../../read/bind.js";
import { readSource } from "../../read/read.js";
import { leaveOut } from "../go-on/retried.js";
import { copyOf, noteWhole } from "./copies.js";
import { groupBy } from "./group-by.js";
import type { Run } from "./run.js";
import { passesBudget } from "./stop.js";

/**
 * The entities of a step, in the order of the sources, then of position. A source that no earlier step needed is read now, once: what belongs to later
 * steps goes to their spool, already typed and checked.
 */
export async function* entitiesOfStep(run: Run, step: number): AsyncGenerator<readonly Entity[]> {
  for (const source of run.inventory.sources) {
    const first = firstStepOf(run, source);
    if (first === step) yield* readEntities(run, source, step);
    else if (first < step) yield* run.state.spool(step).drain(source.index);
    if (run.stop.reason !== undefined) return;
  }
}

/** The first step that takes an entity of a source. */
function firstStepOf({ inventory, plan }: Run, { kind }: BoundSource): number {
  const steps = inventory.resources.filter((resource) => resource.kind === kind).map(plan.stepOfResource);
  return Math.min(...steps);
}

/** Read, map, check: the way of a record up to an entity. */
async function* readEntities(run: Run, source: BoundSource, step: number): AsyncGenerator<readonly Entity[]> {
  const { options, inventory, catalog, compiled, accounts, state, stop, plan, mode, createMissing } = run;
  const records = readSource(source, inventory.optionsOf(source), {
    signal: stop.signal,
    copyTo: copyOf(state.folder, source),
    fetch: run.fetch,
    onReceipt: run.onReceipt,
    ...(run.stdin && { stdin: run.stdin }),
    ...(options.limit !== undefined && { limit: options.limit }),
  });
  const candidates = mapRecords(compiled, source.kind, source.name)(records);
  const resources = new Map(inventory.resources.map((resource) => [resource.index, resource]));
  const leftOut = leaveOut(run, source);
  for await (const checked of checkEntities(catalog, { mode, createMissing })(candidates)) {
    const chunk = leftOut(checked);
    await accounts.takeChunk(chunk);
    if (passesBudget(options.maxErrors, accounts.rejected, accounts.counts.records.read)) stop.because("overBudget");
    const byStep = groupBy(chunk.items, ({ resource }) => plan.stepOfResource(resources.get(resource) ?? {}));
    for (const [later, entities] of byStep) if (later !== step) await state.spool(later).append(source.index, entities);
    const now = byStep.get(step);
    if (now !== undefined) yield now;
    if (stop.reason !== undefined) return;
  }
  await noteWhole(state.folder, source);
}
