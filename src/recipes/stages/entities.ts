import type { Chunk } from "../../chunk.js";
import type { Entity, Write } from "../../entity.js";
import type { Step } from "../../order/steps.js";
import type { BoundSource } from "../../read/bind.js";
import type { KeySet } from "../../settle/keys.js";
import type { Control } from "../run/control.js";
import type { Inputs } from "../run/inputs.js";
import { groupBy } from "../run/inventory.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";

/** Entities on their way, a chunk at a time. */
export type Entities = AsyncIterable<readonly Entity[]>;
/** A stage between two others: lets entities through, and accounts for those that it keeps. */
export type EntityStage = (entities: Entities) => Entities;
/** The last stage: what is sent of each entity. */
export type WriteStage = (entities: Entities) => AsyncIterable<readonly Write[]>;

/** The stages of a step, in their order: where its entities come from, what they pass, and what is sent of them. */
export type Stages = readonly [Entities, ...EntityStage[], WriteStage];

/** What the steps of a run share. */
export interface StepJob {
  /** Relation targets first. */
  readonly steps: readonly Step[];
  readonly target: Target;
  readonly ledger: Ledger;
  readonly control: Control;
  /** Every key met so far; empty where duplicates are `off`. */
  readonly keys: KeySet;
}

/** Takes entities out of what is read of a source, before it is accounted for. */
export type LeaveOut = (source: BoundSource) => (chunk: Chunk<Entity>) => Chunk<Entity>;

/**
 * The entities of a step, in the order of the sources, then of position. A source that no earlier step needed is read now, once: what belongs to later
 * steps waits on disk, already typed and checked.
 */
export async function* entitiesOf(
  step: Step,
  inputs: Inputs,
  ledger: Ledger,
  leaveOut: LeaveOut = () => (chunk) => chunk,
): AsyncGenerator<readonly Entity[]> {
  for (const source of inputs.sources) {
    const first = Math.min(...inputs.stepsOf(source));
    if (first === step.index) yield* readEntities(source, step, inputs, ledger, leaveOut(source));
    else if (first < step.index) yield* inputs.later(step.index).drain(source.index);
    if (inputs.signal.aborted) return;
  }
}

/** Read, map, check: the way of a record up to an entity. */
async function* readEntities(
  source: BoundSource,
  step: Step,
  inputs: Inputs,
  ledger: Ledger,
  leaveOut: (chunk: Chunk<Entity>) => Chunk<Entity>,
): AsyncGenerator<readonly Entity[]> {
  const records = inputs.read(source);
  const candidates = inputs.map(source)(records);
  const entities = inputs.check(candidates);
  for await (const checked of entities) {
    const chunk = leaveOut(checked);
    await ledger.takeChunk(chunk);
    const bySteps = groupBy(chunk.items, ({ resource }) => inputs.stepOf(resource));
    for (const [later, waiting] of bySteps)
      if (later !== step.index) await inputs.later(later).append(source.index, waiting);
    const now = bySteps.get(step.index);
    if (now !== undefined) yield now;
    if (inputs.signal.aborted) return;
  }
  await inputs.onWhole(source);
}
