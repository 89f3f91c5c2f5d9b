import { describe, expect, it } from "vitest";
import { hasAllSeeds } from "../../support/long.js";
import { idsFrom, type Kill, startNights } from "../../support/nights.js";
import { seeded } from "../../support/nodes.js";

/** Sequences of nights, each made of its seed. */
const seeds = Array.from({ length: hasAllSeeds ? 300 : 12 }, (_, i) => i + 1);

const scopes = ["{ property: origin, value: inventory }", "{ property: crew, value: night }"] as const;

/** What has been deleted since the last prune that finished, or since the folder that remembered was lost. */
interface Window {
  /** Owned when it began, and not created by a night that did not finish. */
  readonly base: ReadonlySet<string>;
  deleted: number;
  deletedOfBase: number;
  /** Nothing is remembered of what was deleted in the window before. */
  readonly isFresh: boolean;
}

describe("random nights: killed, refused, forgetting, over edited mappings and sources that shrink and grow", () => {
  it.each(seeds)(
    "no more is deleted between two finished prunes than the limits allow, nothing that is not owned, and an undisturbed night ends as the source says (seed %i)",
    async (seed) => {
      const random = seeded(seed * 7919);
      const chance = (share: number) => random() < share;
      const upTo = (most: number) => Math.floor(random() * (most + 1));
      const limits = { count: 4 + upTo(8), share: 0.05 + random() * 0.2 };
      const maxDelete = [limits.count, `${(limits.share * 100).toFixed(1)}%`];
      limits.share = Number(`${(limits.share * 100).toFixed(1)}`) / 100;
      const foreign = new Set(["other1", "other2", "other3", "other4", "other5"]);
      const size = 20 + upTo(40);
      const nights = await startNights(idsFrom(1, size), [...foreign]);
      let last = size;
      const history: string[] = [];
      let window: Window = { base: nights.owned(), deleted: 0, deletedOfBase: 0, isFresh: false };
      const count = 3 + upTo(3);
      for (let night = 0; night < count; night++) {
        // What the source is tonight.
        if (chance(0.7)) {
          const gone = chance(0.6) ? upTo(3) : upTo(Math.floor(nights.source.length / 2));
          const from = chance(0.5) ? 0 : nights.source.length - gone;
          nights.source = nights.source.filter((_, i) => i < from || i >= from + gone);
        }
        if (chance(0.5)) {
          const more = chance(0.7) ? upTo(10) : upTo(300);
          nights.source = [...nights.source, ...idsFrom(last + 1, last + more)];
          last += more;
        }
        if (nights.source.length === 0) nights.source = [`i${++last}`];
        // Somebody else takes one over.
        if (chance(0.2)) {
          const taken = [...nights.owned()][upTo(nights.owned().size - 1)];
          if (taken !== undefined && !nights.source.includes(taken)) {
            await nights.takeOver(taken);
            foreign.add(taken);
          }
        }
        const isFresh = chance(0.15);
        if (isFresh) {
          nights.freshFolder();
          const base = new Set([...window.base].filter((id) => nights.owned().has(id)));
          window = { base, deleted: 0, deletedOfBase: 0, isFresh: true };
        }
        if (chance(0.3))
          nights.mapping = {
            head: ["", "# a comment", "onNull: omit"][upTo(2)] ?? "",
            where: scopes[upTo(1)] ?? scopes[0],
          };
        nights.broken = chance(0.15) ? "not valid!,1\n" : "";
        const isKilled = chance(0.4);
        const at = 1 + upTo(6 + Math.ceil(nights.source.length / 20));
        const isDeletion = chance(0.5);
        let deletions = 0;
        const kill: Kill | undefined = isKilled
          ? {
              at: ({ ordinal, path }) => (isDeletion ? path.includes("/delete") && ++deletions === 1 : ordinal === at),
              done: chance(0.5),
            }
          : undefined;
        const options = { maxDelete, ...(chance(0.3) && { keep: 1 }) };

        const before = nights.owned();
        const { report, error } = await nights
          .run(options, kill)
          .catch((thrown: unknown) => ({ report: undefined, error: thrown }));
        const after = nights.owned();
        history.push(
          `night ${night + 1}: ${before.size} owned, ${nights.source.length} in the source${isFresh ? ", fresh folder" : ""}${nights.broken && ", a reject"}${isKilled ? `, killed at ${isDeletion ? "its deletion" : at}` : ""}: ${report?.exitCode} ${String(error ?? "").slice(0, 160)}`,
        );
        const story = `limits ${limits.count} and ${limits.share}, seed ${seed}\n${history.join("\n")}`;

        const deleted = [...before].filter((id) => !after.has(id));
        window.deleted += deleted.length;
        window.deletedOfBase += deleted.filter((id) => window.base.has(id)).length;
        const allowed = Math.min(limits.count, Math.floor(limits.share * window.base.size + 1e-9));
        expect(window.deletedOfBase, story).toBeLessThanOrEqual(allowed);
        // Without a memory, what an earlier night created and did not finish is known by its date alone.
        expect(window.deleted, story).toBeLessThanOrEqual(window.isFresh ? limits.count : allowed);
        expect(
          deleted.filter((id) => nights.source.includes(id)),
          story,
        ).toEqual([]);
        expect(
          [...foreign].filter((id) => !nights.foreign().has(id)),
          story,
        ).toEqual([]);
        if (report?.exitCode !== 0 || nights.gate.isCut) continue;
        expect(after, story).toEqual(new Set(nights.source));
        window = { base: after, deleted: 0, deletedOfBase: 0, isFresh: false };
      }
      // The sequence ends: what remains is approved, and is as the source says.
      nights.broken = "";
      const { report } = await nights.run({ maxDelete: ["100%", 10_000] });
      expect(report.exitCode, history.join("\n")).toBe(0);
      expect(nights.owned(), history.join("\n")).toEqual(new Set(nights.source));
      expect([...foreign].every((id) => nights.foreign().has(id))).toBe(true);
    },
    120_000,
  );
});
