import type { StatedQuota } from "../reply.js";
import { type Caps, createAllowance, type Ticket } from "./allowance.js";
import { type Family, portQuotas } from "./call.js";
import { type Lane, type LaneIo, startLane, startSharedLane } from "./lane.js";
import type { RedisPace } from "./redis-pace.js";
import { type ReplyHeaders, readLimitHeaders, type WindowNews } from "./reply-parts.js";

/** How fast: `auto` follows Port's quota, a number caps bulk requests per second, `off` never waits. */
export type Rate = "auto" | "off" | number;

/** The only limiter: one lane per route family. */
export interface Pace {
  /** Resolves when a request of the family may be sent. @throws the pace's reason when it is closed; PaceError when a shared pace is lost */
  acquire(family: Family): Ticket | Promise<Ticket>;
  /** Takes in a reply's status and limit headers. */
  learn(family: Family, ticket: Ticket, status: number, headers: ReplyHeaders): void;
  /** Holds all requests of the family for so long; false where nothing is ever held. */
  hold(family: Family, delayMs: number): boolean;
  /** Share of the family's window that is used, 0 to 1; undefined until a reply says it. */
  used(family: Family): number | undefined;
  /** The family's quota as a reply stated it; undefined until one does. */
  stated(family: Family): StatedQuota | undefined;
  /** When the first that waits may go, by the clock; undefined where none waits, or it is not known. */
  waitsUntil(): number | undefined;
}

/** A pace that several processes share. */
export interface SharedPace {
  /** Settles once it is connected; before, nothing is sent. */
  readonly redis: Promise<RedisPace>;
  /** Share of the quota to continue with alone when it is lost, above 0 to 1; without it the requests fail. */
  readonly fallbackShare?: number;
  /** Called once when it is lost and the lanes continue alone. */
  readonly onFallback: (error: unknown) => void;
}

/** What a pace needs. */
export interface PaceIo extends LaneIo {
  readonly rate: Rate;
  /** Share of every family's limit and burst to use, above 0 to 1; default 1. */
  readonly share?: number;
  readonly shared?: SharedPace;
  /** Receives how long each request was held back, in milliseconds. */
  readonly onWait?: (ms: number) => void;
}

/** Families that share their pace between processes. The others send few requests and do not need turns. */
const sharedFamilies: readonly Family[] = ["bulk", "single", "search", "entities"];

/** Starts all lanes. There are no timers while nothing waits. */
export function createPace(io: PaceIo): Pace {
  if (io.rate === "off") return freePace(io);
  const lanes = new Map<Family, Lane>();
  const stated = new Map<Family, StatedQuota>();
  let lost = false;
  const onLost = (error: unknown): boolean => {
    const { fallbackShare, onFallback } = io.shared ?? {};
    if (fallbackShare === undefined) return false;
    if (!lost) onFallback?.(error);
    lost = true;
    return true;
  };
  const laneOf = (family: Family): Lane => {
    let lane = lanes.get(family);
    if (lane === undefined) {
      const isShared = io.shared !== undefined && sharedFamilies.includes(family);
      lane = isShared ? startShared(family, io, io.shared, onLost) : startOwn(family, io);
      lanes.set(family, lane);
    }
    return lane;
  };
  // A wrong address of the Redis is reported by the first request, whatever its family.
  const ready = io.shared?.redis.catch((error: unknown) => {
    if (!onLost(error)) throw error;
  });
  ready?.catch(() => undefined);
  let isReady = ready === undefined;
  const pace: Pace = {
    acquire: (family) => {
      if (isReady || ready === undefined) return timed(laneOf(family).acquire(), io);
      return ready.then(() => {
        isReady = true;
        return timed(laneOf(family).acquire(), io);
      });
    },
    learn(family, ticket, status, headers) {
      const ok = status < 500 && status !== 429;
      const news = readLimitHeaders(headers, io.clock.now());
      if (news !== undefined) stated.set(family, quotaOf(family, news));
      laneOf(family).learn(ticket, ok, news);
    },
    hold(family, delayMs) {
      laneOf(family).hold(io.clock.now() + delayMs);
      return true;
    },
    used: (family) => laneOf(family).used(),
    stated: (family) => stated.get(family),
    waitsUntil() {
      const all = [...lanes.values()].flatMap((lane) => lane.waitsUntil() ?? []);
      return all.length === 0 ? undefined : Math.min(...all);
    },
  };
  return pace;
}

/** Reports that a request must wait for permission. */
function timed(leave: Ticket | Promise<Ticket>, { clock, onWait }: PaceIo): Ticket | Promise<Ticket> {
  if (onWait === undefined || !(leave instanceof Promise)) return leave;
  const askedAtMs = clock.now();
  return leave.then((ticket) => {
    onWait(clock.now() - askedAtMs);
    return ticket;
  });
}

function capsOf(family: Family, { rate, share }: PaceIo): Caps {
  return {
    ...(family === "bulk" && typeof rate === "number" && { maxPerSecond: rate }),
    ...(share !== undefined && { share }),
  };
}

function startOwn(family: Family, io: PaceIo): Lane {
  return startLane(createAllowance(portQuotas[family], io.clock.now(), capsOf(family, io)), io);
}

function startShared(family: Family, io: PaceIo, shared: SharedPace, onLost: (error: unknown) => boolean): Lane {
  const quota = portQuotas[family];
  const allowance = createAllowance(quota, io.clock.now(), capsOf(family, io));
  const limiter = shared.redis.then((redis) => redis.limiter(family, quota.periodMs / quota.limit));
  limiter.catch(() => undefined);
  return startSharedLane({
    clock: io.clock,
    signal: io.signal,
    quota,
    caps: capsOf(family, io),
    allowance,
    limiter,
    onLost(error) {
      if (!onLost(error)) return false;
      allowance.limitTo(shared.fallbackShare ?? 1);
      return true;
    },
  });
}

/** Never waits, but still receives what the server says of its window. */
function freePace(io: PaceIo): Pace {
  const allowances = new Map<Family, ReturnType<typeof createAllowance>>();
  const stated = new Map<Family, StatedQuota>();
  const of = (family: Family) => {
    const known = allowances.get(family) ?? createAllowance(portQuotas[family], io.clock.now());
    allowances.set(family, known);
    return known;
  };
  return {
    acquire: (family) => of(family).count(io.clock.now()),
    learn(family, ticket, status, headers) {
      const now = io.clock.now();
      const news = readLimitHeaders(headers, now);
      if (news !== undefined) stated.set(family, quotaOf(family, news));
      of(family).learn(ticket, status < 500 && status !== 429, news, now);
    },
    hold: () => false,
    used: (family) => of(family).used(),
    stated: (family) => stated.get(family),
    waitsUntil: () => undefined,
  };
}

function quotaOf(family: Family, { limit, periodMs }: WindowNews): StatedQuota {
  return { limit, periodMs: periodMs ?? portQuotas[family].periodMs };
}
