import { setMaxListeners } from "node:events";
import { type Clock, realClock } from "../../api/clock.js";
import type { ReadBudget } from "../../options/kinds.js";

/** Why an import ends before its end. */
export type StopReason = "interrupted" | "overBudget" | "failed";

/** The one place that knows whether an import is to continue. */
export interface Stop {
  /**
   * Aborted once the import stops, for whatever reason: reading ends (`stages/entities.ts`), no further batch is started while those in flight are finished (`write/write.ts`), and no further step
   * begins (`stages/steps.ts`).
   */
  readonly signal: AbortSignal;
  /** Becomes how the run ended (`finish.ts`), from which its exit code follows (report/exit-code.ts), unless an error ended it. */
  readonly reason: StopReason | undefined;
  /** Stops the import; the first reason stays. */
  because(reason: StopReason): void;
}

/** What keeps the pace of an import: whether it continues, how many requests are in flight, and the time for its waits. */
export interface Control {
  readonly stop: Stop;
  readonly width: Width;
  readonly clock: Clock;
}

/** A {@link Control} that listens to signals and hooks until it is closed. */
export interface OpenControl extends Control {
  /** Ends what is in flight some time after an interruption. */
  readonly grace: AbortSignal;
  /** The ledger's hook `onCounts`: takes its sums each time they change, and stops the import once more is rejected than is allowed: its ending is `overBudget` then. */
  judge(counts: { readonly rejected: number; readonly read: number }): void;
  close(): void;
}

/** How an import is controlled. */
export interface ControlOptions {
  readonly concurrency: "auto" | number;
  /** Rejects allowed: a number, or a percentage of the records read. */
  readonly maxErrors?: ReadBudget | undefined;
  /** Interrupts the import. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

/** What was in flight when an import was interrupted took too long. */
export class GraceOver extends Error {}

/** Longest time that what is in flight has after an interruption, in milliseconds. */
const graceMs = 10_000;

/** Opens the control of an import. */
export function openControl({ concurrency, maxErrors, signal: outside, clock }: ControlOptions): OpenControl {
  const stopping = new AbortController();
  // Every look-up and read in flight listens.
  setMaxListeners(0, stopping.signal);
  const grace = new AbortController();
  let first: StopReason | undefined;
  let timer: NodeJS.Timeout | undefined;
  const because = (reason: StopReason): void => {
    first ??= reason;
    stopping.abort();
  };
  const interrupt = (): void => {
    because("interrupted");
    timer = setTimeout(() => grace.abort(new GraceOver("interrupted")), graceMs);
  };
  if (outside?.aborted) interrupt();
  else outside?.addEventListener("abort", interrupt, { once: true });
  return {
    stop: {
      signal: stopping.signal,
      get reason() {
        return first;
      },
      because,
    },
    width: concurrency === "auto" ? autoWidth() : fixedWidth(concurrency),
    clock: clock ?? realClock,
    grace: grace.signal,
    judge({ rejected, read }) {
      if (isOverBudget(maxErrors, rejected, read)) because("overBudget");
    },
    close() {
      clearTimeout(timer);
      outside?.removeEventListener("abort", interrupt);
    },
  };
}

/** A percentage is judged from 1,000 records on. */
function isOverBudget(maxErrors: ReadBudget | undefined, rejected: number, read: number): boolean {
  if (maxErrors === undefined) return false;
  if (typeof maxErrors === "number") return rejected > maxErrors;
  return read >= 1000 && rejected > read * maxErrors.share;
}

/** How many requests are in flight at once, adapted to their latency and failures. */
export interface Width {
  readonly now: number;
  /** Takes note of a reply: the time of its exchange in milliseconds, without waiting for the pace, and whether it met trouble (429, 5xx, timeout, network). */
  settle(exchangeMs: number, trouble: boolean): void;
}

/** Width that never changes. */
export function fixedWidth(width: number): Width {
  return { now: width, settle: () => undefined };
}

const startWidth = 8;
const maxWidth = 256;
/** A round whose median takes longer than this multiple of the best round means that the server queues. */
const tolerance = 1.6;
/** Below this a change of latency is noise of the client's event loop. */
const noiseMs = 5;

/**
 * Width that starts at 8, doubles once a round trip while latency holds, holds while it rises, and halves on trouble (once a round, so that one
 * bad moment seen by all requests in flight counts once). 1 to 256.
 */
export function autoWidth(): Width {
  let now = startWidth;
  let best = Number.POSITIVE_INFINITY;
  let times: number[] = [];
  let skip = 0;
  return {
    get now() {
      return now;
    },
    settle(exchangeMs, trouble) {
      if (skip > 0) {
        skip--;
        return;
      }
      if (trouble) {
        skip = now;
        now = Math.max(1, Math.floor(now / 2));
        times = [];
        return;
      }
      times.push(exchangeMs);
      if (times.length < now) return;
      const median = times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
      times = [];
      best = Math.min(best, median);
      if (median <= Math.max(best * tolerance, best + noiseMs)) now = Math.min(maxWidth, now * 2);
    },
  };
}
