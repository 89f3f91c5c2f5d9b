import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ReplyShape } from "../entity-reply.js";
import { compileSearch, entityReplies } from "../evaluate.js";
import { type Catalog, type Document, isObject, type Query, type Shelf, type StoredEntity } from "../model.js";
import { identifierTaken, invalidRequest, notFound, Refusal } from "../refusal.js";
import { answer, ok, type RouteAnswer, type RouteParts, shelfOf, stamped } from "./routes.js";

/** A rule of a scorecard: it is passed, or not, by an entity. */
interface Rule {
  readonly identifier: string;
  readonly level: string;
  readonly query: Conditions;
}

/** A search as scorecards write it. */
interface Conditions {
  readonly combinator: "and" | "or";
  readonly conditions: readonly Document[];
}

/** A scorecard as a request brings it; its first level is that of an entity that passes nothing. */
interface ScorecardBody extends Document {
  readonly identifier: string;
  readonly filter?: Conditions;
  readonly rules: readonly Rule[];
  readonly levels: readonly { readonly title: string }[];
}

/** A scorecard as its routes keep it. */
interface Scorecard extends ScorecardBody {
  readonly blueprint: string;
}

// The routes' schemas check what is in them.
function isBody(document: Document): document is ScorecardBody {
  return typeof document.identifier === "string" && Array.isArray(document.rules) && Array.isArray(document.levels);
}

function isScorecard(document: Document): document is Scorecard {
  return isBody(document) && typeof document.blueprint === "string";
}

/** Gives the scorecards of a blueprint, of all without one. */
function scorecardsOf(catalog: Catalog, blueprint?: string): readonly Scorecard[] {
  const all = [...catalog.documents.scorecard.values()].filter(isScorecard);
  // A blueprint that is gone takes its own with it.
  return blueprint === undefined
    ? all.filter((one) => catalog.shelves.has(one.blueprint))
    : all.filter((scorecard) => scorecard.blueprint === blueprint);
}

/** Gives entities as reads show them, with what the blueprint's scorecards say of each, if it has any. */
export function scoredReplies(
  catalog: Catalog,
  shelf: Shelf,
  entities: readonly StoredEntity[],
  shape: ReplyShape,
): readonly Record<string, unknown>[] {
  const replies = entityReplies(catalog, shelf, entities, shape);
  const shown = shape.include.length === 0 || shape.include.includes("scorecards");
  const scorecards = scorecardsOf(catalog, shelf.blueprint.identifier);
  if (scorecards.length === 0 || !shown || shape.exclude.includes("scorecards")) return replies;
  const judges = scorecards.map((scorecard) => [scorecard.identifier, judge(catalog, scorecard)] as const);
  return replies.map((reply, at) => {
    const entity = entities[at] as StoredEntity;
    const scores = judges.flatMap(([identifier, score]) => {
      const result = score(entity, shelf);
      return result === undefined ? [] : [[identifier, result] as const];
    });
    return { ...reply, scorecards: Object.fromEntries(scores) };
  });
}

/**
 * Makes the evaluation of a scorecard; it gives nothing for an entity that its filter leaves out.
 * Port's guide to scorecards: an entity has a level when it passes all rules of that level and of those below.
 */
function judge(
  catalog: Catalog,
  { filter, rules, levels }: Scorecard,
): (entity: StoredEntity, shelf: Shelf) => object | undefined {
  const filtered = filter === undefined ? undefined : test(catalog, filter);
  const tests = rules.map((rule) => [rule, test(catalog, rule.query)] as const);
  return (entity, shelf) => {
    if (filtered?.(entity, shelf) === false) return undefined;
    const results = tests.map(([{ identifier, level }, passes]) => {
      return { identifier, level, status: passes(entity, shelf) ? "SUCCESS" : "FAILURE" };
    });
    let level = levels[0]?.title ?? null;
    for (const { title } of levels.slice(1)) {
      if (results.some((result) => result.level === title && result.status === "FAILURE")) break;
      level = title;
    }
    return { rules: results, level };
  };
}

function test(catalog: Catalog, { combinator, conditions }: Conditions): Query["test"] {
  const rules = conditions.map(({ not: _, ...rule }) => rule);
  const parts = rules.map((rule) => compileSearch(catalog, { combinator, rules: [rule] }, "query", "blueprint"));
  // `not` turns a condition round.
  const tests = parts.map((part, at): Query["test"] => {
    // No entity passes a condition that no search knows.
    if (part instanceof Refusal) return () => false;
    const inverted = isObject(conditions[at]) && conditions[at].not === true;
    return inverted ? (entity, shelf) => !part.test(entity, shelf) : part.test;
  });
  return combinator === "and"
    ? (entity, shelf) => tests.every((passes) => passes(entity, shelf))
    : (entity, shelf) => tests.some((passes) => passes(entity, shelf));
}

const text = { type: "string" };
const conditions = {
  type: "object",
  properties: { combinator: { enum: ["and", "or"] }, conditions: { type: "array", items: { type: "object" } } },
  required: ["combinator", "conditions"],
};
const rule = {
  type: "object",
  properties: { identifier: text, title: text, description: text, level: text, query: conditions },
  required: ["identifier", "title", "level", "query"],
};
const level = { type: "object", properties: { title: text, color: text }, required: ["title", "color"] };
const body = {
  type: "object",
  properties: {
    identifier: { ...text, minLength: 1 },
    title: text,
    filter: conditions,
    properties: { type: "object" },
    rules: { type: "array", items: rule },
    levels: { type: "array", items: level, minItems: 1 },
  },
  required: ["identifier", "title", "rules"],
};
const manyBody = { type: "array", items: body };

/** The levels of a scorecard that names none. Port's guide to scorecards. */
const defaultLevels = [
  { title: "Basic", color: "paleBlue" },
  { title: "Bronze", color: "bronze" },
  { title: "Silver", color: "silver" },
  { title: "Gold", color: "gold" },
];

/** `/v1/scorecards` and `/v1/blueprints/:blueprint/scorecards`. */
export function scorecardRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  const { scorecard: scorecards } = catalog.documents;
  const many = "/v1/blueprints/:blueprint/scorecards";
  const one = `${many}/:scorecard`;
  const keyOf = (shelf: Shelf, identifier: unknown) => JSON.stringify([shelf.blueprint.identifier, identifier]);
  const route = (then: (request: FastifyRequest, shelf: Shelf) => RouteAnswer) => {
    return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const shelf = shelfOf(catalog, request);
      return answer(reply, shelf instanceof Refusal ? shelf : then(request, shelf));
    };
  };
  const routeOfOne = (then: (request: FastifyRequest, shelf: Shelf, found: Document) => RouteAnswer) => {
    return route((request, shelf) => {
      const { scorecard: identifier } = request.params as { readonly scorecard: string };
      const found = scorecards.get(keyOf(shelf, identifier));
      return found === undefined ? notFound("Scorecard", identifier) : then(request, shelf, found);
    });
  };
  const made = (request: FastifyRequest, shelf: Shelf, given: Document, old?: Document): Document | Refusal => {
    const next: Document = { levels: defaultLevels, ...given };
    if (!isBody(next)) return invalidRequest("a scorecard has an identifier, rules and levels");
    const titles = next.levels.map(({ title }) => title);
    const stray = next.rules.find((each) => !titles.includes(each.level));
    if (stray !== undefined) {
      const message = `"rules/${stray.identifier}/level" must be one of the scorecard's levels: ${titles.join(", ")}`;
      return invalidRequest(message);
    }
    const blueprint = shelf.blueprint.identifier;
    return { id: old?.id ?? `sc_${randomBytes(8).toString("hex")}`, blueprint, ...stamped(parts, request, next, old) };
  };
  server.get("/v1/scorecards", (_request, reply) => answer(reply, ok({ scorecards: scorecardsOf(catalog) })));
  server.get(
    many,
    route((_request, { blueprint }) => ok({ scorecards: scorecardsOf(catalog, blueprint.identifier) })),
  );
  server.post(
    many,
    { schema: { body } },
    route((request, shelf) => {
      const given = request.body as Document;
      if (scorecards.has(keyOf(shelf, given.identifier))) return identifierTaken("Scorecard", String(given.identifier));
      const scorecard = made(request, shelf, given);
      if (scorecard instanceof Refusal) return scorecard;
      scorecards.set(keyOf(shelf, given.identifier), scorecard);
      return { status: 201, body: { ok: true, scorecard } };
    }),
  );
  // All scorecards of the blueprint: those that the list lacks go.
  server.put(
    many,
    { schema: { body: manyBody } },
    route((request, shelf) => {
      const next = new Map<string, Document>();
      for (const given of request.body as readonly Document[]) {
        const key = keyOf(shelf, given.identifier);
        const scorecard = made(request, shelf, given, scorecards.get(key));
        if (scorecard instanceof Refusal) return scorecard;
        next.set(key, scorecard);
      }
      for (const { identifier } of scorecardsOf(catalog, shelf.blueprint.identifier)) {
        scorecards.delete(keyOf(shelf, identifier));
      }
      for (const [key, scorecard] of next) scorecards.set(key, scorecard);
      return ok({ scorecards: [...next.values()] });
    }),
  );
  server.get(
    one,
    routeOfOne((_request, _shelf, scorecard) => ok({ scorecard })),
  );
  server.put(
    one,
    { schema: { body } },
    routeOfOne((request, shelf, old) => {
      const given = request.body as Document;
      const [from, to] = [keyOf(shelf, old.identifier), keyOf(shelf, given.identifier)];
      if (from !== to && scorecards.has(to)) return identifierTaken("Scorecard", String(given.identifier));
      const scorecard = made(request, shelf, given, old);
      if (scorecard instanceof Refusal) return scorecard;
      scorecards.delete(from);
      scorecards.set(to, scorecard);
      return ok({ scorecard });
    }),
  );
  server.delete(
    one,
    routeOfOne((_request, shelf, { identifier }) => {
      scorecards.delete(keyOf(shelf, identifier));
      return ok({});
    }),
  );
}
