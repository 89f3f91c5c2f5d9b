import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Document, Shelf } from "../model.js";
import { identifierTaken, notFound, Refusal } from "../refusal.js";
import { type Scorecard, scorecardsOf } from "../scorecards.js";
import { type Answer, answer, ok, type RouteParts, shelfOf, stamped } from "./routes.js";

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
  const route = (then: (request: FastifyRequest, shelf: Shelf) => Answer) => {
    return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const shelf = shelfOf(catalog, request);
      return answer(reply, shelf instanceof Refusal ? shelf : then(request, shelf));
    };
  };
  const routeOfOne = (then: (request: FastifyRequest, shelf: Shelf, found: Document) => Answer) => {
    return route((request, shelf) => {
      const { scorecard: identifier } = request.params as { readonly scorecard: string };
      const found = scorecards.get(keyOf(shelf, identifier));
      return found === undefined ? notFound("Scorecard", identifier) : then(request, shelf, found);
    });
  };
  const made = (request: FastifyRequest, shelf: Shelf, given: Document, old?: Document): Document | Refusal => {
    const next = { levels: defaultLevels, ...given } as unknown as Scorecard;
    const titles = next.levels.map(({ title }) => title);
    const stray = next.rules.find((each) => !titles.includes(each.level));
    if (stray !== undefined) {
      const message = `"rules/${stray.identifier}/level" must be one of the scorecard's levels: ${titles.join(", ")}`;
      return new Refusal(422, "invalid_request", message);
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
