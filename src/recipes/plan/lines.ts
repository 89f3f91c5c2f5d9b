import { type PlanLine, readPlanLines } from "../../plan/plan-file.js";
import { readLines } from "../../state/read-lines.js";

/** Reads the lines of a plan file. @throws {PlanError} for a file that is no whole plan; {@link StateError} when it cannot be read */
export async function* planLines(path: string, name = path): AsyncGenerator<PlanLine> {
  yield* readPlanLines(eachLine(path), name);
}

async function* eachLine(path: string): AsyncGenerator<string> {
  for await (const lines of readLines(path)) yield* lines;
}
