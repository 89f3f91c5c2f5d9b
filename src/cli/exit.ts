import { PortloadError } from "../errors.js";
import { isOfTheMachine } from "../report/exit-code.js";

/** An error as people read it: what is wrong and what to do; an unexpected one with its stack, to be reported. */
export function describeError(error: unknown): string {
  if (error instanceof PortloadError)
    return `portload: ${error.message}${error.hint === undefined ? "" : `\n  ${error.hint}`}`;
  if (isOfTheMachine(error)) {
    const hint = error.syscall === "mkdtemp" ? "\n  Set TMPDIR to a folder that can be written." : "";
    return `portload: ${error.message}${hint}`;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `portload: internal error, please report it\n${detail}`;
}
