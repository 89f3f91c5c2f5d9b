import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { behaviours } from "../support/behaviours.js";
import { isLong } from "../support/long.js";
import { readDescription, starred } from "../support/reply-check.mjs";
import { type Schema, samplesOf } from "../support/samples.js";
import { type Reply, type Session, startSession } from "./session.js";

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
}

interface Request {
  readonly method: string;
  readonly route: string;
  readonly path: string;
  readonly body: unknown;
}

/** Requests of one run, on catalogs that live for a part of them. */
const requests = isLong ? 6000 : 400;
const perCatalog = 200;
/** Time in which a reply must have come, in milliseconds; far more than one takes. */
const maxMs = 10_000;

const description = readDescription(process.env.PORTLOAD_REPLIES ?? "");
const components = (description?.components ?? {}) as { readonly schemas?: Readonly<Record<string, Schema>> };
const define = (ref: string): Schema => components.schemas?.[ref.split("/").at(-1) ?? ""] ?? {};
const described = new Map(
  Object.entries(description?.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${starred(path)}`, operation as Operation] as const,
    ),
  ),
);

/** Bodies by the end of a route, where Port's description is not at hand or lacks the route. */
const bodies: readonly (readonly [end: RegExp, ...bodies: unknown[]])[] = [
  [/access_token$/, { clientId: "portload", clientSecret: "portload" }, { clientId: "x", clientSecret: "y" }],
  [/entities\/bulk$/, { entities: [{ identifier: "a" }, { identifier: "b", relations: { team: "t", uses: ["a"] } }] }],
  [/bulk\/entities(\/delete)?$/, { entities: ["a", "b"] }],
  [/datasource-entities$/, { datasource_prefix: "s", datasource_suffix: "n", limit: 2 }],
  [/blueprints\/\{[^}]+\}\/entities\/search$/, { query: { combinator: "and", rules: [] }, limit: 2 }],
  [/entities\/search$/, { combinator: "or", rules: [{ property: "tier", operator: "=", value: "gold" }] }],
  [/entities\/group$/, { query: { combinator: "and", rules: [] }, groupBy: { property: "tier" } }],
  [/entities\/aggregate$/, { func: "sum", property: "replicas", query: { combinator: "and", rules: [] } }],
  [
    /aggregate-over-time$/,
    {
      blueprint: "service",
      timeRange: { preset: "lastDay" },
      timeInterval: "hour",
      query: { combinator: "and", rules: [] },
      measureTimeBy: "$createdAt",
      aggregationType: "countEntities",
    },
  ],
  [/properties-history$/, { entityIdentifier: "a", blueprintIdentifier: "service", propertyNames: ["tier"] }],
  [
    /entities(\/\{[^}]+\})?$/,
    { identifier: "a", title: null, team: "core", properties: { tier: "gold", replicas: 2 }, relations: { team: "t" } },
    { identifier: { combinator: "and", rules: [{ property: "tier", operator: "=", value: "gold" }] } },
  ],
  [/rename$/, { newPropertyName: "next" }, { newMirrorName: "next" }, { newRelationIdentifier: "next" }],
  [/\/config$/, { config: {} }],
  [/scorecards\/\{[^}]+\}$|POST.*scorecards$/, { identifier: "s", title: "S", rules: [] }],
  [/PUT.*scorecards$/, [{ identifier: "s", title: "S", rules: [] }]],
  [
    /blueprints(\/\{identifier\})?$/,
    {
      identifier: "made",
      title: "Made",
      schema: { properties: { a: { type: "string", pattern: "^(a+)+$" }, b: { type: "number", default: 1 } } },
      relations: { to: { target: "service", required: false, many: true } },
      mirrorProperties: { m: { path: "to.$title" } },
      calculationProperties: { c: { calculation: ".properties.a", type: "string" } },
    },
  ],
  [/actions(\/\{[^}]+\})?$/, { identifier: "act", trigger: { blueprintIdentifier: "service" }, invocationMethod: {} }],
  [/\/runs$/, { properties: {}, entity: "a" }],
  [/\/logs$/, { message: "m", terminationStatus: "SUCCESS" }],
  [/runs\/\{[^}]+\}$/, { status: "FAILURE", link: ["x"] }],
  [/teams(\/\{[^}]+\})?$/, { name: "core", users: ["ann@example.com"] }],
  [/invite$/, { invitee: { email: "ann@example.com", teams: ["core"] } }],
  [/users\/\{[^}]+\}$/, { roles: ["Member"], teams: [] }],
  [/integration$/, { installationId: "i", installationAppType: "jira" }],
  [/organization$/, { name: "N" }],
  [/(pages|folders|pages\/\{[^}]+\})$/, { identifier: "p", title: "P" }],
];

const odd = [null, true, -1, 1e308, "", "x".repeat(1100), "__proto__", "..", "é😀", [], [[]], {}, { a: { b: [] } }];
const names = ["service", "team", "deployment", "owned", "inherited", "made", "_user", "_team", "_rule_result"];
const others = ["a", "b", "t", "core", "s", "act", "i", "p", "none", "ann@example.com", "tier", "teamName", "uses"];
const strange = ["..", "%00", "a b", "x".repeat(1100), "é", "__proto__", "a/b", "constructor"];
const name: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...others), weight: 8 },
  { arbitrary: fc.constantFrom(...strange), weight: 1 },
);
const blueprint: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...names), weight: 12 },
  { arbitrary: name, weight: 1 },
);
const flags =
  "upsert merge validation_only create_missing_related_entities delete_dependents delete_blueprint include exclude attach_title_to_relation exclude_calculated_properties run_id limit index kind";
const query = fc.array(
  fc.tuple(fc.constantFrom(...flags.split(" ")), fc.constantFrom("true", "false", "true", "x", "1", "a.b", "$title")),
  { maxLength: 3 },
);

/** Puts something else at a place of a JSON value. */
function mutated(value: unknown, path: readonly number[], put: unknown): unknown {
  const [at, ...rest] = path;
  if (at === undefined || typeof value !== "object" || value === null) return put;
  const entries = Object.entries(value);
  const entry = entries[at % Math.max(1, entries.length)];
  if (entry === undefined) return put;
  if (put === undefined && rest.length === 0) return Object.fromEntries(entries.filter((one) => one !== entry));
  const changed = mutated(entry[1], rest, put);
  if (Array.isArray(value)) return value.map((one, index) => (index === Number(entry[0]) ? changed : one));
  return { ...value, [entry[0]]: changed };
}

const routes = [...new Set(behaviours.map(({ route }) => route))];

const request: fc.Arbitrary<Request> = fc.constantFrom(...routes).chain((route) => {
  const [method = "", pattern = ""] = route.split(" ");
  const schema = described.get(`${method} ${starred(pattern)}`)?.requestBody?.content["application/json"].schema;
  const typical = [
    ...(schema === undefined ? [] : samplesOf(schema, define)),
    ...(bodies.find(([end]) => end.test(route))?.slice(1) ?? [{}]),
  ];
  const valid = fc.constantFrom(...typical);
  const broken = fc
    .tuple(valid, fc.array(fc.nat(9), { maxLength: 5 }), fc.oneof(fc.constantFrom(...odd, undefined), fc.jsonValue()))
    .map(([value, at, put]) => mutated(value, at, put));
  const text = fc.constantFrom("{", '{"a":1e999}', "null", "\u0000", `${"[".repeat(600)}${"]".repeat(600)}`);
  const body =
    method === "GET"
      ? fc.constant(undefined)
      : fc.oneof({ arbitrary: valid, weight: 4 }, { arbitrary: broken, weight: 4 }, { arbitrary: text, weight: 1 });
  const parts = fc.tuple(
    ...pattern
      .split("/")
      .map((part) =>
        /^\{(?:blueprint|identifier)/.test(part) ? blueprint : part.startsWith("{") ? name : fc.constant(part),
      ),
  );
  return fc.record({ parts, query, body }).map(({ parts: filled, query: given, body: sent }) => {
    const path = filled.map((part) => (part === "%00" ? part : encodeURIComponent(part))).join("/");
    const search = new URLSearchParams(given).toString();
    return { method, route, path: search === "" ? path : `${path}?${search}`, body: sent };
  });
});

async function fill({ call }: Session): Promise<void> {
  await call("POST", "/v1/blueprints/_team/entities", { identifier: "core" });
  await call("POST", "/v1/blueprints/_user/entities", { identifier: "ann@example.com", title: "Ann" });
  await call("POST", "/v1/blueprints/team/entities", { identifier: "t", properties: { mail: "m" } });
  await call("POST", "/v1/blueprints/service/entities", { identifier: "a", relations: { team: "t" } });
  await call("POST", "/v1/actions", { identifier: "act", trigger: {}, invocationMethod: {} });
  await call("POST", "/v1/integration", { installationId: "i" });
}

/** What a router and a parser of HTTP may answer on any route. */
const anywhere: ReadonlySet<number> = new Set([400, 401, 404, 405, 414, 422]);

describe("any request", () => {
  const seed = Number(process.env.PORTLOAD_SEED ?? 20_261_127);
  const drawn = fc.sample(request, { numRuns: requests, seed });
  const listed = new Set(behaviours.map(({ route, status }) => `${route} ${status}`));

  it(`gets a reply of the API in time: ${requests} of every route, seed ${seed}`, { timeout: 240_000 }, async () => {
    const faults: string[] = [];
    const statuses = new Map<number, number>();
    for (let start = 0; start < drawn.length; start += perCatalog) {
      const session = await startSession({ limits: "off" });
      await fill(session);
      for (const [index, { method, route, path, body }] of drawn.slice(start, start + perCatalog).entries()) {
        const late = AbortSignal.timeout(maxMs);
        const reply = await Promise.race([
          session.call(method, path, body).catch((error: unknown) => String(error)),
          new Promise<string>((resolve) => late.addEventListener("abort", () => resolve("no reply in time"))),
        ]);
        const fault = faultOf(reply, route, path, listed);
        if (fault !== undefined) {
          faults.push(
            `${start + index}: ${method} ${path.slice(0, 120)} ${JSON.stringify(body)?.slice(0, 300)}: ${fault}`,
          );
        }
        const status = typeof reply === "string" ? 0 : reply.status;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      // Another catalog answers the page as before: nothing that was written is lost on it.
      expect((await session.call("GET", "/v1/blueprints")).status).toBe(200);
    }
    expect(faults).toEqual([]);
    // The requests get somewhere: about half of them are good.
    const good = [...statuses].filter(([status]) => status < 300).reduce((sum, [, count]) => sum + count, 0);
    expect(good / drawn.length).toBeGreaterThan(0.25);
  });
});

function faultOf(reply: Reply | string, route: string, path: string, listed: ReadonlySet<string>): string | undefined {
  if (typeof reply === "string") return reply;
  const { status, body } = reply;
  if (status >= 500) return `${status} ${JSON.stringify(body)}`;
  if (typeof body?.ok !== "boolean") return `${status} without the envelope: ${JSON.stringify(body).slice(0, 200)}`;
  if (status >= 400 && (body.ok || typeof body.error !== "string")) return `${status} ${JSON.stringify(body)}`;
  // A parameter that holds a slash or dots, or takes the place of a word, leads to another route.
  const isAnother = /%2F|\.\.|%00/.test(path) || route.includes("{run}") || route.includes("{integration}");
  if (listed.has(`${route} ${status}`) || (isAnother && anywhere.has(status))) return undefined;
  return `${status} is not listed: ${JSON.stringify(body).slice(0, 200)}`;
}
