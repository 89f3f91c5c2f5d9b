import { GuardError, InternalError, PortloadError, UsageError } from "../errors.js";

/** What each exit code means; the docs have a row for each. */
export const exitCodes = {
  0: "every record is accounted for, none rejected",
  1: "finished, some rejected (rejects file written)",
  2: "stopped by the error budget; can be resumed",
  3: "could not run or continue: mapping, credentials, blueprint, input, API gone after all retries",
  4: "interrupted; the resume command is printed",
  5: "internal error, or the ledger does not balance",
  6: "refused by a guard: deletions, drifted plan, a running import of the same mapping and target",
  10: "plan --detailed-exitcode: there are changes",
  64: "wrong usage",
} as const;

/** A code of {@link exitCodes}. */
export type ExitCode = keyof typeof exitCodes;

/** How an import ended, apart from its counts. */
export type Ending =
  /** Every source was read to its end. */
  | "finished"
  /** A signal asked for it. */
  | "interrupted"
  /** It could not continue: source, blueprint, credentials, API. */
  | "failed"
  /** More rejects than `maxErrors` allows. */
  | "overBudget"
  /** A guard refused. */
  | "refused"
  /** A fault of this program. */
  | "broken";

/** What the exit code of a run depends on. */
export interface RunFacts {
  readonly ending: Ending;
  /** Whether the ledger balances. */
  readonly balanced: boolean;
  /** Rejects that count. */
  readonly rejected: number;
  /** A dry run over its budget has nothing to resume: 1, not 2. */
  readonly isTrial?: boolean;
}

/** Gives the exit code of a run, which has one ending: 5 where the ledger does not balance, else that of its ending, and 1 where it finished with rejects. */
export function runExitCode({ ending, balanced, rejected, isTrial = false }: RunFacts): ExitCode {
  if (!balanced) return codes.broken;
  if (ending === "overBudget" && isTrial) return 1;
  return ending === "finished" && rejected > 0 ? 1 : codes[ending];
}

const codes = {
  finished: 0,
  overBudget: 2,
  failed: 3,
  interrupted: 4,
  broken: 5,
  refused: 6,
} as const satisfies Record<Ending, ExitCode>;

/** How an error ends what it was thrown in. */
export function endingOf(error: unknown): Exclude<Ending, "finished"> {
  if (error instanceof GuardError) return "refused";
  if (error instanceof InternalError) return "broken";
  return error instanceof PortloadError || isOfTheMachine(error) ? "failed" : "broken";
}

/** The exit code of an error that ended a command before there was a run, or without one. */
export function errorExitCode(error: unknown): ExitCode {
  return error instanceof UsageError ? 64 : codes[endingOf(error)];
}

/** A file or folder that the system refuses, wherever it happens. */
export function isOfTheMachine(error: unknown): error is NodeJS.ErrnoException {
  const { code = "", path } = error as NodeJS.ErrnoException;
  return error instanceof Error && path !== undefined && machineFaults.has(code);
}

const machineFaults = new Set("ENOENT ENOTDIR EACCES EPERM EROFS ENOSPC EDQUOT EMFILE ENAMETOOLONG EISDIR".split(" "));
