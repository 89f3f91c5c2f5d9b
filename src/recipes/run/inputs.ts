import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkEntities } from "../../check/check.js";
import { type Chunk, maxChunkRecords, type Stage, shortChunkRecords } from "../../chunk.js";
import type { Candidate, Entity } from "../../entity.js";
import { requireColumns } from "../../map/keys-read.js";
import { asksJq, type CompiledMapping, mapRecords } from "../../map/map.js";
import type { StepPlan } from "../../order/steps.js";
import type { BoundSource } from "../../read/bind.js";
import { type ReadIo, readSource } from "../../read/read.js";
import type { SourceRecord } from "../../record.js";
import type { DuplicatePolicy } from "../../settle/duplicates.js";
import type { Spool } from "../../state/spool.js";
import type { State } from "../../state/state.js";
import type { WriteRules } from "../target/target.js";
import type { Inventory } from "./inventory.js";

/** Where entities come from: the sources, and what makes entities of their records. */
export interface Inputs {
  readonly sources: readonly BoundSource[];
  /** Reads a source once, from its beginning. */
  read(source: BoundSource): AsyncIterable<Chunk<SourceRecord>>;
  /** Makes candidates of a source's records. */
  map(source: BoundSource): Stage<SourceRecord, Candidate>;
  readonly check: Stage<Candidate, Entity>;
  readonly duplicates: DuplicatePolicy;
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

/** What inputs are made of. */
export interface InputParts {
  /** Its sources are those of the folder: copies stand in for what cannot be read twice. */
  readonly inventory: Inventory;
  readonly mapping: CompiledMapping;
  readonly rules: WriteRules;
  readonly plan: StepPlan;
  readonly state: State;
  /** How sources are opened, besides their options. */
  readonly io: ReadIo & { readonly signal: AbortSignal };
}

/** Makes the inputs of a command that reads sources through a mapping. */
export function openInputs({ inventory, mapping, rules, plan, state, io }: InputParts): Inputs {
  const { resources, sources, optionsOf } = inventory;
  const stepOf = new Map(resources.map((resource) => [resource.index, plan.stepOfResource(resource)]));
  const records = new Map<number, number>();
  return {
    sources,
    async *read(source) {
      const chunkRecords = asksJq(mapping, source.kind) ? maxChunkRecords : shortChunkRecords;
      const readIo = { ...io, chunkRecords, copyTo: copyOf(state.folder, source) };
      for await (const chunk of readSource(source, optionsOf(source), readIo)) {
        records.set(source.index, (records.get(source.index) ?? 0) + chunk.tally.read);
        yield chunk;
      }
    },
    recordsOf: ({ index }) => records.get(index) ?? 0,
    map: (source) => (records) =>
      mapRecords(mapping, source.kind, source.name)(requireColumns(inventory.mapping, resources, source)(records)),
    check: checkEntities(rules.blueprints, { ...rules, unknownProperties: inventory.mapping.unknownProperties }),
    duplicates: inventory.mapping.duplicates,
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
