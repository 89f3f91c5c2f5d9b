import { randomBytes } from "node:crypto";
import { bulkCall, readVerdicts } from "../../api/bulk.js";
import { portQuotas } from "../../api/call.js";
import type { Asked, Client, ClientOptions } from "../../api/client.js";
import { credentialsHint, refusedBody } from "../../api/failure.js";
import { headerNumber, headerText, isTokenBody, type ReplyHeaders, readLimitHeaders } from "../../api/reply-parts.js";
import type { Blueprint, Property } from "../../blueprint.js";
import { PortloadError } from "../../errors.js";
import { noCode } from "../../reply.js";
import { type Check, checksOf } from "./checks.js";

/** An entity to have validated. */
interface Specimen {
  readonly identifier: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly relations?: Readonly<Record<string, unknown>>;
  readonly team?: unknown;
}

/** How a request of specimens was answered. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
  /** One for each specimen: `accepted`, `422 blueprint_schema_mismatch`, `whole request 422 invalid_request`. */
  readonly words: readonly string[];
}

/** Where specimens are validated: requests with `validation_only`, which write nothing. */
export interface Lab {
  readonly blueprint: Blueprint;
  readonly client: Client;
  /** A specimen that the blueprint should accept, with changes; a new identifier each time. */
  specimen(changes?: Partial<Specimen>): Specimen;
  validate(specimens: readonly Specimen[], mode?: "merge" | "override" | "create"): Promise<Answered>;
  /** An identifier of an entity of a blueprint that exists, if it has any. */
  anyEntity(blueprint: string): Promise<string | undefined>;
}

/** Prepares specimens for a blueprint. Required relations point at entities that exist. */
export async function openLab(client: Client, blueprint: Blueprint): Promise<Lab> {
  const mark = `portload-probe-${randomBytes(6).toString("hex")}`;
  const known = new Map<string, string | undefined>();
  let made = 0;
  const anyEntity = async (name: string): Promise<string | undefined> => {
    if (!known.has(name)) {
      const request = { query: { combinator: "and", rules: [] }, include: ["$identifier"], limit: 1 };
      known.set(name, (await client.search(name, request)).entities[0]?.identifier);
    }
    return known.get(name);
  };
  const { schema, relations = {} } = blueprint;
  const properties = Object.fromEntries(
    (schema.required ?? []).map((name) => [name, sampleOf(schema.properties[name] ?? { type: "string" })]),
  );
  const required: Record<string, string> = {};
  for (const [name, relation] of Object.entries(relations)) {
    const target = relation.required ? await anyEntity(relation.target) : undefined;
    if (target !== undefined) required[name] = target;
  }
  return {
    blueprint,
    client,
    anyEntity,
    specimen: (changes = {}) => ({
      identifier: `${mark}-${made++}`,
      ...changes,
      properties: { ...properties, ...changes.properties },
      relations: { ...required, ...changes.relations },
    }),
    async validate(specimens, mode = "override") {
      const items = specimens.map((specimen) => JSON.stringify(specimen));
      const flags = { mode, createMissing: false, validationOnly: true };
      const reply = await client.ask(bulkCall(blueprint.identifier, items, flags));
      return { status: reply.status, body: reply.body, words: wordsOf(reply, specimens.length) };
    },
  };
}

function wordsOf({ status, body }: Asked, count: number): readonly string[] {
  if (status >= 300) {
    const { error } = refusedBody(body);
    return new Array<string>(count).fill(`whole request ${status} ${error === noCode ? "without a code" : error}`);
  }
  return readVerdicts(body, count).map((verdict) => {
    if (verdict.is === "refused") return `${verdict.status} ${verdict.error}`;
    return verdict.is === "unknown" ? "not mentioned" : "accepted";
  });
}

/** A value that a property should accept. */
function sampleOf(property: Partial<Property>): unknown {
  if (property.default !== undefined) return property.default;
  if (property.enum?.[0] !== undefined) return property.enum[0];
  switch (property.type) {
    case "number":
      return typeof property.minimum === "number" ? property.minimum : 1;
    case "boolean":
      return true;
    case "object":
      return property.format === "labeled-url" ? { url: "https://example.com" } : {};
    case "array":
      return [sampleOf(property.items ?? { type: "string" })];
    default:
      return samples[property.format ?? ""] ?? "probe";
  }
}

const samples: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00Z",
  timer: "2099-01-01T00:00:00Z",
  url: "https://example.com",
  email: "probe@example.com",
  "idn-email": "probe@example.com",
  user: "probe@example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  yaml: "a: 1",
};

/** A reply to look at: headers, and when it came. */
interface Contact {
  readonly headers: ReplyHeaders;
  readonly ours: { readonly sentAtMs: number; readonly answeredAtMs: number };
}

/**
 * Asks for a token and for the blueprints, and reports what the replies show: credentials, clock, limits.
 *
 * @returns the checks, and whether the API can be used
 */
export async function checkContact(
  client: Client,
  { apiUrl, credentials }: Pick<ClientOptions, "apiUrl" | "credentials">,
): Promise<{ readonly checks: readonly Check[]; readonly usable: boolean }> {
  const { ok, fault } = checksOf("token");
  try {
    const token = await client.ask({
      method: "POST",
      path: "/auth/access_token",
      route: "token",
      body: JSON.stringify(credentials),
      authorized: false,
    });
    const clock = checkClock(token);
    const granted = isTokenBody(token.body) ? token.body : undefined;
    if (token.status >= 300 || granted === undefined) {
      const why = token.status === 401 || token.status === 403 ? "the credentials are refused" : "there is none";
      return { checks: [fault(`${why} (status ${token.status})`, credentialsHint(apiUrl)), clock], usable: false };
    }
    const checks = [ok(`granted, ${inWords(granted.expiresIn)} left`), clock];
    const list = await client.ask({ method: "GET", path: "/blueprints", route: "blueprints" });
    const limits = checkLimits(list);
    if (list.status >= 300) {
      const refused = checksOf("blueprints").fault(
        `cannot be listed (status ${list.status})`,
        list.status === 403
          ? "The credentials lack the permission, or Port does not allow this machine's address."
          : "Check that the address ends in /v1.",
      );
      return { checks: [...checks, limits, refused], usable: list.status === 403 };
    }
    return { checks: [...checks, limits], usable: true };
  } catch (error) {
    if (!(error instanceof PortloadError)) throw error;
    return { checks: [checksOf("contact").fault(error.message, error.hint)], usable: false };
  }
}

/** Clocks further apart than this are a warning, in milliseconds. */
const maxSkewMs = 5000;

/** Reports how far this machine's clock is from the server's, from one `Date` header, which is cut to seconds. */
export function checkClock({ headers, ours }: Contact): Check {
  const { ok, warning, note } = checksOf("clock");
  const serverMs = Date.parse(headerText(headers, "date") ?? "");
  if (Number.isNaN(serverMs)) return note("the server does not send its time");
  const halfTripMs = (ours.answeredAtMs - ours.sentAtMs) / 2;
  const aheadMs = (ours.sentAtMs + ours.answeredAtMs) / 2 - (serverMs + 500);
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  if (Math.abs(aheadMs) <= maxSkewMs + halfTripMs)
    return ok(`within ${(Math.ceil((Math.abs(aheadMs) + halfTripMs + 500) / 100) / 10).toFixed(1)} s of the server's`);
  return warning(
    `this machine's clock is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} the server's`,
    "Set it by NTP: limits given as times of day, and jobs that share a pace, need it.",
  );
}

/** Reports what the limit headers of a reply of the blueprints' routes say, and in which units. */
export function checkLimits({ headers, ours }: Contact): Check {
  const { ok, warning } = checksOf("limits");
  const names = ["limit", "period", "remaining", "reset"].map((name) => `x-ratelimit-${name}`);
  const missing = names.filter((name) => headerNumber(headers, name) === undefined);
  if (missing.length === names.length)
    return warning("replies state no limits", "Port's published limits are kept; a proxy may strip the headers.");
  if (missing.length > 0)
    return warning(`replies lack ${missing.join(", ")}`, "What is missing is taken from Port's published limits.");
  const [limit = 0, period = 0, remaining = 0, reset = 0] = names.map((name) => headerNumber(headers, name));
  const news = readLimitHeaders(headers, ours.answeredAtMs);
  const periodMs = news?.periodMs ?? 0;
  const resetInMs = (news?.resetAtMs ?? 0) - ours.answeredAtMs;
  const stated = `${limit.toLocaleString("en")} requests in ${periodMs / 1000} s, ${remaining.toLocaleString("en")} left; period stated in ${period > 10_000 ? "milliseconds" : "seconds"}, reset ${resetUnit(reset)}`;
  if (resetInMs < -5000 || resetInMs > periodMs + 5000)
    return warning(
      `${stated}: that is ${Math.round(resetInMs / 1000)} s from now, outside the window`,
      "Check this machine's clock; waits are bounded by the period.",
    );
  const published = portQuotas.blueprints;
  const same = limit === published.limit && periodMs === published.periodMs;
  return ok(
    same
      ? `${stated}; as Port publishes`
      : `${stated}; Port publishes ${published.limit.toLocaleString("en")} in 300 s`,
  );
}

/** The unit of the window's end. @source API reference, "Rate limits", both readings published */
export function resetUnit(reset: number): string {
  return reset > 10_000 ? "as epoch seconds" : "in seconds from now";
}

function inWords(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes >= 60
    ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    : `${minutes} min ${Math.floor(seconds % 60)} s`;
}
