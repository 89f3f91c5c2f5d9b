import type { RawLeaf } from "../mapping-object.js";
import type { SourceOptions } from "../source-options.js";
import type { Warning } from "../warning.js";

/** `port.entity.mappings` of a resource as the file has it, single quotes already turned by Port's rule. */
export interface RawMappings {
  readonly identifier: RawLeaf;
  readonly blueprint: string;
  readonly title?: RawLeaf;
  readonly icon?: RawLeaf;
  readonly team?: RawLeaf;
  readonly properties: Readonly<Record<string, RawLeaf>>;
  readonly relations: Readonly<Record<string, RawLeaf>>;
}

/** What a resource owns of its blueprint, so that `--prune` may delete it: all entities, or those with that value in a property or relation. */
export type Prune =
  | "all"
  | { readonly where: { readonly property: string; readonly value: string | number | boolean } };

/** What to do about a relation's target that exists neither in the import nor in the catalog: refuse the entity, leave the relation out, make a bare target. */
export type MissingTargetPolicy = "reject" | "omit" | "create";

/** Which of several entities with one key counts: one of them, all in turn (`off`), or one that has the fields of all (`merge`). */
export type DuplicatePolicy = "first" | "last" | "error" | "merge" | "off";

/** One entry of `resources`: which records, and what becomes of them. @source Port's integration mapping, `resources[]` */
export interface Resource {
  /** From 0, as in the file. */
  readonly index: number;
  readonly kind: string;
  /** Expression that says whether a record counts. Default `true`. */
  readonly selector: string;
  /** Expression that gives an array; each element makes a candidate. */
  readonly itemsToParse?: string;
  /** Key under which an element is added beside its parent's. Default `item`. */
  readonly itemsToParseName: string;
  /** Whether the array is taken out of the parent that is kept beside an element. Default true. */
  readonly itemsToParseTopLevelTransform: boolean;
  /** The blueprint where its leaf is a string literal; absent where it depends on the record. */
  readonly blueprint?: string;
  /** Absent: nothing of it is ever deleted. */
  readonly prune?: Prune;
  /** By relation. Without an entry the entity is written without the relation, and is reported as rejected. */
  readonly onMissingTarget: Readonly<Record<string, MissingTargetPolicy>>;
  /** Keys of the mapped properties. */
  readonly properties: readonly string[];
  /** Keys of the mapped relations. */
  readonly relations: readonly string[];
  readonly entity: RawMappings;
}

/** A mapping file, parsed and valid in form. Expressions are compiled by `compileMapping`. */
export interface Mapping {
  readonly file: string;
  /** How sources are read, for all kinds. */
  readonly source: SourceOptions;
  /** Overrides of `source` by kind; see {@link sourceOptionsFor}. */
  readonly sources: Readonly<Record<string, SourceOptions>>;
  /** What happens to several entities with one key; see {@link duplicatesOf} for the default. */
  readonly duplicates?: DuplicatePolicy;
  /** `omit` (default) leaves a field out that became null; `clear` sends the null. */
  readonly onNull: "omit" | "clear";
  /** Fields that send null whatever `onNull` says: `title`, `properties.x`, `relations.y`. */
  readonly clear: readonly string[];
  /** Fields that are left out when null, whatever `onNull` says. */
  readonly omit: readonly string[];
  /** Fields whose null rejects the candidate. */
  readonly reject: readonly string[];
  /** `null` (default): a failing expression gives null and a warning; `reject`: it rejects the candidate. */
  readonly onError: "null" | "reject";
  /** False asks for mode override; absent where the file does not say. */
  readonly enableMergeEntity?: boolean;
  /** Default false; Port's is true. */
  readonly createMissingRelatedEntities: boolean;
  /** Default false; Port's is true. */
  readonly deleteDependentEntities: boolean;
  /** Share of a blueprint's entities that may be deleted, 0 to 1. */
  readonly entityDeletionThreshold?: number;
  /** What happens to a mapped property that the blueprint lacks: `refuse` (default) is a fault of the mapping, `warn` leaves it out and counts it. */
  readonly unknownProperties: "refuse" | "warn";
  /** Environment variables that expressions may read. Default none. */
  readonly allowedEnvironmentVariablesInJQ: readonly string[];
  readonly resources: readonly Resource[];
  /** Warnings about the file itself: keys without effect here. */
  readonly notes: readonly Warning[];
  /** Line in the file, from 1, by the dotted path of a leaf. */
  readonly lines: ReadonlyMap<string, number>;
}

/** How sources of a kind are read: the root's `source`, overridden key by key by `sources.<kind>`. */
export function sourceOptionsFor(mapping: Mapping, kind: string): SourceOptions {
  const own = Object.hasOwn(mapping.sources, kind) ? mapping.sources[kind] : undefined;
  return { ...mapping.source, ...own };
}

/** Where a mapping says how sources of a kind are read: `sources.<kind>` where it has that, else `source`. */
export function sourcePathOf({ sources }: Pick<Mapping, "sources">, kind: string): string {
  return Object.hasOwn(sources, kind) ? `sources.${kind}` : "source";
}

/** What happens to several entities with one key, by their resource's blueprint; undefined where that is an expression. */
export type DuplicatesOf = (blueprint: string | undefined) => DuplicatePolicy;

/**
 * What a mapping says of entities with one key. Where it says nothing, those of a blueprint that several of its resources name are merged, since each of them
 * brings a part; of all others the first counts.
 */
export function duplicatesOf({ duplicates, resources }: Pick<Mapping, "duplicates" | "resources">): DuplicatesOf {
  if (duplicates !== undefined) return () => duplicates;
  const once = new Set<string>();
  const several = new Set<string>();
  for (const { blueprint } of resources)
    if (blueprint !== undefined) (once.has(blueprint) ? several : once).add(blueprint);
  return (blueprint) => (blueprint !== undefined && several.has(blueprint) ? "merge" : "first");
}

/**
 * What happens to relations whose target is missing, by resource. Where the entities of several resources become one, it may have relations that its first
 * resource does not map: for these the resource that maps them decides.
 *
 * @param createsNothing - whether no target may be made: one that is missing counts as if the mapping said nothing
 */
export function missingTargetPolicies(
  mapping: Pick<Mapping, "duplicates" | "resources">,
  createsNothing = false,
): readonly Readonly<Record<string, MissingTargetPolicy>>[] {
  const policyOf = duplicatesOf(mapping);
  const shared = new Map<string | undefined, Record<string, MissingTargetPolicy>>();
  for (const { blueprint, onMissingTarget } of mapping.resources)
    if (policyOf(blueprint) === "merge") shared.set(blueprint, { ...onMissingTarget, ...shared.get(blueprint) });
  return mapping.resources.map(({ blueprint, onMissingTarget, relations }) => {
    const lent = Object.entries(shared.get(blueprint) ?? {}).filter(([relation]) => !relations.includes(relation));
    const policies = Object.entries({ ...Object.fromEntries(lent), ...onMissingTarget });
    return Object.fromEntries(policies.filter(([, policy]) => !createsNothing || policy !== "create"));
  });
}

/** A leaf found in a resource: its dotted path in the file and what is there. */
export interface FoundLeaf {
  readonly path: string;
  readonly value: string | number | boolean | null;
}

/** All leaves of a resource with their paths, in the order selector, itemsToParse, then as the file has them. */
export function* leavesOf(resource: Resource): Generator<FoundLeaf> {
  const base = `resources.${resource.index}`;
  yield { path: `${base}.selector.query`, value: resource.selector };
  if (resource.itemsToParse !== undefined) yield { path: `${base}.port.itemsToParse`, value: resource.itemsToParse };
  for (const [key, leaf] of Object.entries(resource.entity))
    yield* leavesIn(leaf, `${base}.port.entity.mappings.${key}`);
}

/** All leaves in a value of the mapping, each with its path below `path`. */
export function* leavesIn(value: RawLeaf, path: string): Generator<FoundLeaf> {
  if (typeof value !== "object" || value === null) {
    yield { path, value };
    return;
  }
  for (const [key, inner] of Object.entries(value)) yield* leavesIn(inner, `${path}.${key}`);
}
