import type { Write } from "../../entity.js";
import type { Step } from "../../order/steps.js";
import type { EntityStage, Stages, StepJob, WriteStage } from "./entities.js";
import { writeDeferred } from "./second-writes.js";
import { firstWrites, sendWrites } from "./write.js";

/** Runs the steps one after another, each through its stages into the target; then writes what had to wait. */
export async function runSteps(job: StepJob, stagesOf: (step: Step) => Stages): Promise<void> {
  const { steps, target, ledger, control, keys } = job;
  for (const step of steps) {
    await sendWrites(writesOf(stagesOf(step)), target, control, firstWrites(target, ledger, keys));
    if (control.stop.reason !== undefined) return;
  }
  await writeDeferred(job);
}

function writesOf([source, ...stages]: Stages): AsyncIterable<readonly Write[]> {
  const last = stages.at(-1) as WriteStage;
  return last((stages.slice(0, -1) as EntityStage[]).reduce((entities, stage) => stage(entities), source));
}
