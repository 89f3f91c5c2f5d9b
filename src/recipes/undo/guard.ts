import type { Client } from "../../api/client.js";
import type { Key } from "../../entity.js";
import { GuardError } from "../../errors.js";
import type { ReadBudget } from "../../options/kinds.js";
import { allowingFlags, deleteLimits, excessDeletions, percent } from "../../plan/prune-guard.js";
import { type Deletion, keyOfDeletion } from "./needed.js";

/** What would be deleted of each blueprint: how many, and the names of the first. */
type DeletionCounts = ReadonlyMap<string, { readonly count: number; readonly names: readonly string[] }>;

/**
 * Holds the deletions of an undo to the limits of a prune; the share is of all entities that a blueprint has.
 *
 * @param isKept - of these, what stays after all
 * @throws {GuardError} that names what would go, and the flags that allow it
 */
export async function guardDeletions(
  deletions: AsyncIterable<Deletion>,
  isKept: (key: Key) => boolean,
  client: Pick<Client, "countEntities">,
  maxDelete: readonly ReadBudget[],
): Promise<void> {
  const counts = await countsOf(deletions, isKept);
  const all = await Promise.all(
    [...counts].map(async ([blueprint, { count }]) => {
      const owned = Math.max(count, await client.countEntities(blueprint));
      return { blueprint, owned, deletions: count };
    }),
  );
  const excesses = excessDeletions(all, deleteLimits(maxDelete));
  if (excesses.length === 0) return;
  const lines = excesses.map(({ blueprint, deletions, owned }) => {
    const names = counts.get(blueprint)?.names ?? [];
    const more = deletions > names.length ? ` and ${deletions - names.length} more` : "";
    return `  ${blueprint}: ${deletions} of ${owned} (${percent(deletions / owned)}) would be deleted: ${names.join(", ")}${more}`;
  });
  throw new GuardError(`nothing is undone: more would be deleted than is allowed\n${lines.join("\n")}`, {
    hint: `If that is right, allow as much and no more: ${allowingFlags(excesses).join(" ")}`,
  });
}

async function countsOf(deletions: AsyncIterable<Deletion>, isKept: (key: Key) => boolean): Promise<DeletionCounts> {
  const counts = new Map<string, { count: number; names: string[] }>();
  for await (const op of deletions) {
    const key = keyOfDeletion(op);
    if (isKept(key)) continue;
    const known = counts.get(op.blueprint) ?? { count: 0, names: [] };
    known.count++;
    if (known.names.length < 10)
      known.names.push(op.title === undefined ? key.identifier : `${key.identifier} (${op.title})`);
    counts.set(op.blueprint, known);
  }
  return counts;
}
