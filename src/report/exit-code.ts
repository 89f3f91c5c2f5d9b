import { balances, type Counts } from "./counts.js";

/** How an import came to its end, apart from what it counted. */
export type Ending =
  /** Every source was read to its end. */
  | "finished"
  /** A signal asked for it. */
  | "interrupted"
  /** It could not go on: source, blueprint, credentials, API. */
  | "failed"
  /** More rejects than `maxErrors` allows. */
  | "overBudget"
  /** A guard refused. */
  | "refused"
  /** A fault of this program. */
  | "broken";

/**
 * Gives the exit code of an import: the first that applies of 5 · 4 · 3 · 2 · 6 · 1 · 0.
 *
 * @param isTrial - a dry run over its budget has nothing to resume: 1, not 2
 * @source contract, "Exit codes"
 */
export function exitCodeOf(ending: Ending, counts: Counts, isTrial = false): number {
  if (ending === "broken" || !balances(counts)) return 5;
  if (ending === "overBudget" && isTrial) return 1;
  if (ending !== "finished") return codes[ending];
  return counts.records.rejected + counts.entities.rejected > 0 ? 1 : 0;
}

const codes = { interrupted: 4, failed: 3, overBudget: 2, refused: 6 } as const satisfies Record<
  Exclude<Ending, "finished" | "broken">,
  number
>;
