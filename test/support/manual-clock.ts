import type { Clock } from "../../src/api/clock.js";

/** A clock that stops until it is moved, or, with `auto`, jumps to the next sleeper's end as soon as the event loop is idle. */
export interface ManualClock extends Clock {
  /** Every delay that was asked for, in order. */
  readonly asked: readonly number[];
  /** Moves time on and wakes who is due, in order. */
  advance(ms: number): void;
}

/** Starts a manual clock at `startMs`, by default 2026-01-01T00:00:00Z. */
export function manualClock({ startMs = Date.UTC(2026, 0, 1), auto = false } = {}): ManualClock {
  let now = startMs;
  const asked: number[] = [];
  const sleepers: { at: number; wake: () => void }[] = [];
  const advance = (ms: number) => {
    const end = now + ms;
    for (;;) {
      sleepers.sort((a, b) => a.at - b.at);
      const next = sleepers[0];
      if (next === undefined || next.at > end) break;
      sleepers.shift();
      now = Math.max(now, next.at);
      next.wake();
    }
    now = end;
  };
  const wakeNext = () => {
    const next = Math.min(...sleepers.map(({ at }) => at));
    if (Number.isFinite(next)) advance(Math.max(0, next - now));
  };
  return {
    asked,
    advance,
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        asked.push(ms);
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener(
          "abort",
          () => {
            sleepers.splice(sleepers.indexOf(sleeper) >>> 0, 1);
            reject(signal.reason);
          },
          { once: true },
        );
        if (auto) setImmediate(wakeNext);
      }),
  };
}
