import type { Blueprint } from "../../blueprint.js";
import { targetsOf } from "../../entity.js";
import { type Deletions, shareOf } from "../../plan/guards.js";
import { judgeDeletions } from "../../plan/owned-before.js";
import type { RelatingEntity } from "../../state/journal-lines.js";
import type { Ledger } from "../run/ledger.js";
import type { Target } from "../target/target.js";
import { type PruneMemory, settleDoubt } from "./memory.js";

/** Entities of one blueprint that are deleted because what they relate to is. */
export interface Dependents {
  readonly blueprint: string;
  readonly identifiers: readonly string[];
}

/** Identifiers in one search for dependents. */
const searchIdentifiers = 100;

/**
 * Finds the entities that relate to stale ones, directly or through others, and that the API would delete with them. It may find some that the API
 * would spare: the API does not say whether optional relations count.
 */
export async function findDependents(
  { listBlueprints, pages }: Pick<Target, "listBlueprints" | "pages">,
  stale: ReadonlyMap<string, readonly string[]>,
): Promise<readonly Dependents[]> {
  const dependents: Dependents[] = [];
  const doomed = new Map([...stale].map(([blueprint, identifiers]) => [blueprint, new Set(identifiers)]));
  for (const { identifier: blueprint, relations } of await listBlueprints()) {
    if (Object.keys(relations ?? {}).length === 0) continue;
    const found = new Set<string>();
    for (const [target, identifiers] of stale) {
      for (let start = 0; start < identifiers.length; start += searchIdentifiers) {
        const value = identifiers.slice(start, start + searchIdentifiers);
        const rules = [{ operator: "relatedTo", blueprint: target, value, direction: "upstream" }];
        for await (const identifier of scan({ pages }, blueprint, { combinator: "and", rules }))
          if (doomed.get(blueprint)?.has(identifier) !== true) found.add(identifier);
      }
    }
    if (found.size > 0) dependents.push({ blueprint, identifiers: [...found] });
  }
  return dependents;
}

/** The identifiers that a query finds, page by page, nothing else of them. */
async function* scan({ pages }: Pick<Target, "pages">, blueprint: string, query: unknown): AsyncGenerator<string> {
  for await (const page of pages(blueprint, { query, include: ["$identifier"] }))
    for (const { identifier } of page) yield identifier;
}

/** Adds what is deleted with others to the deletions of its blueprint. */
export async function withDependents(
  target: Target,
  memory: PruneMemory,
  counted: readonly Deletions[],
  dependents: readonly Dependents[],
  left: Map<string, number>,
): Promise<readonly Deletions[]> {
  const all = new Map(counted.map((one) => [one.blueprint, one]));
  for (const { blueprint, identifiers } of dependents) {
    const known = all.get(blueprint);
    const more = identifiers.length;
    if (known === undefined) {
      await settleDoubt(target, memory, blueprint);
      const found = await target.count(blueprint);
      all.set(blueprint, judgeDeletions({ blueprint, found, created: 0, stale: more }, memory.of(blueprint), 0));
      left.set(blueprint, found - more);
    } else {
      const deletions = known.deletions + more;
      const owned = Math.max(known.owned, deletions);
      const share = Math.min(1, shareOf(known) + more / Math.max(1, owned));
      all.set(blueprint, { ...known, deletions, ...(known.share === undefined ? { owned } : { share }) });
      left.set(blueprint, (left.get(blueprint) ?? 0) - more);
    }
  }
  return [...all.values()];
}

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

/** Keeps in the journal what relates to entities that are about to be deleted: the API may silently unset those relations. */
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
