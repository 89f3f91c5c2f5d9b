import type { Allowance, Ticket } from "./allowance.js";
import type { Clock } from "./clock.js";
import type { WindowNews } from "./headers.js";

/** The queue of one route family: who may send waits here. */
export interface Lane {
  acquire(): Ticket | Promise<Ticket>;
  /** Takes in a reply; see {@link Allowance.learn}. */
  learn(ticket: Ticket, ok: boolean, news: WindowNews | undefined): void;
  /** Lets nobody out until then. */
  hold(untilMs: number): void;
  /** Share of the window that is used, 0 to 1; undefined until a reply says it. */
  used(): number | undefined;
  /** When the first of those may go who wait here; undefined where none waits, or it is not known. */
  waitsUntil(): number | undefined;
}

/** What a lane needs. `signal` ends all waits with its reason. */
export interface LaneIo {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Somebody who waits for leave to send. */
export interface Waiter {
  resolve(ticket: Ticket): void;
  reject(reason: unknown): void;
}

/** Milliseconds between two looks at a lane that somebody waits in. */
const tickMs = 100;

/** Starts the lane of a quota that this process knows best: the allowance says how many may go, and who waits is served in turn. There are no timers while nobody waits. */
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
