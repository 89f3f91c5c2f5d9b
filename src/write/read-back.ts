import type { Blueprint } from "../blueprint.js";
import type { FoundEntity, Write } from "../entity.js";
import { holds } from "../same-value.js";

/** What reading an entity back says of a write whose reply was lost. */
export type ReadBack =
  /** The write was done. */
  | "created"
  | "updated"
  /** Mode create: it was there before. */
  | "exists"
  /** It was not done, as far as the catalog shows. */
  | "absent"
  /** It was changed since, but does not hold what was sent. */
  | "unclear";

/** The time of a write by the server's clock, milliseconds since the epoch; undefined where that clock is not known. */
export interface Times {
  /** When the first attempt began, never later than the truth. */
  readonly sentAtMs?: number | undefined;
  /** When the entity was read back, at least. */
  readonly readAtMs?: number | undefined;
}

/** Dates may be later than the reading by so many milliseconds: the server's `Date` is cut to seconds, and its machines differ. */
const toleranceMs = 60_000;

/**
 * Judges a write by the entity that was read back. Pure.
 *
 * In mode create an entity is ours when it was created between the attempt and the reading; where the clocks contradict each other, when it holds what was sent. In the
 * other modes it must hold what was sent: dates alone do not separate our write from an earlier one of the same second.
 *
 * @param blueprint - types of the properties
 */
export function judgeFound(
  write: Write,
  found: FoundEntity | undefined,
  times: Times,
  blueprint?: Blueprint,
): ReadBack {
  if (found === undefined) return "absent";
  const isHeld = holds(write.entity.body, found, blueprint);
  const created = placeOf(found.createdAt, times);
  if (write.mode === "create") return created === "since" || (created === "unknown" && isHeld) ? "created" : "exists";
  const isChanged = placeOf(found.updatedAt, times) === "since";
  // An override also takes away what was not sent, so that holding what was sent is not enough.
  if (isHeld && (isChanged || write.mode === "merge")) return created === "since" ? "created" : "updated";
  return isChanged ? "unclear" : "absent";
}

/** What an unclear write counts as once nothing more can be learned. */
export function isCreated(found: FoundEntity | undefined, times: Times): boolean {
  return placeOf(found?.createdAt, times) === "since";
}

/** Where a date is: before the attempt, since, or nowhere: later than the clock that should have given it. */
function placeOf(date: unknown, { sentAtMs, readAtMs }: Times): "before" | "since" | "unknown" {
  const ms = typeof date === "string" ? Date.parse(date) : Number.NaN;
  if (sentAtMs === undefined || Number.isNaN(ms)) return "unknown";
  if (ms < sentAtMs) return "before";
  return readAtMs !== undefined && ms > readAtMs + toleranceMs ? "unknown" : "since";
}
