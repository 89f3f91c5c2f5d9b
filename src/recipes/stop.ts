/** Why an import ends before its end. */
export type StopReason = "interrupted" | "overBudget" | "failed";

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
