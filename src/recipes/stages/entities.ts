import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkEntities, wholeCheck } from "../../check/check.js";
import { type Chunk, maxChunkRecords, type Stage, shortChunkRecords } from "../../chunk.js";
import type { Candidate, Entity, Write } from "../../entity.js";
import { asksJq, type CompiledMapping, mapRecords } from "../../map/map.js";
import { type DuplicatesOf, duplicatesOf } from "../../map/mapping.js";
import { requireColumns } from "../../map/missing-columns.js";
import type { Step, StepPlan } from "../../order.js";
import type { BoundSource } from "../../read/bind.js";
import { type ReadIo, readSource } from "../../read/read.js";
import type { SourceRecord } from "../../record.js";
import type { Finding } from "../../reject.js";
import { type MergedPart, mergePart } from "../../settle/duplicates.js";
import type { KeySet } from "../../settle/keys.js";
import type { Spool } from "../../state/spool.js";
import type { State } from "../../state/state.js";
import type { Control } from "../run/control.js";
import type { Inventory } from "../run/inventory.js";
import type { Ledger } from "../run/ledger.js";
import type { Whereabouts } from "../run/working.js";
import type { Target, WriteRules } from "../target/target.js";
import { groupBy } from "./ahead.js";

/** Where entities come from: the sources, and what makes entities of their records. */
export interface Inputs {
  readonly sources: readonly BoundSource[];
  /** Reads a source once, from its beginning. */
  read(source: BoundSource): AsyncIterable<Chunk<SourceRecord>>;
  /** Makes candidates of a source's records. */
  map(source: BoundSource): Stage<SourceRecord, Candidate>;
  readonly check: Stage<Candidate, Entity>;
  /** What happens to several entities with one key, by the blueprint of their step. */
  readonly duplicatesOf: DuplicatesOf;
  /** Adds a later entity's fields to those of an earlier one of the same key. */
  merge(earlier: Entity, later: Entity): MergedPart;
  /** Judges an entity that several were made into. */
  readonly checkWhole: (entity: Entity) => readonly Finding[];
  /** Whether an entity replaces the one in the catalog, so that none of its parts may be missing. */
  readonly writesWhole: boolean;
  /** Indexes of the steps that take entities of a source. */
  stepsOf(source: BoundSource): readonly number[];
  /** Index of the step that takes the entities of a resource. */
  stepOf(resource: number): number;
  /** Entities that wait for a later step. */
  later(step: number): Spool<Entity>;
  /** Entities of a step that wait until all of them are known. */
  aside(step: number): Spool<Entity>;
  /** Records read of a source so far, by this process. */
  recordsOf(source: BoundSource): number;
  /** Called once a source is read to its end. */
  onWhole(source: BoundSource): Promise<void>;
  /** Aborted when nothing more is to be read. */
  readonly signal: AbortSignal;
}

/** What inputs are built from. */
interface InputParts {
  /** Its sources are those of the folder: copies replace what cannot be read twice. */
  readonly inventory: Inventory;
  readonly mapping: CompiledMapping;
  readonly rules: WriteRules;
  readonly plan: StepPlan;
  readonly state: State;
  readonly whereabouts: Whereabouts;
  /** How sources are opened, besides their options. */
  readonly io: ReadIo & { readonly signal: AbortSignal };
}

/** Makes the inputs of a command that reads sources through a mapping. */
export function openInputs({ inventory, mapping, rules, plan, state, whereabouts, io }: InputParts): Inputs {
  const { resources, sources, optionsOf } = inventory;
  const stepOf = new Map(resources.map((resource) => [resource.index, plan.stepOfResource(resource)]));
  const records = new Map<number, number>();
  const policyOf = duplicatesOf(inventory.mapping);
  const parts = inventory.mapping.resources.map(({ blueprint }) => policyOf(blueprint) === "merge");
  return {
    sources,
    async *read(source) {
      const chunkRecords = asksJq(mapping, source.kind) ? maxChunkRecords : shortChunkRecords;
      const onBytes = (bytes: number) => whereabouts.read(source.index, bytes);
      const copyTo = state.isKept && { copyTo: copyOf(state.folder, source) };
      const readIo = { ...io, chunkRecords, ...copyTo, onBytes };
      for await (const chunk of readSource(source, optionsOf(source), readIo)) {
        records.set(source.index, (records.get(source.index) ?? 0) + chunk.tally.read);
        yield chunk;
      }
      whereabouts.whole(source.index);
    },
    recordsOf: ({ index }) => records.get(index) ?? 0,
    map: (source) => (records) =>
      mapRecords(mapping, source.kind, source.name)(requireColumns(inventory.mapping, resources, source)(records)),
    check: checkEntities(rules.blueprints, {
      ...rules,
      unknownProperties: inventory.mapping.unknownProperties,
      isPart: (resource) => parts[resource] === true,
    }),
    duplicatesOf: policyOf,
    merge: (earlier, later) => mergePart(earlier, later, rules.blueprints.get(earlier.key.blueprint)),
    checkWhole: wholeCheck(rules.blueprints, rules),
    writesWhole: rules.mode !== "merge",
    stepsOf: ({ kind }) => resources.filter((resource) => resource.kind === kind).map(plan.stepOfResource),
    stepOf: (resource) => stepOf.get(resource) ?? plan.stepOfResource({}),
    later: (step) => state.spool(step),
    aside: (step) => state.spool(plan.steps.length + step),
    async onWhole(source) {
      const copy = copyOf(state.folder, source);
      if (existsSync(copy)) await writeFile(`${copy}.whole`, "", { mode: 0o600 });
    },
    signal: io.signal,
  };
}

/** Where a source that cannot be opened twice is copied while it is read. One that was read to its end has a file `.whole` beside its copy. */
export function copyOf(folder: string, source: Pick<BoundSource, "index">): string {
  return join(folder, "spool", `source-${source.index}`);
}

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
  /** Told where the run is. */
  readonly whereabouts: Whereabouts;
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
    // Stopped: nothing more is read, and what was just given is not written (`write`).
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
    // On to the next stage that the recipe names (`recipes/import.ts`).
    if (now !== undefined) yield now;
    if (inputs.signal.aborted) return;
  }
  await inputs.onWhole(source);
}
