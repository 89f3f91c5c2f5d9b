import type { Entity, Write } from "../../entity.js";
import type { Step } from "../../order/steps.js";
import type { KeySet } from "../../settle/keys.js";
import type { Control } from "../run/control.js";
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
