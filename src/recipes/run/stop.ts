import type { ReadBudget } from "../../options/kinds.js";

/** Why an import ends before its end. */
export type StopReason = "interrupted" | "overBudget" | "failed";

/** What was in flight when an import was interrupted took too long. */
export class GraceOver extends Error {}

/** Longest time that what is in flight has after an interruption, in milliseconds. */
const graceMs = 10_000;

/** A signal that ends what is in flight some time after an interruption; `clear` when it has ended by itself. */
export function graceAfter(interrupted?: AbortSignal): { readonly signal: AbortSignal; readonly clear: () => void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => controller.abort(new GraceOver("interrupted")), graceMs);
  };
  if (interrupted?.aborted) start();
  else interrupted?.addEventListener("abort", start, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      interrupted?.removeEventListener("abort", start);
    },
  };
}

/** The one place that knows whether an import goes on. */
export interface Stop {
  /** Aborted once the import stops, for whatever reason. */
  readonly signal: AbortSignal;
  readonly reason: StopReason | undefined;
  /** Stops the import; the first reason stays. */
  because(reason: StopReason): void;
}

/** Makes the stop of an import, which an interruption from outside pulls. */
export function makeStop(outside?: AbortSignal): Stop {
  const controller = new AbortController();
  let first: StopReason | undefined;
  const because = (reason: StopReason): void => {
    first ??= reason;
    controller.abort();
  };
  if (outside?.aborted) because("interrupted");
  outside?.addEventListener("abort", () => because("interrupted"), { once: true });
  return {
    signal: controller.signal,
    get reason() {
      return first;
    },
    because,
  };
}

/** From so many records on a share of rejects is judged. */
const judgedFrom = 1000;

/** A budget of rejects as a test of counts so far: true when it is passed. */
export function passesBudget(maxErrors: ReadBudget | undefined, rejects: number, records: number): boolean {
  if (maxErrors === undefined) return false;
  if (typeof maxErrors === "number") return rejects > maxErrors;
  return records >= judgedFrom && rejects > records * maxErrors.share;
}
