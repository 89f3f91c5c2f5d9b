import { PlanError } from "../../errors.js";
import { type PlanLine, readPlanLines } from "../../plan/plan-file.js";
import { readLines } from "../../state/files.js";

/** Reads the lines of a plan file. @throws {PlanError} for a file that is no whole plan, or cannot be read */
export async function* planLines(path: string, name = path): AsyncGenerator<PlanLine> {
  yield* readPlanLines(eachLine(path), name);
}

async function* eachLine(path: string): AsyncGenerator<string> {
  try {
    for await (const lines of readLines(path)) yield* lines;
  } catch (cause) {
    throw new PlanError((cause as Error).message, { cause, hint: "portload plan --out FILE writes a plan." });
  }
}
