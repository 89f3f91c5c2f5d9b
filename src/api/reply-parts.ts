import type { Blueprint } from "../blueprint.js";
import type { FoundEntity } from "../entity.js";

/** Headers of a reply, names in lower case. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** A header's value as text; the first of several. */
export function headerText(headers: ReplyHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A header's value as a number, 0 or more. */
export function headerNumber(headers: ReplyHeaders, name: string): number | undefined {
  const text = headerText(headers, name)?.trim();
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Milliseconds until a window's end, given as epoch seconds (over 10,000) or as seconds. @source API reference, "Rate limits", both readings published */
export function resetDelayMs(reset: number, nowMs: number): number {
  return reset > 10_000 ? reset * 1000 - nowMs : reset * 1000;
}

/** What a reply says of its family's window. */
export interface WindowNews {
  /** Requests in a window. */
  readonly limit: number;
  readonly periodMs?: number;
  /** Requests left in this window. */
  readonly remaining?: number;
  /** When this window ends, by our clock, never earlier than it does. */
  readonly resetAtMs?: number;
}

/**
 * Reads the `x-ratelimit-*` headers; undefined when the reply has no limit.
 *
 * A reset in epoch seconds counts from the reply's own `Date`, so that our clock need not be right.
 *
 * @param nowMs - when the reply came
 * @source API reference, "Rate limits": the period is in seconds; the reset in epoch seconds or in seconds to wait
 */
export function readLimitHeaders(headers: ReplyHeaders, nowMs: number): WindowNews | undefined {
  const limit = headerNumber(headers, "x-ratelimit-limit");
  if (limit === undefined || limit <= 0) return undefined;
  const period = headerNumber(headers, "x-ratelimit-period");
  const remaining = headerNumber(headers, "x-ratelimit-remaining");
  const reset = headerNumber(headers, "x-ratelimit-reset");
  return {
    limit,
    ...(period !== undefined && period > 0 && { periodMs: period > 10_000 ? period : period * 1000 }),
    ...(remaining !== undefined && { remaining }),
    ...(reset !== undefined && {
      resetAtMs: nowMs + resetDelayMs(reset, dateOf(headers) ?? nowMs) + (reset > 10_000 ? 1000 : 0),
    }),
  };
}

/** How far the server's clock is ahead of ours, in milliseconds, at least: `Date` is cut to whole seconds. Undefined without it. */
export function serverAhead(headers: ReplyHeaders, nowMs: number): number | undefined {
  const date = dateOf(headers);
  return date === undefined ? undefined : date - nowMs;
}

/** The server's clock when it replied, milliseconds since the epoch, cut to seconds; undefined where it does not say. */
export function dateOf(headers: ReplyHeaders): number | undefined {
  const date = Date.parse(headerText(headers, "date") ?? "");
  return Number.isNaN(date) ? undefined : date;
}

/** Whether a parsed body holds what we rely on. By hand: a library of schemas takes longer to load than the first request takes. */
export type BodyTest<T> = (body: unknown) => body is T;

/** An object of JSON, whatever it holds: shown or inspected as received. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isText: BodyTest<string> = (value) => typeof value === "string";
const isNumber: BodyTest<number> = (value) => typeof value === "number";
const isWhole: BodyTest<number> = (value): value is number => Number.isSafeInteger(value);
const isSwitch: BodyTest<boolean> = (value) => typeof value === "boolean";

function optional<T>(test: BodyTest<T>): BodyTest<T | undefined> {
  return (value): value is T | undefined => value === undefined || test(value);
}

function listOf<T>(test: BodyTest<T>): BodyTest<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(test);
}

/** Any body, none as well. */
export function isAnyBody(_body: unknown): _body is unknown {
  return true;
}

/** An object with at least these fields: what we rely on and no more, so that the API may grow. */
function holding<T extends JsonObject>(fields: { readonly [K in keyof T]: BodyTest<T[K]> }): BodyTest<T & JsonObject> {
  const tests = Object.entries<BodyTest<unknown>>(fields);
  return (value): value is T & JsonObject => isJsonObject(value) && tests.every(([name, test]) => test(value[name]));
}

// @source API reference, by route

/** `POST /auth/access_token`; `expiresIn` in seconds. */
export const isTokenBody = holding({
  accessToken: (value): value is string => isText(value) && value !== "",
  expiresIn: (value): value is number => isNumber(value) && value > 0,
});

const isBlueprint = holding({
  identifier: isText,
  schema: holding({ properties: isJsonObject }),
}) as BodyTest<unknown> as BodyTest<Blueprint>;

/** `GET /blueprints` */
export const isBlueprintsBody = holding({ blueprints: listOf(isBlueprint) });

/** `GET`, `PUT /blueprints/{id}`, `POST /blueprints` */
export const isBlueprintBody = holding({ blueprint: isBlueprint });

/** `POST /blueprints/{id}/entities/bulk`; the entries are read one by one, so that a bad one spoils no other. */
export const isBulkBody = holding({
  entities: optional(Array.isArray as BodyTest<readonly unknown[]>),
  errors: optional(Array.isArray as BodyTest<readonly unknown[]>),
});

/** An entry of a bulk reply's `entities`. */
export const isBulkWritten = holding({ index: isWhole, created: isSwitch });

/** An entry of a bulk reply's `errors`. */
export const isBulkRefused = holding({
  index: isWhole,
  statusCode: isWhole,
  error: optional(isText),
  message: optional(isText),
});

/** `POST /blueprints/{id}/entities/search` */
export const isSearchBody = holding({
  entities: listOf(holding({ identifier: isText }) as BodyTest<FoundEntity>),
  next: (value): value is string | null | undefined => value == null || isText(value),
});

/** `POST /blueprints/{id}/bulk/entities/delete`: the identifiers that were there. */
export const isDeletedBody = holding({ deletedEntities: optional(listOf(isText)) });

/** `GET /blueprints/{id}/entities-count` */
export const isCountBody = holding({ count: isWhole });

/** `GET /blueprints/{id}/entities/{id}`, as far as a lost creation is judged by it. */
export const isHeldBody = holding({ entity: holding({ createdAt: isText }) });

/** `DELETE /blueprints/{id}/all-entities` */
export const isStartedBody = holding({ migrationId: optional(isText) });

/** `GET /migrations/{id}` */
export const isMigrationBody = holding({ migration: holding({ status: isText }) });

/** Any refusal. */
export const isFailureBody = holding({ ok: optional(isSwitch), error: optional(isText), message: optional(isText) });
