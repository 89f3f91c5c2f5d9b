import { z } from "zod";
import { type Family, familyOf } from "./families.js";

const route = z.enum(["token", "blueprints", "search", "single", "bulk", "entities", "other"]);
const ordinal = z.int().min(1);

const faultRule = z
  .strictObject({
    /** Group of routes that it happens to; every route by default. */
    route: route.optional(),
    /** Ordinals of the requests that it happens to, from 1, counted among those of `route`. */
    requests: z.union([ordinal, z.array(ordinal)]).optional(),
    /** Chance that it happens to a request, 0 to 1. Default 1. */
    probability: z.number().min(0).max(1).default(1),
    /** How often at most; without end by default. */
    times: z.int().min(0).optional(),
    /** Milliseconds that the request waits before anything else: one figure, or the ends of a range. */
    delayMs: z.union([z.number().min(0), z.tuple([z.number().min(0), z.number().min(0)])]).optional(),
    /** Somebody else takes so many requests of the route's quota first. */
    takeQuota: z.int().min(1).optional(),
    /** The token in force ends. */
    expireToken: z.literal(true).optional(),
    /** The answer has this status instead; its headers and body may be given. Nothing is written, unless `written` says so. */
    status: z.int().min(200).max(599).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string().optional(),
    /** True: the work is done before the answer goes wrong. */
    written: z.boolean().optional(),
    /** The connection ends before the work is done, or after it and without an answer. */
    drop: z.enum(["before", "after"]).optional(),
    /** What becomes of the answer's body: cut off within, no JSON, JSON of another shape. */
    garble: z.enum(["truncated", "malformed", "shapeless"]).optional(),
    /** What becomes of `index` in a bulk answer: the last entry's is left out, given twice, or beyond the request. */
    index: z.enum(["missing", "doubled", "outOfRange"]).optional(),
    /** A bulk request is answered by a 207 in which every entity failed with this status; nothing is written. */
    allFailed: z.int().min(400).max(599).optional(),
  })
  .refine((rule) => rule.takeQuota === undefined || rule.route !== undefined, {
    message: "takeQuota needs a route: whose quota",
    path: ["takeQuota"],
  });

/** Trouble for an emulator: which requests it happens to, and what it is. The form of the files that `portload emulator --faults` reads. */
export const faultScript = z.strictObject({
  /** Of the chances; the same seed draws the same numbers. Default 1. */
  seed: z.int().default(1),
  faults: z.array(faultRule),
});
/** See {@link faultScript}. */
export type FaultScript = z.input<typeof faultScript>;
/** One rule of a script. */
export type FaultRule = z.output<typeof faultRule>;

/** Decides which faults a request meets. */
export interface Faults {
  /** @param pattern - the route's pattern, as registered */
  meet(method: string, pattern: string): readonly FaultRule[];
  /** Gives 0 ≤ x < 1, of the script's seed. */
  random(): number;
}

/** Starts a script at its first request. */
export function playFaults(script: FaultScript): Faults {
  const { seed, faults } = faultScript.parse(script);
  const random = seededRandom(seed);
  const played = faults.map((rule) => ({ rule, seen: 0, happened: 0 }));
  return {
    random,
    meet(method, pattern) {
      const family = familyOf(method, pattern);
      if (family === undefined) return [];
      const met: FaultRule[] = [];
      for (const each of played) {
        const { rule } = each;
        if (rule.route !== undefined && rule.route !== nameOf(family)) continue;
        each.seen++;
        if (rule.requests !== undefined && ![rule.requests].flat().includes(each.seen)) continue;
        if (each.happened >= (rule.times ?? Number.POSITIVE_INFINITY)) continue;
        if (rule.probability < 1 && random() >= rule.probability) continue;
        each.happened++;
        met.push(rule);
      }
      return met;
    },
  };
}

function nameOf(family: Family): z.infer<typeof route> {
  return family === "unauthenticated" ? "token" : family;
}

/** Numbers that only look like chance. @source mulberry32, Tommy Ettinger, public domain */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
