/** How many requests are in flight at once, found from how they fare. */
export interface Width {
  readonly now: number;
  /** Tells of a reply: the time of its exchange in milliseconds, without waiting for the pace, and whether it met trouble (429, 5xx, timeout, network). */
  settle(exchangeMs: number, trouble: boolean): void;
}

/** Width that never changes. */
export function fixedWidth(width: number): Width {
  return { now: width, settle: () => undefined };
}

const startWidth = 8;
const maxWidth = 256;
/** A round whose median takes longer than this multiple of the best round says that the server queues. */
const tolerance = 1.6;
/** Below this a change of latency is noise of the client's own event loop. */
const noiseMs = 5;

/**
 * Width that starts at 8, doubles once a round trip while latency holds, keeps still while it rises, and halves on trouble (once a round, so that one
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
