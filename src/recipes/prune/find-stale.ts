import { stat } from "node:fs/promises";
import { GuardError } from "../../errors.js";
import type { ReadBudget } from "../../options/kinds.js";
import {
  allowingFlags,
  type DeleteLimits,
  type Deletions,
  deleteLimits,
  type Excess,
  excessDeletions,
  percent,
  pruneBars,
  shareOf,
} from "../../plan/guards.js";
import { collectAges, judgeDeletions } from "../../plan/owned-before.js";
import type { KeySet } from "../../settle/keys.js";
import type { SourceFingerprint } from "../../state/journal-lines.js";
import type { State } from "../../state/state.js";
import type { Inventory } from "../run/inventory.js";
import type { Ledger } from "../run/ledger.js";
import type { SourceJob } from "../run/run.js";
import type { StepJob } from "../stages/entities.js";
import type { Target } from "../target/target.js";
import { type Dependents, findDependents, withDependents } from "./dependents.js";
import { type PruneMemory, settleDoubt } from "./memory.js";
import type { OwnedScope, PruneScope } from "./scope.js";

/** Entities that the mapping owns and the sources no longer have, approved by every guard. */
export interface Stale {
  /** By blueprint: what holds relations comes before what it relates to. */
  readonly byBlueprint: ReadonlyMap<string, readonly string[]>;
  /** What the API deletes with them, where the mapping says `deleteDependentEntities`. */
  readonly dependents: readonly Dependents[];
}

/** Identifiers named of each blueprint in a message. */
const namedInMessage = 10;

/** What a prune may delete, and what is owned once it is gone. */
interface FoundStale extends Stale {
  readonly left: ReadonlyMap<string, number>;
  /** What the guards judged, and by what. */
  readonly judged: { readonly deletions: readonly Deletions[]; readonly limits: DeleteLimits };
}

/**
 * Finds what is stale: one scan of identifiers for each blueprint. Comes after everything is written.
 *
 * @param maxDelete - the flags' ceilings
 * @throws {GuardError} when anything makes absence from the sources doubtful, and when a blueprint would lose more than allowed; it names what would be deleted
 */
export async function findStale(
  job: SourceJob,
  scope: PruneScope,
  memory: PruneMemory,
  maxDelete: readonly ReadBudget[],
): Promise<FoundStale> {
  const { folder, inventory, keys, ledger, target } = job;
  await refuseDoubtful(ledger, inventory, folder.state, scope);
  const limits = deleteLimits(maxDelete, inventory.mapping.entityDeletionThreshold);
  const byBlueprint = new Map<string, readonly string[]>();
  const counted: Deletions[] = [];
  const left = new Map<string, number>();
  for (const blueprint of scope.deletionOrder) {
    const isStale = (identifier: string) => keys.find({ blueprint, identifier }) < 0;
    const scanned = await scanOwned(job, scope, memory, blueprint, isStale);
    counted.push(scanned.counted);
    left.set(blueprint, scanned.left);
    if (scanned.stale.length > 0) byBlueprint.set(blueprint, scanned.stale);
  }
  const dependents =
    target.rules.deleteDependents && byBlueprint.size > 0 ? await findDependents(target, byBlueprint) : [];
  refuseKept(keptAmong(dependents, keys));
  const all = await withDependents(target, memory, counted, dependents, left);
  const excesses = excessDeletions(all, limits);
  if (excesses.length > 0) throw tooMany(excesses, byBlueprint, dependents);
  return { byBlueprint, dependents, left, judged: { deletions: all, limits } };
}

async function refuseDoubtful(
  ledger: Ledger,
  { mapping, sources }: Inventory,
  { header }: Pick<State, "header">,
  scope: PruneScope,
): Promise<void> {
  const withSource = new Set(sources.map(({ kind }) => kind));
  const bars = pruneBars({
    rejected: ledger.rejected,
    emptySources: ledger.warningGroups().flatMap(({ code, message }) => (code === "no_records" ? [message] : [])),
    changedSources: await changedSources(sources, header.fingerprints.sources),
    blueprints: scope.blueprints.map((blueprint) => {
      const stranger = scope.stranger(blueprint);
      const writers = mapping.resources.filter((one) => one.blueprint === undefined || one.blueprint === blueprint);
      return {
        blueprint,
        mapped: ledger.counts.blueprints[blueprint]?.mapped ?? 0,
        kindsWithoutSource: [...new Set(writers.map(({ kind }) => kind))].filter((kind) => !withSource.has(kind)),
        searched: scope.searched(blueprint),
        ...(stranger !== undefined && { stranger }),
      };
    }),
  });
  if (bars.length > 0)
    throw new GuardError(`nothing is deleted: ${bars.join("; ")}`, {
      hint: "What is absent from the sources may be there tomorrow. Fix this, then sync again with --prune.",
    });
}

/** Names of local sources whose size or time is not what it was at the start. */
async function changedSources(
  sources: Inventory["sources"],
  fingerprints: readonly SourceFingerprint[],
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const [i, { path, name }] of sources.entries()) {
    const { bytes, modifiedAt } = fingerprints[i] ?? {};
    if (bytes === undefined) continue;
    const now = await stat(path).catch(() => undefined);
    if (now?.size !== bytes || now.mtime.toISOString() !== modifiedAt) changed.push(name);
  }
  return changed;
}

function keptAmong(dependents: readonly Dependents[], keys: KeySet): readonly string[] {
  return dependents.flatMap(({ blueprint, identifiers }) =>
    identifiers
      .filter((identifier) => keys.find({ blueprint, identifier }) >= 0)
      .map((identifier) => `${blueprint}/${identifier}`),
  );
}

/** Refuses deletions that would take along what the sources have. @param kept - such entities @throws {GuardError} */
export function refuseKept(kept: readonly string[]): void {
  if (kept.length > 0)
    throw new GuardError(
      `nothing is deleted: deleteDependentEntities would delete ${kept.length} entities that the sources still have: ${some(kept)}`,
      { hint: "They relate to entities that the sources no longer have. Correct their relations first." },
    );
}

/** Why nothing is deleted: more would be deleted than the limits allow. @param advice - where another command is to take the flags that allow it */
export function tooMany(
  excesses: readonly Excess[],
  stale: ReadonlyMap<string, readonly string[]>,
  dependents: readonly Dependents[],
  advice?: string,
): GuardError {
  const lines = excesses.map((excess) => {
    const { blueprint, deletions, owned, deleted = 0, part } = excess;
    const also = dependents.find((one) => one.blueprint === blueprint)?.identifiers ?? [];
    const names = [...(stale.get(blueprint) ?? []), ...also.map((name) => `${name} (depends on another)`)];
    const share = percent(shareOf(excess));
    const earlier = deleted === 0 ? "" : `, ${deleted} of them already by prunes that did not finish`;
    const counts =
      part === undefined
        ? `${deletions} of ${owned} (${share}) would be deleted${earlier}`
        : `${deletions} would be deleted, among them ${part.stale} of the ${owned} (${share}) that were there at ${new Date(part.untilMs).toISOString()}, before more was created`;
    return `  ${blueprint}: ${counts}: ${some(names)}`;
  });
  const flags = allowingFlags(excesses);
  return new GuardError(`nothing is deleted: more would go than is allowed\n${lines.join("\n")}`, {
    hint: advice === undefined ? "If that is right, allow as much and no more:" : [advice, ...flags].join(" "),
    ...(advice === undefined && { allowedBy: flags }),
  });
}

/** Names in a message, the first few of them. */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, namedInMessage).join(", ");
  return names.length <= namedInMessage ? shown : `${shown} and ${names.length - namedInMessage} more`;
}

/** What a scan of what is owned of a blueprint found. */
interface Scanned {
  readonly stale: readonly string[];
  readonly counted: Deletions;
  /** Entities owned once the stale ones are gone. */
  readonly left: number;
}

/** Scans the identifiers of what is owned of a blueprint, and judges the deletions by what was owned when the last prune finished. */
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
  // What this run created did not belong to it before, and must not dilute the share.
  const created = target.isForecast ? 0 : (ledger.counts.blueprints[blueprint]?.created ?? 0);
  const counted = judgeDeletions({ blueprint, found, created, stale: stale.length, ages }, base, nowMs);
  return { stale, counted, left: found - stale.length };
}

/** The server's clock: ours where both agree to the second, since replies state it no finer. */
export function serverClock(
  { serverNow }: Pick<Target, "serverNow">,
  { clock }: Pick<StepJob["control"], "clock">,
): number {
  const ours = clock.now();
  const atLeast = serverNow() ?? ours;
  return ours - atLeast >= 0 && ours - atLeast < 3000 ? ours : atLeast;
}
