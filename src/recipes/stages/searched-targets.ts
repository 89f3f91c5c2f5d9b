import type { Blueprint } from "../../blueprint.js";
import {
  type Entity,
  type EntityBody,
  isSearchQuery,
  keyText,
  type RelationValue,
  type SearchQuery,
  type Write,
} from "../../entity.js";
import type { Place } from "../../record.js";
import type { Verdict } from "../../verdict.js";
import { maxBatchEntities } from "../../write/batch.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { groupBy, lookedUpAtOnce } from "./ahead.js";

/** Entities that must share a search: asked for fewer, it would cost more than the write that it may save. */
const leastShared = maxBatchEntities;
/** Most entities that a relation's search gives. @source Port documentation, "Mapping relations using search queries" */
const maxFound = 100;
/** Operators that mean the same in a search for entities as in a relation. */
const plainOperators: readonly unknown[] = ["=", "in"];

/** Gives a body whose searches are replaced by what they find, as far as that is known; the same body where none is. */
export type Resolving = (body: EntityBody) => EntityBody;

/**
 * Asks what the searches in relations of entities of one blueprint find, one request for each search, so that the entities can be compared with what the catalog holds.
 * Left as they are: searches that few of the entities share, those that find no entity or too many, and those in a blueprint that the run itself writes,
 * where a sync would find what its plan could not yet.
 */
export function searchResolver(
  target: Pick<Target, "rules" | "search" | "listBlueprints">,
): (entities: readonly Entity[]) => Promise<Resolving> {
  const { rules, search } = target;
  let catalog: Promise<ReadonlyMap<string, Blueprint>> | undefined;
  const allBlueprints = async () => new Map((await target.listBlueprints()).map((one) => [one.identifier, one]));
  return async (entities) => {
    const relations = Object.entries(rules.blueprints.get(entities[0]?.key.blueprint ?? "")?.relations ?? {});
    const asked = new Map<string, { query: SearchQuery; target: string; count: number }>();
    for (const [key, { target }] of relations) {
      if (rules.isWritten(target)) continue;
      for (const entity of entities) {
        const query = entity.relations[key];
        if (!isSearchQuery(query)) continue;
        const known = asked.get(nameOf(target, query)) ?? { query, target, count: 0 };
        known.count++;
        asked.set(nameOf(target, query), known);
      }
    }
    const found = new Map<string, readonly string[]>();
    for (const [name, { query, target, count }] of asked) {
      if (count < leastShared) continue;
      catalog ??= allBlueprints();
      if (!isPlain(query, (await catalog).get(target))) continue;
      const page = await search(target, { query, include: ["$identifier"], limit: maxFound + 1 });
      const names = page.entities.map(({ identifier }) => identifier);
      found.set(name, names);
    }
    if (found.size === 0) return (body) => body;
    return (body) => {
      const resolved: Record<string, RelationValue> = {};
      for (const [key, { target, many }] of relations) {
        const query = body.relations[key];
        const names = isSearchQuery(query) ? (found.get(nameOf(target, query)) ?? []) : [];
        if (names.length > 0 && names.length <= (many === true ? maxFound : 1)) resolved[key] = names;
      }
      return Object.keys(resolved).length === 0 ? body : { ...body, relations: { ...body.relations, ...resolved } };
    };
  };
}

function nameOf(target: string, query: SearchQuery): string {
  return `${target} ${JSON.stringify(query)}`;
}

/** True for a search that the API takes as a search for entities: any other would end the run, where a write of it is refused for itself. */
function isPlain({ rules }: SearchQuery, blueprint: Blueprint | undefined): boolean {
  if (blueprint === undefined) return false;
  const known = ["$identifier", "$title", ...Object.keys(blueprint.schema.properties)];
  return rules.every((rule) => {
    const { property, operator } = rule as { readonly property?: unknown; readonly operator?: unknown };
    return known.some((name) => name === property) && plainOperators.includes(operator);
  });
}

/** Watches what the searches in relations found. */
export interface SearchWatch {
  /** Notes what was written; now and then looks at it. */
  written(verdicts: ReadonlyMap<Write, Verdict>): Promise<void>;
  /** Looks at the rest. */
  finish(): Promise<void>;
}

/**
 * Reports relations whose search found nothing: the API leaves them empty without a message. What was written with a search is looked up, a thousand entities in a
 * request; a run without searches costs none. Entities that are named by a search themselves are not looked at.
 */
export function watchSearches(
  target: Pick<Target, "isForecast" | "lookUp">,
  ledger: Pick<Ledger, "warn">,
): SearchWatch {
  let waiting = new Map<string, WrittenTargets>();

  async function look(): Promise<void> {
    const written = [...waiting.values()];
    waiting = new Map();
    for (const [blueprint, group] of groupBy(written, (one) => one.blueprint)) {
      const relations = [...new Set(group.flatMap((one) => one.relations))];
      const names = group.map(({ identifier }) => identifier);
      const found = await target.lookUp(blueprint, names, ["$identifier", ...relations]);
      for (const one of group) {
        const held = found.get(one.identifier)?.relations;
        if (typeof held !== "object" || held === null) continue;
        for (const relation of one.relations) {
          const value: unknown = (held as Readonly<Record<string, unknown>>)[relation] ?? [];
          if (Array.isArray(value) && value.length === 0) ledger.warn([warningOf(one, relation)]);
        }
      }
    }
  }

  return {
    async written(verdicts) {
      if (target.isForecast) return;
      for (const [{ entity }, { is }] of verdicts) {
        if (is !== "created" && is !== "updated") continue;
        const relations = Object.entries(entity.relations).flatMap(([key, value]) =>
          isSearchQuery(value) ? [key] : [],
        );
        if (relations.length > 0 && entity.isNamed)
          waiting.set(keyText(entity.key.blueprint, entity.key.identifier), {
            ...entity.key,
            at: entity.at,
            relations,
          });
      }
      if (waiting.size >= lookedUpAtOnce) await look();
    },
    finish: look,
  };
}

interface WrittenTargets {
  readonly blueprint: string;
  readonly identifier: string;
  readonly at: Place;
  readonly relations: readonly string[];
}

function warningOf({ blueprint, identifier, at }: WrittenTargets, relation: string) {
  return {
    code: "relation_target_missing",
    blueprint,
    path: `relations.${relation}`,
    message: `the search finds no entity, so the relation is empty: ${blueprint} "${identifier}" was written without it`,
    count: 1,
    first: at,
  } as const;
}
