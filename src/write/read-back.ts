import { type EntityBody, isSearchQuery, type Write } from "../entity.js";

/** An entity as the catalog holds it: identifier, dates, and whatever else a search gives. */
export interface FoundEntity {
  readonly identifier: string;
  readonly [field: string]: unknown;
}

/** What reading an entity back tells of a write whose reply was lost. */
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

/**
 * Judges a write by the entity that was read back. Pure.
 *
 * In mode create an entity is ours when its `createdAt` is not before the attempt by the server's clock. In the other modes it must hold what was sent:
 * dates alone do not tell our write from an earlier one of the same second.
 *
 * @param sentAtMs - when the first attempt began by the server's clock, never later than the truth; undefined when its clock is not known
 */
export function judgeFound(write: Write, found: FoundEntity | undefined, sentAtMs: number | undefined): ReadBack {
  if (found === undefined) return "absent";
  const isNew = isSince(found.createdAt, sentAtMs);
  if (write.mode === "create") {
    const isOurs = sentAtMs === undefined ? holds(write.entity.body, found) : isNew;
    return isOurs ? "created" : "exists";
  }
  const isChanged = isSince(found.updatedAt, sentAtMs);
  // An override also takes away what was not sent, so that holding what was sent is not enough.
  if (holds(write.entity.body, found) && (isChanged || write.mode === "merge")) return isNew ? "created" : "updated";
  return isChanged ? "unclear" : "absent";
}

/** What an unclear write counts as once nothing more can be learned. */
export function isCreated(found: FoundEntity | undefined, sentAtMs: number | undefined): boolean {
  return isSince(found?.createdAt, sentAtMs);
}

function isSince(date: unknown, sentAtMs: number | undefined): boolean {
  return sentAtMs !== undefined && typeof date === "string" && Date.parse(date) >= sentAtMs;
}

/** True when the catalog's entity has every value of the body; null and absent are the same, and a search names no value. */
function holds(body: EntityBody, found: FoundEntity): boolean {
  const { identifier: _, properties, relations, ...rest } = body;
  return holdsAll(rest, found) && holdsAll(properties, found.properties) && holdsAll(relations, found.relations);
}

function holdsAll(sent: Readonly<Record<string, unknown>>, found: unknown): boolean {
  const held = (typeof found === "object" && found !== null ? found : {}) as Readonly<Record<string, unknown>>;
  return Object.entries(sent).every(([key, value]) => isSearchQuery(value) || isSame(value, held[key]));
}

function isSame(sent: unknown, held: unknown): boolean {
  if (sent === null || held === null || held === undefined) return isEmpty(sent) && isEmpty(held);
  if (typeof sent !== "object" || typeof held !== "object") {
    // One team may be sent as text, and comes back as a list.
    return sent === held || (Array.isArray(held) && held.length === 1 && held[0] === sent);
  }
  const keys = Object.keys(sent);
  const of = held as Readonly<Record<string, unknown>>;
  return (
    Array.isArray(sent) === Array.isArray(held) &&
    keys.length === Object.keys(held).length &&
    keys.every((key) => isSame((sent as Readonly<Record<string, unknown>>)[key], of[key]))
  );
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}
