import { stat } from "node:fs/promises";
import { GuardError } from "../../errors.js";
import type { ReadBudget } from "../../options/kinds.js";
import {
  allowingFlags,
  type Deletions,
  deleteLimits,
  type Excess,
  excessDeletions,
  percent,
  pruneBars,
} from "../../plan/prune-guard.js";
import type { KeySet } from "../../settle/keys.js";
import type { SourceFingerprint } from "../../state/journal-lines.js";
import type { State } from "../../state/state.js";
import type { Inventory } from "../run/inventory.js";
import type { Ledger } from "../run/ledger.js";
import type { SourceJob } from "../run/run.js";
import type { Target } from "../target/target.js";
import { keepDecision, ownedWhenRefused } from "./memory.js";
import type { PruneScope } from "./scope.js";

/** Entities that the mapping owns and the sources no longer have, approved by every guard. */
export interface Stale {
  /** By blueprint: what holds relations comes before what it relates to. */
  readonly byBlueprint: ReadonlyMap<string, readonly string[]>;
  /** What the API deletes with them, where the mapping says `deleteDependentEntities`. */
  readonly dependents: readonly Dependents[];
}

/** Identifiers named of each blueprint in a message. */
const namedInMessage = 10;

/**
 * Finds what is stale: one scan of identifiers for each blueprint. Comes after everything is written.
 *
 * @param maxDelete - the flags' ceilings
 * @throws {GuardError} when anything makes absence from the sources doubtful, and when a blueprint would lose more than allowed; it names what would go
 */
export async function findStale(job: SourceJob, scope: PruneScope, maxDelete: readonly ReadBudget[]): Promise<Stale> {
  const { folder, inventory, keys, ledger, target } = job;
  await refuseDoubtful(ledger, inventory, folder.state, scope);
  const limits = deleteLimits(maxDelete, inventory.mapping.entityDeletionThreshold);
  const byBlueprint = new Map<string, string[]>();
  const counted: Deletions[] = [];
  const before = await ownedWhenRefused(folder.state);
  for (const blueprint of scope.deletionOrder) {
    const identifiers: string[] = [];
    let found = 0;
    for await (const identifier of scan(target, blueprint, scope.queryOf(blueprint))) {
      found++;
      if (keys.find({ blueprint, identifier }) < 0) identifiers.push(identifier);
    }
    // What this run created did not belong to it before, and must not thin the share out.
    const created = target.isForecast ? 0 : (ledger.counts.blueprints[blueprint]?.created ?? 0);
    const owned = Math.max(Math.min(found - created, before.get(blueprint) ?? found), identifiers.length);
    counted.push({ blueprint, owned, deletions: identifiers.length });
    if (identifiers.length > 0) byBlueprint.set(blueprint, identifiers);
  }
  const dependents =
    target.rules.deleteDependents && byBlueprint.size > 0 ? await findDependents(target, byBlueprint) : [];
  refuseKept(dependents, keys);
  const all = await withDependents(target, counted, dependents);
  const excesses = excessDeletions(all, limits);
  await keepDecision(folder.state, { refused: excesses.length > 0, blueprints: all });
  if (excesses.length > 0) throw tooMany(excesses, byBlueprint, dependents);
  return { byBlueprint, dependents };
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

function refuseKept(dependents: readonly Dependents[], keys: KeySet): void {
  const kept = dependents.flatMap(({ blueprint, identifiers }) =>
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

async function withDependents(
  target: Target,
  counted: readonly Deletions[],
  dependents: readonly Dependents[],
): Promise<readonly Deletions[]> {
  const all = new Map(counted.map((one) => [one.blueprint, one]));
  for (const { blueprint, identifiers } of dependents) {
    const known = all.get(blueprint);
    const owned = known?.owned ?? (await target.count(blueprint));
    all.set(blueprint, { blueprint, owned, deletions: (known?.deletions ?? 0) + identifiers.length });
  }
  return [...all.values()];
}

function tooMany(
  excesses: readonly Excess[],
  stale: ReadonlyMap<string, readonly string[]>,
  dependents: readonly Dependents[],
): GuardError {
  const lines = excesses.map(({ blueprint, deletions, owned }) => {
    const also = dependents.find((one) => one.blueprint === blueprint)?.identifiers ?? [];
    const names = [...(stale.get(blueprint) ?? []), ...also.map((name) => `${name} (depends on another)`)];
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
export async function* scan(
  { pages }: Pick<Target, "pages">,
  blueprint: string,
  query: unknown,
): AsyncGenerator<string> {
  for await (const page of pages(blueprint, { query, include: ["$identifier"] }))
    for (const { identifier } of page) yield identifier;
}
