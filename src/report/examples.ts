import type { Outcome } from "../outcome.js";

/** How an entity of which examples are kept ended. */
export type Kept = "created" | "updated" | "unchanged";

/** A few identifiers by blueprint and outcome. */
export type Examples = Readonly<Record<string, Readonly<Partial<Record<Kept, readonly string[]>>>>>;

const maxBlueprints = 200;
const maxOfEach = 3;

/** Keeps a few entities of each outcome, so that a report can lead to them, in memory that does not grow with the import. */
export function keepExamples(): {
  readonly take: (outcomes: readonly Pick<Outcome, "is" | "key">[]) => void;
  readonly examples: () => Examples;
} {
  const kept = new Map<string, Partial<Record<Kept, string[]>>>();
  return {
    take(outcomes) {
      for (const { is, key } of outcomes) {
        if (is !== "created" && is !== "updated" && is !== "unchanged") continue;
        let of = kept.get(key.blueprint);
        if (of === undefined) {
          if (kept.size === maxBlueprints) continue;
          of = {};
          kept.set(key.blueprint, of);
        }
        const names = of[is];
        if (names === undefined) of[is] = [key.identifier];
        else if (names.length < maxOfEach) names.push(key.identifier);
      }
    },
    examples: () => Object.fromEntries(kept),
  };
}
