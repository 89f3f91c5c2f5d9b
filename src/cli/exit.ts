import { GuardError, InternalError, PortloadError, UsageError } from "../errors.js";

/** What each exit code means; the docs have a row for each. */
export const exitCodes = {
  0: "every record is accounted for, none rejected",
  1: "finished, some rejected (rejects file written)",
  2: "stopped by the error budget; can be resumed",
  3: "could not run or go on: mapping, credentials, blueprint, input, API gone after all retries",
  4: "interrupted; the resume command is printed",
  5: "internal error, or the ledger does not balance",
  6: "refused by a guard: deletions, drifted plan, a running import of the same mapping and target",
  10: "plan --detailed-exitcode: there are changes",
  64: "wrong usage",
} as const;

/** A code of {@link exitCodes}. */
export type ExitCode = keyof typeof exitCodes;

/** The exit code of an error that ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return 64;
  if (error instanceof GuardError) return 6;
  if (error instanceof InternalError) return 5;
  return error instanceof PortloadError || isOfTheMachine(error) ? 3 : 5;
}

/** A file or folder that the machine does not give, wherever it was met. */
function isOfTheMachine(error: unknown): error is NodeJS.ErrnoException {
  const { code = "", path } = error as NodeJS.ErrnoException;
  return error instanceof Error && path !== undefined && machineFaults.has(code);
}

const machineFaults = new Set("ENOENT ENOTDIR EACCES EPERM EROFS ENOSPC EDQUOT EMFILE ENAMETOOLONG EISDIR".split(" "));

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
