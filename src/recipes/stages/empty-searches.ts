import { isSearchQuery, keyText, type Write } from "../../entity.js";
import type { Place } from "../../record.js";
import type { Verdict } from "../../verdict.js";
import { groupBy } from "../run/inventory.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { lookedUpAtOnce } from "./ahead.js";

/** Watches what the searches in relations found. */
export interface SearchWatch {
  /** Notes what was written; now and then looks at it. */
  written(verdicts: ReadonlyMap<Write, Verdict>): Promise<void>;
  /** Looks at the rest. */
  finish(): Promise<void>;
}

/**
 * Tells of relations whose search found nothing: the API leaves them empty without a word. What was written with a search is looked up, a thousand entities in a
 * request; a run without searches costs none. Entities that are named by a search themselves are not looked at.
 */
export function watchSearches(
  target: Pick<Target, "isForecast" | "lookUp">,
  ledger: Pick<Ledger, "warn">,
): SearchWatch {
  let waiting = new Map<string, Written>();

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

interface Written {
  readonly blueprint: string;
  readonly identifier: string;
  readonly at: Place;
  readonly relations: readonly string[];
}

function warningOf({ blueprint, identifier, at }: Written, relation: string) {
  return {
    code: "relation_target_missing",
    blueprint,
    path: `relations.${relation}`,
    message: `the search finds no entity, so the relation is empty: ${blueprint} "${identifier}" was written without it`,
    count: 1,
    first: at,
  } as const;
}
