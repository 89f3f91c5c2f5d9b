import type { Deletions } from "../../plan/guards.js";
import { collectAges, judgeDeletions } from "../../plan/owned-before.js";
import type { StepJob } from "../stages/entities.js";
import type { Target } from "../target/target.js";
import { type PruneMemory, settleDoubt } from "./memory.js";
import type { OwnedScope } from "./scope.js";

/** What a scan of what is owned of a blueprint found. */
export interface Scanned {
  readonly stale: readonly string[];
  readonly counted: Deletions;
  /** Entities owned once the stale ones are gone. */
  readonly left: number;
}

/** Scans the identifiers of what is owned of a blueprint, and judges what would go by what was owned when the last prune finished. */
export async function scanOwned(
  { target, ledger, control }: Pick<StepJob, "target" | "ledger" | "control">,
  scope: OwnedScope,
  memory: PruneMemory,
  blueprint: string,
  isStale: (identifier: string) => boolean,
): Promise<Scanned> {
  await settleDoubt(target, memory, blueprint);
  const nowMs = target.serverNow() ?? control.clock.now();
  const base = memory.of(blueprint);
  const ages = collectAges(nowMs, base.sinceMs);
  const stale: string[] = [];
  let found = 0;
  const request = { query: scope.queryOf(blueprint), include: ["$identifier", "$createdAt"] };
  for await (const page of target.pages(blueprint, request)) {
    for (const { identifier, createdAt } of page) {
      found++;
      const goes = isStale(identifier);
      if (goes) stale.push(identifier);
      ages.add(createdAt, goes);
    }
  }
  // What this run created did not belong to it before, and must not thin the share out.
  const created = target.isForecast ? 0 : (ledger.counts.blueprints[blueprint]?.created ?? 0);
  const counted = judgeDeletions({ blueprint, found, created, stale: stale.length, ages }, base, nowMs);
  return { stale, counted, left: found - stale.length };
}

/** The server's clock: ours where it says the same to the second, since what a reply says of it is no finer. */
export function serverClock(
  { serverNow }: Pick<Target, "serverNow">,
  { clock }: Pick<StepJob["control"], "clock">,
): number {
  const ours = clock.now();
  const atLeast = serverNow() ?? ours;
  return ours - atLeast >= 0 && ours - atLeast < 3000 ? ours : atLeast;
}
