import type { Place } from "../record.js";
import type { Reject, RejectCode, RejectStage } from "../reject.js";
import type { Warning, WarningCode } from "../warning.js";

/** A place as people find it. */
export interface NamedPlace {
  readonly source: string;
  readonly position: number;
  readonly line?: number;
}

/** Rejects of one cause. */
export interface RejectGroup {
  readonly code: RejectCode;
  readonly stage: RejectStage;
  readonly blueprint?: string;
  readonly path?: string;
  readonly count: number;
  /** That of the first one, as the value and the leaf of the mapping that gave it. */
  readonly message: string;
  readonly value?: string;
  readonly leaf?: string;
  readonly first: NamedPlace;
}

/** Warnings of one cause. */
export interface WarningGroup {
  readonly code: WarningCode;
  readonly blueprint?: string;
  readonly path?: string;
  readonly count: number;
  readonly message: string;
  readonly first?: NamedPlace;
}

/** Most groups kept of either; further causes are counted in one group per code, and stage, without blueprint and path. */
export const maxGroups = 1000;

/** Groups what an import refused and warned of, in memory that does not grow with its size. */
export interface Causes {
  addRejects(rejects: readonly Reject[]): void;
  addWarnings(warnings: readonly Warning[]): void;
  /** The most frequent cause first. */
  rejects(): readonly RejectGroup[];
  warnings(): readonly WarningGroup[];
}

/** Makes empty groups. `names` are the sources' names, in the order of the command line. */
export function groupCauses(names: readonly string[], limit = maxGroups): Causes {
  const rejects = new Map<string, Group<Reject>>();
  const warnings = new Map<string, Group<Warning>>();
  return {
    addRejects(items) {
      for (const item of items) addTo(rejects, limit, [item.code, item.stage], item, 1, item.at);
    },
    addWarnings(items) {
      for (const item of items) addTo(warnings, limit, [item.code], item, item.count, item.first);
    },
    rejects: () =>
      inOrder(rejects).map(({ count, cause, sample, first }) => ({
        code: sample.code,
        stage: sample.stage,
        ...cause,
        count,
        message: sample.message,
        ...(sample.value === undefined ? {} : { value: sample.value }),
        ...(sample.leaf === undefined ? {} : { leaf: sample.leaf }),
        first: named(first ?? sample.at, names),
      })),
    warnings: () =>
      inOrder(warnings).map(({ count, cause, sample, first }) => ({
        code: sample.code,
        ...cause,
        count,
        message: sample.message,
        ...(first === undefined ? {} : { first: named(first, names) }),
      })),
  };
}

interface Cause {
  readonly blueprint?: string;
  readonly path?: string;
}

interface Group<T> {
  readonly cause: Cause;
  count: number;
  /** The item that stands first in the sources. */
  sample: T;
  first: Place | undefined;
}

function addTo<T extends Cause>(
  groups: Map<string, Group<T>>,
  limit: number,
  kind: readonly string[],
  item: T,
  count: number,
  at: Place | undefined,
): void {
  const exact = JSON.stringify([...kind, item.blueprint, item.path]);
  const known = groups.get(exact);
  const key = known !== undefined || groups.size < limit ? exact : JSON.stringify(kind);
  const group = known ?? groups.get(key);
  if (group === undefined) {
    groups.set(key, { cause: key === exact ? causeOf(item) : {}, count, sample: item, first: at });
    return;
  }
  group.count += count;
  if (at !== undefined && (group.first === undefined || comparePlaces(at, group.first) < 0)) {
    group.sample = item;
    group.first = at;
  }
}

function causeOf({ blueprint, path }: Cause): Cause {
  return { ...(blueprint === undefined ? {} : { blueprint }), ...(path === undefined ? {} : { path }) };
}

function inOrder<T>(groups: Map<string, Group<T>>): Group<T>[] {
  const nowhere: Place = { source: Number.POSITIVE_INFINITY, position: 0 };
  return [...groups.values()].sort(
    (a, b) => b.count - a.count || comparePlaces(a.first ?? nowhere, b.first ?? nowhere),
  );
}

function comparePlaces(a: Place, b: Place): number {
  return a.source === b.source ? a.position - b.position : a.source - b.source;
}

function named({ source, position, line }: Place, names: readonly string[]): NamedPlace {
  return { source: names[source] ?? String(source), position, ...(line === undefined ? {} : { line }) };
}
