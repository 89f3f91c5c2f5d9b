import type { ReplyHeaders } from "../../src/api/reply-parts.js";

/** A limiter as the emulator's contract defines it: a bucket and a fixed window; the headers state the window. Times in milliseconds. */
export interface LimitedServer {
  /** Takes one request: true when accepted. */
  take(nowMs: number): boolean;
  headers(nowMs: number): ReplyHeaders;
  readonly accepted: number;
  readonly refused: number;
}

/** Starts with a full bucket; the first window opens at `startMs`. */
export function limitedServer(limit: number, burst: number, startMs = 0, periodMs = 300_000): LimitedServer {
  let tokens = burst;
  let filledAt = startMs;
  let windowStart = startMs;
  let used = 0;
  const counts = { accepted: 0, refused: 0 };
  const advance = (now: number) => {
    tokens = Math.min(burst, tokens + ((now - filledAt) * limit) / periodMs);
    filledAt = now;
    const windows = Math.floor((now - windowStart) / periodMs);
    windowStart += windows * periodMs;
    if (windows > 0) used = 0;
  };
  return {
    get accepted() {
      return counts.accepted;
    },
    get refused() {
      return counts.refused;
    },
    take(now) {
      advance(now);
      const accepted = tokens >= 1 && used < limit;
      if (accepted) {
        tokens--;
        used++;
      }
      counts[accepted ? "accepted" : "refused"]++;
      return accepted;
    },
    headers(now) {
      advance(now);
      return {
        "x-ratelimit-limit": String(limit),
        "x-ratelimit-period": String(periodMs / 1000),
        "x-ratelimit-remaining": String(limit - used),
        "x-ratelimit-reset": String(Math.ceil((windowStart + periodMs - now) / 1000)),
      };
    },
  };
}
