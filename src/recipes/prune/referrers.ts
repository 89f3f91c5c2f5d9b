import type { Blueprint } from "../../blueprint.js";
import { targetsOf } from "../../entity.js";
import type { RelatingEntity } from "../../state/journal-lines.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";

/** Identifiers in one search for what relates to them. */
const searchIdentifiers = 100;

/** What relates to entities, with their titles. */
export interface FoundRelating extends RelatingEntity {
  readonly title?: string;
}

/**
 * Finds the entities that relate straight to others, a page at a time: one search for each blueprint with such a relation and a hundred identifiers.
 *
 * @param blueprints - all of the catalog
 */
export async function* referrersOf(
  { pages }: Pick<Target, "pages">,
  blueprints: readonly Blueprint[],
  target: string,
  identifiers: readonly string[],
): AsyncGenerator<readonly FoundRelating[]> {
  for (const { identifier: blueprint, relations = {} } of blueprints) {
    const keys = Object.keys(relations).filter((key) => relations[key]?.target === target);
    if (keys.length === 0) continue;
    for (let start = 0; start < identifiers.length; start += searchIdentifiers) {
      const value = identifiers.slice(start, start + searchIdentifiers);
      const named = new Set(value);
      const rules = [{ operator: "relatedTo", blueprint: target, value, direction: "upstream" }];
      for await (const page of pages(blueprint, { query: { combinator: "and", rules } })) {
        const found = page.flatMap(({ identifier, title, relations: held }): FoundRelating[] => {
          const values = (held ?? {}) as RelatingEntity["relations"];
          // The search also finds what relates to them by way of others.
          const own = keys.filter((key) => namesIn(values[key]).some((name) => named.has(name)));
          if (own.length === 0) return [];
          const holds = Object.fromEntries(own.map((key) => [key, values[key]]));
          return [{ blueprint, identifier, relations: holds, ...(typeof title === "string" && { title }) }];
        });
        if (found.length > 0) yield found;
      }
    }
  }
}

function namesIn(value: unknown): readonly string[] {
  return targetsOf(value as Parameters<typeof targetsOf>[0]);
}

/** Keeps in the journal what relates to entities that are about to be deleted: the API may unset those relations, without a word. */
export async function keepReferrers(
  target: Target,
  ledger: Pick<Ledger, "journal">,
  blueprints: readonly Blueprint[],
  { blueprint, identifiers }: { readonly blueprint: string; readonly identifiers: readonly string[] },
): Promise<void> {
  for await (const found of referrersOf(target, blueprints, blueprint, identifiers)) {
    const referrers = found.map(({ title: _, ...referrer }) => referrer);
    await ledger.journal({ line: "delete", blueprint, entities: [], referrers });
  }
}
