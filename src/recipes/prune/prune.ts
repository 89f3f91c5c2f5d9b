import { stat } from "node:fs/promises";
import { GuardError } from "../../errors.js";
import type { ReadBudget } from "../../options/kinds.js";
import { pruneBars } from "../../plan/prune-bars.js";
import {
  allowingFlags,
  type Deletions,
  deleteLimits,
  type Excess,
  excessDeletions,
  percent,
} from "../../plan/prune-guard.js";
import type { SourceFingerprint } from "../../state/journal-lines.js";
import type { Run } from "../run/run.js";
import { keepDecision, ownedWhenRefused } from "./memory.js";
import type { PruneScope } from "./scope.js";
import { findVictims, scan, type Victims } from "./victims.js";

/** Entities that the mapping owns and the sources no longer have, approved by every guard. */
export interface Stale {
  /** By blueprint: what holds relations comes before what it relates to. */
  readonly byBlueprint: ReadonlyMap<string, readonly string[]>;
  /** What the API deletes along with them, where the mapping says `deleteDependentEntities`. */
  readonly victims: readonly Victims[];
}

/** Identifiers named of each blueprint in a message. */
const namedInMessage = 10;

/**
 * Finds what is stale: one scan of identifiers for each blueprint. Comes after everything is written.
 *
 * @param maxDelete - the flags' ceilings
 * @throws {GuardError} when anything makes absence from the sources doubtful, and when a blueprint would lose more than allowed; it names what would go
 */
export async function findStale(run: Run, scope: PruneScope, maxDelete: readonly ReadBudget[]): Promise<Stale> {
  await refuseDoubtful(run, scope);
  const { mapping } = run.inventory;
  const limits = deleteLimits(maxDelete, mapping.entityDeletionThreshold);
  const stale = new Map<string, string[]>();
  const counted: Deletions[] = [];
  const before = await ownedWhenRefused(run);
  for (const blueprint of deletionOrder(run, scope)) {
    const identifiers: string[] = [];
    let found = 0;
    for await (const identifier of scan(run, blueprint, scope.queryOf(blueprint))) {
      found++;
      if (run.keys.find({ blueprint, identifier }) < 0) identifiers.push(identifier);
    }
    // What this run created did not belong to it before, and must not thin the share out.
    const created = run.dryRun ? 0 : (run.accounts.counts.blueprints[blueprint]?.created ?? 0);
    const owned = Math.max(Math.min(found - created, before.get(blueprint) ?? found), identifiers.length);
    counted.push({ blueprint, owned, deletions: identifiers.length });
    if (identifiers.length > 0) stale.set(blueprint, identifiers);
  }
  const victims = mapping.deleteDependentEntities && stale.size > 0 ? await findVictims(run, stale) : [];
  refuseKeptVictims(run, victims);
  const all = await withVictims(run, counted, victims);
  const excesses = excessDeletions(all, limits);
  await keepDecision(run, { refused: excesses.length > 0, blueprints: all });
  if (excesses.length > 0) throw tooMany(excesses, stale, victims);
  return { byBlueprint: stale, victims };
}

async function refuseDoubtful({ accounts, inventory, state }: Run, scope: PruneScope): Promise<void> {
  const { mapping, sources } = inventory;
  const withSource = new Set(sources.map(({ kind }) => kind));
  const bars = pruneBars({
    rejected: accounts.rejected,
    emptySources: accounts.warningGroups().flatMap(({ code, message }) => (code === "no_records" ? [message] : [])),
    changedSources: await changedSources(sources, state.header.fingerprints.sources),
    blueprints: scope.blueprints.map((blueprint) => {
      const stranger = scope.stranger(blueprint);
      const writers = mapping.resources.filter((one) => one.blueprint === undefined || one.blueprint === blueprint);
      return {
        blueprint,
        mapped: accounts.counts.blueprints[blueprint]?.mapped ?? 0,
        kindsWithoutSource: [...new Set(writers.map(({ kind }) => kind))].filter((kind) => !withSource.has(kind)),
        searched: scope.searched(blueprint),
        ...(stranger !== undefined && { stranger }),
      };
    }),
  });
  if (bars.length > 0)
    throw new GuardError(`nothing is deleted: ${bars.join("; ")}`, {
      hint: "What is absent from the sources may be there tomorrow. Mend this, then sync again with --prune.",
    });
}

/** Names of local sources whose size or time is not what it was at the start. */
async function changedSources(
  sources: Run["inventory"]["sources"],
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

/** Blueprints with what relates to others first: the order of writing, backwards. */
function deletionOrder({ plan }: Run, scope: PruneScope): readonly string[] {
  return [...scope.blueprints].sort((a, b) => plan.stepOf(b) - plan.stepOf(a));
}

function refuseKeptVictims({ keys }: Run, victims: readonly Victims[]): void {
  const kept = victims.flatMap(({ blueprint, identifiers }) =>
    identifiers
      .filter((identifier) => keys.find({ blueprint, identifier }) >= 0)
      .map((identifier) => `${blueprint}/${identifier}`),
  );
  if (kept.length > 0)
    throw new GuardError(
      `nothing is deleted: deleteDependentEntities would delete ${kept.length} entities that the sources still have: ${some(kept)}`,
      { hint: "They relate to entities that the sources no longer have. Correct their relations first." },
    );
}

async function withVictims(
  { client }: Run,
  counted: readonly Deletions[],
  victims: readonly Victims[],
): Promise<readonly Deletions[]> {
  const all = new Map(counted.map((one) => [one.blueprint, one]));
  for (const { blueprint, identifiers } of victims) {
    const known = all.get(blueprint);
    const owned = known?.owned ?? (await client.countEntities(blueprint));
    all.set(blueprint, { blueprint, owned, deletions: (known?.deletions ?? 0) + identifiers.length });
  }
  return [...all.values()];
}

function tooMany(
  excesses: readonly Excess[],
  stale: ReadonlyMap<string, readonly string[]>,
  victims: readonly Victims[],
): GuardError {
  const lines = excesses.map(({ blueprint, deletions, owned }) => {
    const along = victims.find((one) => one.blueprint === blueprint)?.identifiers ?? [];
    const names = [...(stale.get(blueprint) ?? []), ...along.map((name) => `${name} (depends on another)`)];
    return `  ${blueprint}: ${deletions} of ${owned} (${percent(deletions / Math.max(1, owned))}) would be deleted: ${some(names)}`;
  });
  return new GuardError(`nothing is deleted: more would go than is allowed\n${lines.join("\n")}`, {
    hint: `If that is right, allow as much and no more: ${allowingFlags(excesses).join(" ")}`,
  });
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, namedInMessage).join(", ");
  return names.length <= namedInMessage ? shown : `${shown} and ${names.length - namedInMessage} more`;
}
