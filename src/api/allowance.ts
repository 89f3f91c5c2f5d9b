import type { Quota } from "./call.js";
import { createForeignUse } from "./foreign-use.js";
import type { WindowNews } from "./reply-parts.js";

/** Leave to send one request. */
export interface Ticket {
  /** How many requests of the family were allowed up to and including this one. */
  readonly ordinal: number;
  readonly atMs: number;
}

/**
 * How many requests of one family may go now: arithmetic only, no timer and no I/O; every call says what time it is.
 *
 * It keeps a copy of the server's bucket (filled at limit ÷ period up to the burst less a margin) and of its window (limit per period), and never
 * gives more than either holds.
 */
export interface Allowance {
  /** Whole tokens that may be bought now. */
  free(nowMs: number): number;
  /** When a token can be bought, at the latest by what is known now. */
  nextAt(nowMs: number): number;
  /** Buys tokens: at most {@link free}. */
  buy(count: number): void;
  /** Turns a bought token into permission to send; undefined when none is left or all wait. */
  hand(nowMs: number): Ticket | undefined;
  /** Takes in a reply. `news` is what its headers say, `ok` that the server is in order (no 429, no 5xx). */
  learn(ticket: Ticket, ok: boolean, news: WindowNews | undefined, nowMs: number): void;
  /** Allows nothing until `untilMs`, and takes back what was bought. The bucket counts as empty until a second before. */
  hold(untilMs: number): void;
  /** Counts a request that another limiter has allowed. */
  count(nowMs: number): Ticket;
  /** Changes the share of the quota that may be used from now on; see {@link Caps}. */
  limitTo(share: number): void;
  /** Share of the window that is used, by all clients, 0 to 1; undefined until a reply says it. */
  used(): number | undefined;
}

/** What the quota is cut down to. */
export interface Caps {
  /** Caps the rate below what the quota gives; the burst is then a quarter of a second's worth. */
  readonly maxPerSecond?: number;
  /**
   * Share of limit and burst to use, above 0 to 1, default 1. The rest is left to others: the window's remaining requests are also kept above their
   * share of the time left, (1 − share) × limit × time left ÷ period.
   */
  readonly share?: number;
}

/** Part of the burst that is left unused, so that requests that bunch up on the network are not refused: a share of it, or what comes in so many milliseconds. */
const marginShare = 0.02;
const marginMs = 150;
/** Most of the burst that the margin takes. */
const maxMarginShare = 0.15;
/** The tokens of so many milliseconds may be used at once when a hold ends. */
const afterHoldMs = 1000;
/** Requests let out before the first reply states the limits. */
const coldTokens = 4;
/** Further ones per millisecond, if no reply comes. */
const coldRate = 1 / 1000;

/** Starts with a full burst, but allows little of it before a reply states the limits. */
export function createAllowance(quota: Quota, nowMs: number, caps: Caps = {}): Allowance {
  let { limit, periodMs } = quota;
  const { maxPerSecond = Number.POSITIVE_INFINITY } = caps;
  let share = caps.share ?? 1;
  const rate = () => Math.min((limit * share) / periodMs, maxPerSecond / 1000);
  const cap = () => {
    const burst = limit * share * quota.burstShare;
    const ownCap = Math.max(1, Math.ceil(maxPerSecond / 4));
    const bunch = ((limit * share) / periodMs) * marginMs;
    const margin = Math.max(1, burst * marginShare, Math.min(burst * maxMarginShare, bunch));
    return Math.max(1, Math.min(Math.floor(burst) - Math.ceil(margin), ownCap));
  };
  const foreign = createForeignUse();
  let known = false;
  let level = Math.min(coldTokens, cap());
  let filledAtMs = nowMs;
  let heldUntilMs = 0;
  let bought = 0;
  let handed = 0;
  /** `used` is what replies say; `startedAt` counts what we had handed out when it began. */
  let window: { used: number; startedAt: number; resetAtMs: number } | undefined;

  const advance = (now: number) => {
    if (window !== undefined && now >= window.resetAtMs) {
      const periods = Math.floor((now - window.resetAtMs) / periodMs) + 1;
      window = { used: 0, startedAt: handed, resetAtMs: window.resetAtMs + periods * periodMs };
      foreign.startWindow();
    }
    if (now <= filledAtMs) return;
    const perMs = known ? rate() : Math.min(coldRate, rate());
    // What was bought and waits to be handed out is still in the server's bucket.
    level = Math.min(cap() - bought, level + (now - filledAtMs) * perMs);
    filledAtMs = now;
  };

  /** True when the reply belongs to the window we are in, or opens a new one. */
  const enterWindow = (used: number, resetAtMs: number): boolean => {
    if (window !== undefined && resetAtMs < window.resetAtMs - periodMs / 2) return false;
    if (window === undefined || resetAtMs > window.resetAtMs + periodMs / 2) {
      window = { used, startedAt: handed, resetAtMs };
      foreign.startWindow();
    } else {
      // The end is given in whole seconds: the latest reading is the safe one.
      window = { ...window, used: Math.max(used, window.used), resetAtMs: Math.max(resetAtMs, window.resetAtMs) };
    }
    return true;
  };

  /** Requests that the window has left for us, when so many are kept back for others. */
  const leftInWindow = (now: number, reserve: number): number => {
    if (window === undefined) return Number.POSITIVE_INFINITY;
    const othersShare = (1 - share) * limit * Math.max(0, Math.min(1, (window.resetAtMs - now) / periodMs));
    const left = limit - handed - (foreign.excess() ?? -window.startedAt) - bought - Math.ceil(reserve + othersShare);
    return Math.min(left, Math.floor(limit * share) - (handed - window.startedAt) - bought);
  };

  return {
    free(now) {
      advance(now);
      if (now < heldUntilMs) return 0;
      const reserve = Math.min(foreign.reserve(), cap() - 1);
      return Math.max(0, Math.min(Math.floor(level - reserve), leftInWindow(now, reserve)));
    },
    nextAt(now) {
      advance(now);
      const reserve = Math.min(foreign.reserve(), cap() - 1);
      const perMs = known ? rate() : Math.min(coldRate, rate());
      const bucketAt = Math.max(now, filledAtMs) + Math.max(0, 1 + reserve - level) / perMs;
      const windowAt = window !== undefined && leftInWindow(now, reserve) < 1 ? window.resetAtMs : now;
      return Math.max(heldUntilMs, bucketAt, windowAt);
    },
    buy(count) {
      level -= count;
      bought += count;
    },
    hand(now) {
      if (bought === 0) return undefined;
      bought--;
      handed++;
      return { ordinal: handed, atMs: now };
    },
    learn(ticket, ok, news, now) {
      advance(now);
      const sinceTicket = handed - ticket.ordinal + bought;
      if (news === undefined) {
        // A server that states no limits gets Port's published ones.
        if (!known && ok) {
          known = true;
          level = cap() - handed - bought;
        }
        return;
      }
      limit = news.limit;
      periodMs = news.periodMs ?? periodMs;
      const used = news.remaining === undefined ? undefined : Math.max(0, limit - news.remaining);
      // A window's use is all that a first reply says of the bucket: at worst all of it was used just now.
      if (!known) level = Math.max(0, cap() - (used ?? ticket.ordinal)) - sinceTicket;
      known = true;
      level = Math.min(level, cap() - bought);
      if (used === undefined || news.resetAtMs === undefined) return;
      const resetAtMs = Math.min(news.resetAtMs, now + periodMs + 2000);
      if (!enterWindow(used, resetAtMs)) return;
      level -= foreign.see(used - ticket.ordinal, now - ticket.atMs, now);
    },
    hold(untilMs) {
      bought = 0;
      heldUntilMs = Math.max(heldUntilMs, untilMs);
      level = Math.min(level, 0);
      filledAtMs = Math.max(filledAtMs, heldUntilMs - afterHoldMs);
    },
    count(now) {
      advance(now);
      level -= 1;
      handed++;
      return { ordinal: handed, atMs: now };
    },
    limitTo(given) {
      share = given;
      level = Math.min(level, cap());
    },
    used: () => (window === undefined ? undefined : Math.min(1, window.used / limit)),
  };
}
