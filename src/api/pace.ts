import Bottleneck from "bottleneck";
import { type Allowance, createAllowance, type Ticket } from "./allowance.js";
import type { Clock } from "./clock.js";
import { type Family, portQuotas } from "./families.js";
import { readLimitHeaders } from "./limit-headers.js";
import type { ReplyHeaders } from "./retry.js";

/** How fast: `auto` follows Port's quota, a number caps bulk requests per second, `off` never waits. */
export type Rate = "auto" | "off" | number;

/** The only limiter: one lane per route family. */
export interface Pace {
  /** Resolves when a request of the family may be sent. @throws the pace's reason when it is closed */
  acquire(family: Family): Ticket | Promise<Ticket>;
  /** Takes in a reply's status and limit headers. */
  learn(family: Family, ticket: Ticket, status: number, headers: ReplyHeaders): void;
  /** Lets nobody of the family out for so long; false where nothing is ever held. */
  hold(family: Family, delayMs: number): boolean;
  /** Share of the family's window that is used, 0 to 1; undefined until a reply tells. */
  used(family: Family): number | undefined;
}

/** What a pace needs. `signal` ends all waits. */
export interface PaceIo {
  readonly rate: Rate;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks at a lane that somebody waits in. */
const tickMs = 100;
/** Tokens bought beyond those asked for: Bottleneck passes about 430 jobs a second, whatever their weight. */
const spareTokens = 32;

/** Starts all lanes. There are no timers while nobody waits. */
export function createPace(io: PaceIo): Pace {
  const lanes = new Map<Family, Lane>();
  const laneOf = (family: Family): Lane => {
    let lane = lanes.get(family);
    if (lane === undefined) {
      const cap = family === "bulk" && typeof io.rate === "number" ? io.rate : undefined;
      lane = startLane(createAllowance(portQuotas[family], io.clock.now(), cap), io);
      lanes.set(family, lane);
    }
    return lane;
  };
  const off = io.rate === "off";
  return {
    acquire: (family) => (off ? { ordinal: 0, atMs: io.clock.now() } : laneOf(family).acquire()),
    learn(family, ticket, status, headers) {
      const now = io.clock.now();
      const ok = status < 500 && status !== 429;
      laneOf(family).allowance.learn(ticket, ok, readLimitHeaders(headers, now), now);
    },
    hold(family, delayMs) {
      if (!off) laneOf(family).allowance.hold(io.clock.now() + delayMs);
      return !off;
    },
    used: (family) => laneOf(family).allowance.used(),
  };
}

interface Lane {
  readonly allowance: Allowance;
  acquire(): Ticket | Promise<Ticket>;
}

interface Waiter {
  resolve(ticket: Ticket): void;
  reject(reason: unknown): void;
}

/**
 * One family's queue. The reservoir of its limiter is fed by hand, because Bottleneck's own refills fall short or stop; tokens are bought in
 * blocks by weight and handed out here.
 */
function startLane(allowance: Allowance, { clock, signal }: PaceIo): Lane {
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
    allowance,
    acquire() {
      const ticket = waiters.length === 0 ? allowance.hand(clock.now()) : undefined;
      if (ticket !== undefined) return ticket;
      return new Promise((resolve, reject) => {
        waiters.push({ resolve, reject });
        if (!pumping) void pump();
      });
    },
  };
}
