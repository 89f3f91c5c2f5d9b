import type { Shape } from "./entity-shape.js";
import { compileSearch, entityReplies } from "./evaluate.js";
import { type Catalog, type Document, isObject, type Query, type Shelf, type StoredEntity } from "./model.js";
import { Refusal } from "./refusal.js";

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

/** A scorecard as its routes keep it; its first level is that of an entity that passes nothing. */
export interface Scorecard extends Document {
  readonly identifier: string;
  readonly blueprint: string;
  readonly filter?: Conditions;
  readonly rules: readonly Rule[];
  readonly levels: readonly { readonly title: string }[];
}

/** Gives the scorecards of a blueprint, of all without one. */
export function scorecardsOf(catalog: Catalog, blueprint?: string): readonly Scorecard[] {
  const all = [...catalog.documents.scorecard.values()] as unknown as readonly Scorecard[];
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
  shape: Shape,
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
    // A condition that no search knows is passed by nobody.
    if (part instanceof Refusal) return () => false;
    const inverted = isObject(conditions[at]) && conditions[at].not === true;
    return inverted ? (entity, shelf) => !part.test(entity, shelf) : part.test;
  });
  return combinator === "and"
    ? (entity, shelf) => tests.every((passes) => passes(entity, shelf))
    : (entity, shelf) => tests.some((passes) => passes(entity, shelf));
}
