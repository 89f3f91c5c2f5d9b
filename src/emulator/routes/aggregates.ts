import type { FastifyRequest } from "fastify";
import { aggregate } from "../calculation.js";
import { selectEntities } from "../catalog.js";
import { compileSearch, fieldOf } from "../evaluate.js";
import type { Catalog, Query, Shelf, StoredEntity } from "../model.js";
import { periodOf } from "../query-operators.js";
import { blueprintNotFound, entityNotFound, invalidRequest, notFound, Refusal } from "../refusal.js";
import { answer, calculatorFor, ok, type RouteAnswer, type RouteParts, shelfOf } from "./routes.js";

const text = { type: "string" };
const texts = { type: "array", items: text };
const query = { type: "object" };
const averageOf = { enum: ["hour", "day", "week", "month", "total"] };
const aggregateBody = {
  type: "object",
  properties: {
    func: { enum: ["count", "average", "sum", "min", "max", "median", "countValues"] },
    averageOf,
    measureTimeBy: text,
    calculationBy: text,
    query,
    property: text,
    relation: text,
    scorecard: text,
    rule: text,
  },
  required: ["func", "query"],
  additionalProperties: false,
};
const presets =
  "today yesterday lastDay lastWeek last2Weeks lastMonth last3Months last6Months last12Months last2Years last3Years";
const timeRange = {
  type: "object",
  properties: { preset: { enum: presets.split(" ") }, timeZone: text },
  required: ["preset"],
  additionalProperties: false,
};
const timeInterval = { enum: ["hour", "day", "isoWeek", "month", "quarter"] };
const overTimeBody = {
  type: "object",
  properties: {
    blueprint: text,
    timeRange: {
      ...timeRange,
      properties: { ...timeRange.properties, preset: { enum: [...presets.split(" "), "specific"] } },
    },
    timeInterval,
    query,
    measureTimeBy: text,
    specificTimeRange: { type: "array", items: { type: "number" }, minItems: 2, maxItems: 2 },
    aggregationType: { enum: ["aggregatePropertiesValues", "countEntities"] },
    func: { enum: ["average", "sum", "min", "max", "median", "last", "count"] },
    properties: texts,
    breakdownProperty: text,
  },
  required: ["blueprint", "timeRange", "timeInterval", "query", "measureTimeBy", "aggregationType"],
};
const historyBody = {
  type: "object",
  properties: { entityIdentifier: text, blueprintIdentifier: text, propertyNames: texts, timeInterval, timeRange },
  required: ["entityIdentifier", "blueprintIdentifier", "propertyNames"],
  additionalProperties: false,
};

const groupBody = {
  type: "object",
  properties: {
    query: { type: "object", required: ["combinator", "rules"] },
    groupBy: { type: "object", properties: { property: text }, required: ["property"] },
  },
  required: ["query", "groupBy"],
};

/**
 * `/v1/entities/aggregate`, `…/aggregate-over-time` and `…/properties-history`, and `…/entities/group` as Port's migrator from its GitHub App asks for it. The requests are those of Port's API description; of the replies it has no more than the frame,
 * so what is within `result` is inferred. Nothing that was is kept: the history of a property is its present value, at the entity's last change.
 */
export function aggregateRoutes({ server, catalog }: RouteParts): void {
  const preHandler = calculatorFor(catalog);
  server.post("/v1/entities/aggregate", { preHandler, schema: { body: aggregateBody } }, (request, reply) => {
    return answer(reply, aggregateAll(catalog, request.body as AggregateBody));
  });
  server.post("/v1/entities/aggregate-over-time", { preHandler, schema: { body: overTimeBody } }, (request, reply) => {
    return answer(reply, aggregateOverTime(catalog, request.body as OverTimeBody));
  });
  server.post(
    "/v1/blueprints/:blueprint/entities/group",
    { preHandler, schema: { body: groupBody } },
    (request, reply) => {
      const shelf = shelfOf(catalog, request);
      return answer(reply, shelf instanceof Refusal ? shelf : groupsOf(catalog, shelf, request.body as GroupBody));
    },
  );
  server.post("/v1/entities/properties-history", { preHandler, schema: { body: historyBody } }, (request, reply) => {
    return answer(reply, historyOf(catalog, request));
  });
}

interface AggregateBody {
  readonly func: string;
  readonly averageOf?: string;
  readonly measureTimeBy?: string;
  readonly query: unknown;
  readonly property?: string;
  readonly relation?: string;
  readonly scorecard?: string;
}

interface GroupBody {
  readonly query: unknown;
  readonly groupBy: { readonly property: string };
}

// The largest first. All of them: how many are shown at most is unpublished.
function groupsOf(catalog: Catalog, shelf: Shelf, { query, groupBy }: GroupBody): RouteAnswer {
  const compiled = compileSearch(catalog, query, "query", "blueprint");
  if (compiled instanceof Refusal) return compiled;
  const found = selectEntities(shelf, compiled, 0, Number.POSITIVE_INFINITY).map((entity) => [shelf, entity] as const);
  const counts = Object.entries(countValues(catalog, found, groupBy.property));
  const groups = counts.map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
  return ok({ groups, hasMoreGroups: false });
}

type FoundEntities = readonly (readonly [shelf: Shelf, entity: StoredEntity])[];

function aggregateAll(catalog: Catalog, body: AggregateBody): RouteAnswer {
  const compiled = compileSearch(catalog, body.query, "query", "catalog");
  if (compiled instanceof Refusal) return compiled;
  const found = findAll(catalog, compiled);
  const { func, property, relation, scorecard } = body;
  if (func === "countValues") {
    const by = property ?? relation;
    if (by === undefined && scorecard === undefined)
      return invalidRequest(`"body" must have required property 'property'`);
    return ok({ result: countValues(catalog, found, by) });
  }
  if (func !== "count" && func !== "average" && property === undefined) {
    return invalidRequest(`"body" must have required property 'property'`);
  }
  return ok({ result: aggregate(catalog, readOf(catalog, found), entitiesOf(found), { ...body }) });
}

function findAll(catalog: Catalog, compiled: Query): FoundEntities {
  return [...catalog.shelves].flatMap(([identifier, shelf]) => {
    if (compiled.blueprints?.includes(identifier) === false) return [];
    return selectEntities(shelf, compiled, 0, Number.POSITIVE_INFINITY).map((entity) => [shelf, entity] as const);
  });
}

function entitiesOf(found: FoundEntities): readonly StoredEntity[] {
  return found.map(([, entity]) => entity);
}

function readOf(catalog: Catalog, found: FoundEntities): (entity: StoredEntity, name: string) => unknown {
  const shelves = new Map(found.map(([shelf, entity]) => [entity, shelf] as const));
  return (entity, name) => fieldOf(catalog, entity, shelves.get(entity) as Shelf, name);
}

function countValues(catalog: Catalog, found: FoundEntities, by: string | undefined): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const [shelf, entity] of found) {
    const value = by === undefined ? null : fieldOf(catalog, entity, shelf, by);
    for (const one of Array.isArray(value) ? value : [value ?? null]) {
      const key = typeof one === "string" ? one : JSON.stringify(one);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return Object.fromEntries(counts);
}

interface OverTimeBody {
  readonly blueprint: string;
  readonly timeRange: { readonly preset: string };
  readonly specificTimeRange?: readonly [number, number];
  readonly timeInterval: Interval;
  readonly query: unknown;
  readonly measureTimeBy: string;
  readonly func?: string;
  readonly properties?: readonly string[];
}

type Interval = "hour" | "day" | "isoWeek" | "month" | "quarter";

function aggregateOverTime(catalog: Catalog, body: OverTimeBody): RouteAnswer {
  const shelf = catalog.shelves.get(body.blueprint);
  if (shelf === undefined) return blueprintNotFound(body.blueprint);
  const compiled = compileSearch(catalog, body.query, "query", "catalog");
  if (compiled instanceof Refusal) return compiled;
  const { preset } = body.timeRange;
  const [from, to] = body.specificTimeRange ?? [];
  const range = from === undefined || to === undefined ? periodOf({ preset }, catalog.clock()) : { from, to };
  if (range === undefined) return invalidRequest(`"body" must have required property 'specificTimeRange'`);
  const buckets = new Map<number, StoredEntity[]>();
  for (const entity of selectEntities(shelf, compiled, 0, Number.POSITIVE_INFINITY)) {
    const at = Date.parse(String(fieldOf(catalog, entity, shelf, body.measureTimeBy)));
    if (Number.isNaN(at) || at < range.from || at > range.to) continue;
    const start = startOf(at, body.timeInterval);
    buckets.set(start, [...(buckets.get(start) ?? []), entity]);
  }
  const read = (entity: StoredEntity, name: string) => fieldOf(catalog, entity, shelf, name);
  const data = [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([date, entities]) => {
      const { properties, func = "count" } = body;
      if (properties === undefined) return { date, count: entities.length };
      const values = properties.map((property) => {
        const last = func === "last" ? read(entities.at(-1) as StoredEntity, property) : undefined;
        return [property, last ?? aggregate(catalog, read, entities, { func, property })] as const;
      });
      return { date, ...Object.fromEntries(values) };
    });
  return ok({ result: { minDate: range.from, maxDate: range.to, data } });
}

/** Start of the interval that a moment is in, in UTC and milliseconds since 1970. */
function startOf(at: number, interval: Interval): number {
  const date = new Date(at);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (interval) {
    case "hour":
      return at - (at % 3_600_000);
    case "day":
      return Date.UTC(year, month, day);
    case "isoWeek":
      return Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7));
    case "month":
      return Date.UTC(year, month, 1);
    case "quarter":
      return Date.UTC(year, month - (month % 3), 1);
  }
}

function historyOf(catalog: Catalog, request: FastifyRequest): RouteAnswer {
  const { blueprintIdentifier, entityIdentifier, propertyNames } = request.body as {
    readonly blueprintIdentifier: string;
    readonly entityIdentifier: string;
    readonly propertyNames: readonly string[];
  };
  const shelf = catalog.shelves.get(blueprintIdentifier);
  if (shelf === undefined) return blueprintNotFound(blueprintIdentifier);
  const entity = shelf.entities.get(entityIdentifier);
  if (entity === undefined) return entityNotFound(entityIdentifier, blueprintIdentifier);
  const unknown = propertyNames.find((name) => !shelf.rules.properties.has(name) && !shelf.rules.readOnly.has(name));
  if (unknown !== undefined) return notFound("Property", unknown);
  const values = propertyNames.map((name) => [name, fieldOf(catalog, entity, shelf, name) ?? null] as const);
  const data = [{ date: entity.updatedAt, ...Object.fromEntries(values) }];
  return ok({ result: { minDate: entity.updatedAt, maxDate: catalog.clock(), data } });
}
