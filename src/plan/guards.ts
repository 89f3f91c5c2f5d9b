import type { EntityBody, FoundEntity } from "../entity.js";
import type { ReadBudget } from "../options/kinds.js";

/** How many entities of a blueprint may be deleted in one run: both must hold. */
export interface DeleteLimits {
  readonly count: number;
  /** Share of the entities that the mapping owns, 0 to 1. */
  readonly share: number;
}

/** In force unless the mapping or the command line say otherwise. */
export const defaultDeleteLimits: DeleteLimits = { count: 100, share: 0.1 };

/**
 * The limits asked for; the last of each kind counts.
 *
 * @param threshold - the mapping's `entityDeletionThreshold`, which a share of the command line overrules
 */
export function deleteLimits(maxDelete: readonly ReadBudget[], threshold?: number): DeleteLimits {
  const count = maxDelete.filter((budget) => typeof budget === "number").at(-1);
  const share = maxDelete.filter((budget) => typeof budget !== "number").at(-1)?.share;
  return {
    count: count ?? defaultDeleteLimits.count,
    share: share ?? threshold ?? defaultDeleteLimits.share,
  };
}

/** What the deletions of a plan were judged by, and are once more when it is applied. */
export interface PlanPrune {
  readonly limits: DeleteLimits;
  readonly owns: readonly Owning[];
}

/** What a resource of the mapping owns: all of a blueprint, or what holds a value in a property or relation. */
export interface Owning {
  readonly blueprint: string;
  readonly owns: "all" | { readonly where: { readonly property: string; readonly value: string | number | boolean } };
}

/** What a prune would delete of one blueprint. */
export interface Deletions {
  readonly blueprint: string;
  /** Entities that the mapping owned when its last prune finished. */
  readonly owned: number;
  /** Those of earlier nights since then included. */
  readonly deletions: number;
  /** Deleted since then by nights that did not finish. */
  readonly deleted?: number;
  /** Share of `owned`, 0 to 1, where that is of some of the deletions alone. */
  readonly share?: number;
  /** The deletions that `share` is of: of what was created until then. */
  readonly part?: { readonly stale: number; readonly untilMs: number };
}

/** A blueprint that would lose more than its limits allow. */
export interface Excess extends Deletions {
  /** The flags that would allow exactly this. */
  readonly flags: readonly string[];
}

/** Blueprints that would lose more than the limits allow, each judged by itself: large ones do not hide a small one. */
export function excessDeletions(all: readonly Deletions[], limits: DeleteLimits): readonly Excess[] {
  return all.flatMap((one) => {
    const { deletions } = one;
    const share = shareOf(one);
    const flags = [
      ...(deletions > limits.count ? [`--max-delete ${deletions}`] : []),
      ...(deletions > 0 && share > limits.share ? [`--max-delete ${percent(share)}`] : []),
    ];
    return flags.length === 0 ? [] : [{ ...one, flags }];
  });
}

/** The share of its entities that a blueprint would lose, 0 to 1. */
export function shareOf({ deletions, owned, share = owned === 0 ? 1 : deletions / owned }: Deletions): number {
  return share;
}

/** The flags that allow all of them at once: the largest number and the largest share. */
export function allowingFlags(excesses: readonly Excess[]): readonly string[] {
  const flags = excesses.flatMap((excess) => excess.flags);
  const largest = (of: readonly string[]): string[] =>
    of.length === 0
      ? []
      : [of.reduce((a, b) => (Number.parseFloat(a.slice(13)) >= Number.parseFloat(b.slice(13)) ? a : b))];
  return [
    ...largest(flags.filter((flag) => !flag.endsWith("%"))),
    ...largest(flags.filter((flag) => flag.endsWith("%"))),
  ];
}

/**
 * The flags that let an undo delete what a run created: of a blueprint's entities the run knows those that it met, so that the share may be less than the one named.
 *
 * @param run - what its report counts
 */
export function undoFlags({ blueprints }: CreatingRun): readonly string[] {
  const all = Object.entries(blueprints).map(([blueprint, entities]) => {
    const { created, createdInPart = 0, updated, updatedInPart = 0, unchanged } = entities;
    const deletions = created + createdInPart;
    return { blueprint, deletions, owned: deletions + updated + updatedInPart + unchanged };
  });
  return allowingFlags(excessDeletions(all, deleteLimits([])));
}

/** See {@link undoFlags}. */
interface CreatingRun {
  readonly blueprints: Readonly<
    Record<
      string,
      {
        readonly created: number;
        readonly createdInPart?: number;
        readonly updated: number;
        readonly updatedInPart?: number;
        readonly unchanged: number;
      }
    >
  >;
}

/** A share as a percentage to one decimal, rounded up: a flag made of it must allow it. */
export function percent(share: number): string {
  return `${Math.ceil(share * 1000 - 1e-9) / 10}%`;
}

/** What a run knows when its prune is due. */
interface PruneFacts {
  /** Records and entities rejected, whichever stage refused them. */
  readonly rejected: number;
  /** Sentences about sources without a record. */
  readonly emptySources: readonly string[];
  /** Sources that changed while they were read. */
  readonly changedSources: readonly string[];
  /** The blueprints to prune. */
  readonly blueprints: readonly {
    readonly blueprint: string;
    /** Entities that the sources gave. */
    readonly mapped: number;
    /** Kinds that write the blueprint and got no source. */
    readonly kindsWithoutSource: readonly string[];
    /** Entities named by a search: which ones they are is not known here. */
    readonly searched: number;
    /** The first entity that is outside of what its resource says it owns. */
    readonly stranger?: string;
  }[];
}

/** The reasons why nothing may be deleted after all, as sentences: when any of them holds, absence from the sources proves nothing. */
export function pruneBars({ rejected, emptySources, changedSources, blueprints }: PruneFacts): readonly string[] {
  const bars: string[] = [];
  if (rejected > 0)
    bars.push(`${rejected} ${rejected === 1 ? "record or entity was" : "records or entities were"} rejected`);
  bars.push(...emptySources);
  for (const source of changedSources) bars.push(`${source} changed while it was read`);
  for (const { blueprint, mapped, kindsWithoutSource, searched, stranger } of blueprints) {
    if (kindsWithoutSource.length > 0)
      bars.push(`${blueprint} is written by ${kindsWithoutSource.join(", ")}, and no source was given for it`);
    else if (mapped === 0) bars.push(`the sources give no entity of ${blueprint}`);
    if (searched > 0)
      bars.push(`${searched} of ${blueprint} are named by a search, so which ones they are is not known`);
    if (stranger !== undefined) bars.push(`${blueprint} ${stranger} is not what its resource owns (prune.where)`);
  }
  return bars;
}

/** A field of a blueprint that a run would empty in more entities than is allowed. */
export interface Emptying {
  readonly blueprint: string;
  /** `properties.x` or `relations.y`. */
  readonly path: string;
  /** Entities in which it would be emptied. */
  readonly emptied: number;
  /** Entities that had a value in it, those included. */
  readonly had: number;
}

/** So few may always be emptied, whatever share they are. */
export const alwaysAllowed = 9;

/** Counts which fields a run empties, among those it has checked. */
export interface EmptyingCount {
  add(emptying: Emptying): void;
  /** The fields of which more than the share, and more than {@link alwaysAllowed}, would be emptied. */
  excesses(): readonly Emptying[];
}

/** Opens a count. @param share - of the entities that had a value, 0 to 1 */
export function countEmptying(share: number): EmptyingCount {
  const fields = new Map<string, { readonly field: Omit<Emptying, "emptied" | "had">; emptied: number; had: number }>();
  return {
    add({ blueprint, path, emptied, had }) {
      const name = `${blueprint} ${path}`;
      const known = fields.get(name) ?? { field: { blueprint, path }, emptied: 0, had: 0 };
      fields.set(name, known);
      known.emptied += emptied;
      known.had += had;
    },
    excesses: () =>
      [...fields.values()].flatMap(({ field, emptied, had }) =>
        emptied > alwaysAllowed && emptied > had * share ? [{ ...field, emptied, had }] : [],
      ),
  };
}

/** Whether a property or relation has no value. */
export function isEmptyValue(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** The values of an entity's properties and relations by their paths. */
export function* valuesByPath(entity: EntityBody | FoundEntity): Generator<readonly [path: string, value: unknown]> {
  for (const group of ["properties", "relations"] as const) {
    const values: unknown = entity[group];
    if (typeof values !== "object" || values === null) continue;
    for (const [key, value] of Object.entries(values)) yield [`${group}.${key}`, value];
  }
}
