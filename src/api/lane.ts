import Bottleneck from "bottleneck";
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
  /** Share of the window that is used, 0 to 1; undefined until a reply tells. */
  used(): number | undefined;
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
/** Tokens bought beyond those asked for: Bottleneck passes about 430 jobs a second, whatever their weight. */
const spareTokens = 32;

/**
 * Starts the lane of a quota that this process knows best. The reservoir of its limiter is fed by hand, because Bottleneck's own refills fall short or
 * stop; tokens are bought in blocks by weight and handed out here. There are no timers while nobody waits.
 */
export function startLane(allowance: Allowance, { clock, signal }: LaneIo): Lane {
  const limiter = new Bottleneck({ reservoir: 0 });
  const waiters: Waiter[] = [];
  let reservoir = 0;
  let pumping = false;

  const buy = async (count: number, free: number) => {
    allowance.buy(count);
    const missing = free - reservoir;
    reservoir = free - count;
    if (missing !== 0) await limiter.incrementReservoir(missing);
    await limiter.schedule({ weight: count }, () => Promise.resolve());
  };
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
        else await buy(Math.min(free, waiters.length + spareTokens), free);
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
      const ticket = waiters.length === 0 ? allowance.hand(clock.now()) : undefined;
      if (ticket !== undefined) return ticket;
      return new Promise((resolve, reject) => {
        waiters.push({ resolve, reject });
        if (!pumping) void pump();
      });
    },
    learn: (ticket, ok, news) => allowance.learn(ticket, ok, news, clock.now()),
    hold: (untilMs) => allowance.hold(untilMs),
    used: () => allowance.used(),
  };
}
