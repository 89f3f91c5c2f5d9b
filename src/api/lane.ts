import type { Allowance, Caps, Ticket } from "./allowance.js";
import type { Quota } from "./call.js";
import type { Clock } from "./clock.js";
import type { WindowNews } from "./reply-parts.js";

/** The queue of one route family: who may send waits here. */
export interface Lane {
  acquire(): Ticket | Promise<Ticket>;
  /** Takes in a reply; see {@link Allowance.learn}. */
  learn(ticket: Ticket, ok: boolean, news: WindowNews | undefined): void;
  /** Holds all requests until then. */
  hold(untilMs: number): void;
  /** Share of the window that is used, 0 to 1; undefined until a reply says it. */
  used(): number | undefined;
  /** When the first that waits here may go; undefined where none waits, or it is not known. */
  waitsUntil(): number | undefined;
}

/** What a lane needs. `signal` ends all waits with its reason. */
export interface LaneIo {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A request that waits for permission to send. */
interface Waiter {
  resolve(ticket: Ticket): void;
  reject(reason: unknown): void;
}

/** Milliseconds between two checks of a lane with waiting requests. */
const tickMs = 100;

/** Starts the lane of a quota that this process knows best: the allowance says how many may go, and waiting requests are served in turn. There are no timers while nothing waits. */
export function startLane(allowance: Allowance, { clock, signal }: LaneIo): Lane {
  const waiters: Waiter[] = [];
  let pumping = false;

  const handOut = () => {
    while (waiters.length > 0) {
      const ticket = allowance.hand(clock.now());
      if (ticket === undefined) return;
      waiters.shift()?.resolve(ticket);
    }
  };
  const pump = async () => {
    pumping = true;
    try {
      while (waiters.length > 0) {
        signal.throwIfAborted();
        const free = allowance.free(clock.now());
        if (free === 0) await clock.sleep(tickMs, signal);
        else allowance.buy(Math.min(free, waiters.length));
        handOut();
      }
    } catch (reason) {
      for (const waiter of waiters.splice(0)) waiter.reject(reason);
    } finally {
      pumping = false;
    }
  };
  return {
    acquire() {
      if (waiters.length === 0) {
        if (allowance.free(clock.now()) > 0) allowance.buy(1);
        const ticket = allowance.hand(clock.now());
        if (ticket !== undefined) return ticket;
      }
      return new Promise((resolve, reject) => {
        waiters.push({ resolve, reject });
        if (!pumping) void pump();
      });
    },
    learn: (ticket, ok, news) => allowance.learn(ticket, ok, news, clock.now()),
    hold: (untilMs) => allowance.hold(untilMs),
    used: () => allowance.used(),
    waitsUntil: () => (waiters.length === 0 ? undefined : allowance.nextAt(clock.now())),
  };
}

/** A limiter that several processes share. */
export interface SharedLimiter {
  /** Resolves when a turn has come; turns of all processes together are `gapMs` apart. Rejects when the limiter can no longer be reached. */
  turn(): Promise<void>;
  /** Sets the gap between turns, in milliseconds, for all processes. */
  setGap(gapMs: number): Promise<void>;
}

/** What a shared lane needs. */
interface SharedLaneIo extends LaneIo {
  readonly limiter: Promise<SharedLimiter>;
  readonly quota: Quota;
  readonly caps: Caps;
  /** Knows what this process sent, so that the lane can continue alone. */
  readonly allowance: Allowance;
  /** Called once when the limiter is lost; true when the lane continues alone, else all that wait get the error. */
  readonly onLost: (error: unknown) => boolean;
}

/** Turns are asked for so many milliseconds ahead: those of a process that dies are lost to the others. */
const aheadMs = 300;
const maxAhead = 64;
/** A limiter passes fewer jobs than this a second, so that above it a turn counts for several requests. */
const maxTurnsPerSecond = 200;
/** Turns are this much further apart than the quota asks: clocks and round trips vary. */
const slack = 1.005;
/** Requests let out before the first reply states the limits; one more a second if no reply comes. */
const coldTickets = 4;
/** A window counts as short of requests below this share of what its time left would allow. */
const shortShare = 0.9;

/**
 * Starts the lane of a quota that several processes share: evenly spaced turns from one limiter, so that the burst is left unused. The gap follows the
 * server's headers: limit and period, and a window that others use up.
 */
export function startSharedLane(io: SharedLaneIo): Lane {
  const { allowance, clock, signal, caps } = io;
  const waiters: Waiter[] = [];
  const startedAtMs = clock.now();
  let alone: Lane | undefined;
  let lost: { error: unknown } | undefined;
  let pace = paceOf(io.quota, caps, undefined, startedAtMs);
  let known = false;
  let [asked, given] = [0, 0];
  let heldUntilMs = 0;
  let waking = false;

  const lose = (error: unknown) => {
    if (lost !== undefined || signal.aborted) return;
    lost = { error };
    if (io.onLost(error)) alone = startLane(allowance, io);
    for (const waiter of waiters.splice(0)) {
      if (alone === undefined) waiter.reject(error);
      else Promise.resolve(alone.acquire()).then(waiter.resolve, waiter.reject);
    }
  };
  const wakeAt = (atMs: number) => {
    if (waking) return;
    waking = true;
    clock
      .sleep(Math.max(1, atMs - clock.now()), signal)
      .catch(() => undefined)
      .then(() => {
        waking = false;
        pump();
      });
  };
  const handOut = (tickets: number) => {
    for (let n = 0; n < tickets && waiters.length > 0; n++) {
      given++;
      waiters.shift()?.resolve(allowance.count(clock.now()));
    }
  };
  const askOne = () => {
    const tickets = pace.ticketsPerTurn;
    asked++;
    io.limiter
      .then((limiter) => limiter.turn())
      .then(() => {
        asked--;
        // A turn that comes during a hold is dropped.
        if (clock.now() >= heldUntilMs) handOut(tickets);
        pump();
      }, lose);
  };
  const pump = () => {
    if (lost !== undefined || waiters.length === 0) return;
    const now = clock.now();
    if (now < heldUntilMs) return wakeAt(heldUntilMs);
    const cold = coldTickets + Math.floor((now - startedAtMs) / 1000) - given;
    if (!known && cold - asked <= 0) return wakeAt(now + 1000);
    const wanted = Math.min(Math.ceil(waiters.length / pace.ticketsPerTurn), pace.turnsAhead, known ? maxAhead : cold);
    while (asked < wanted) askOne();
  };
  signal.addEventListener(
    "abort",
    () => {
      for (const waiter of waiters.splice(0)) waiter.reject(signal.reason);
    },
    { once: true },
  );

  return {
    acquire() {
      if (alone !== undefined) return alone.acquire();
      if (lost !== undefined) return Promise.reject(lost.error);
      if (signal.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        waiters.push({ resolve, reject });
        pump();
      });
    },
    learn(ticket, ok, news) {
      const now = clock.now();
      allowance.learn(ticket, ok, news, now);
      if (lost !== undefined || (news === undefined && !ok)) return;
      const next = news === undefined ? pace : paceOf({ ...io.quota, ...news }, caps, news, now);
      const changed = Math.abs(next.gapMs / pace.gapMs - 1) > 0.02;
      // The first limits are set in any case: the shared gap may be left over from another run.
      if (changed || !known) io.limiter.then((limiter) => limiter.setGap(next.gapMs)).catch(lose);
      if (changed) pace = next;
      known = true;
      pump();
    },
    hold(untilMs) {
      heldUntilMs = Math.max(heldUntilMs, untilMs);
      allowance.hold(untilMs);
    },
    used: () => allowance.used(),
    waitsUntil: () =>
      alone?.waitsUntil() ?? (waiters.length === 0 || clock.now() >= heldUntilMs ? undefined : heldUntilMs),
  };
}

/** How turns are to be spaced by all processes; each computes the same from the same headers. */
function paceOf(quota: Pick<Quota, "limit" | "periodMs">, caps: Caps, news: WindowNews | undefined, nowMs: number) {
  const { limit, periodMs } = quota;
  const { maxPerSecond = Number.POSITIVE_INFINITY, share = 1 } = caps;
  const perMs = Math.min((limit * share) / periodMs, maxPerSecond / 1000);
  const ticketsPerTurn = Math.max(1, Math.ceil((perMs * 1000) / maxTurnsPerSecond));
  // The end of the window is given in whole seconds, a second late at most.
  const leftMs = Math.min(periodMs, (news?.resetAtMs ?? nowMs) - nowMs - 1000);
  const fits = leftMs > 5000 && news?.remaining !== undefined ? (news.remaining * share) / leftMs : perMs;
  const rate = fits < perMs * shortShare ? Math.max(fits, perMs / 100) : perMs;
  const gapMs = (ticketsPerTurn / rate) * slack;
  return { gapMs, ticketsPerTurn, turnsAhead: Math.min(maxAhead, Math.max(2, Math.ceil(aheadMs / gapMs))) };
}
