import type { Client } from "../../api/client.js";
import { GuardError } from "../../errors.js";
import type { ReadBudget } from "../../options/kinds.js";
import { allowingFlags, deleteLimits, excessDeletions, percent } from "../../plan/prune-guard.js";

/** What would be deleted of each blueprint: how many, and the names of the first. */
export type DeletionCounts = ReadonlyMap<string, { readonly count: number; readonly names: readonly string[] }>;

/**
 * Holds the deletions of an undo to the limits of a prune; the share is of all entities that a blueprint has.
 *
 * @throws {GuardError} that names what would go, and the flags that allow it
 */
export async function guardDeletions(
  counts: DeletionCounts,
  client: Pick<Client, "countEntities">,
  maxDelete: readonly ReadBudget[],
): Promise<void> {
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
