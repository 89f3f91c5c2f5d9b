import type { Place } from "../record.js";
import type { Finding, Reject, RejectCode, RejectStage } from "../reject.js";
import { withoutHidden } from "../secrets.js";
import type { Warning, WarningCode } from "../warning.js";

/** A place as people find it. */
export interface NamedPlace {
  readonly source: string;
  readonly position: number;
  readonly line?: number;
}

/** A reject as an example of its cause. */
export interface RejectSample extends NamedPlace {
  /** The offending value as messages show it. */
  readonly value?: string;
  /** Of the entity that was refused, or written without something. */
  readonly identifier?: string;
  /** Line in the source's rejects file where the record begins. */
  readonly rejectsLine?: number;
}

/** How often one fault was found, as a refused thing's first fault or a further one. */
export interface FaultGroup {
  readonly code: RejectCode;
  readonly blueprint?: string;
  readonly path?: string;
  readonly count: number;
  /** That of the first one. */
  readonly message?: string;
  /** Where it is a further fault for the first time. */
  readonly first?: NamedPlace;
}

/** Rejects of one cause: of one code, stage, blueprint and path, and of one message. */
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
  /** The first of them in the order of the sources, at most five. */
  readonly samples?: readonly RejectSample[];
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

/** Most missing targets that are a cause of their own; further ones are counted together by their relation. */
export const maxTargets = 100;

/** Most messages told apart of one code, stage, blueprint and path; all further ones are counted in the group of those. */
export const maxMessages = 20;

/** Most samples kept of a cause. */
export const maxSamples = 5;

/** Groups what an import refused and warned of, in memory that does not grow with its size. */
export interface Causes {
  addRejects(rejects: readonly Reject[]): void;
  addWarnings(warnings: readonly Warning[]): void;
  /** The most frequent cause first. */
  rejects(): readonly RejectGroup[];
  /** The most frequent fault first. */
  faults(): readonly FaultGroup[];
  warnings(): readonly WarningGroup[];
}

/** Makes empty groups. `names` are the sources' names, in the order of the command line. */
export function groupCauses(names: readonly string[], limit = maxGroups): Causes {
  const rejects = new Map<string, CauseGroup<Reject>>();
  const warnings = new Map<string, CauseGroup<Warning>>();
  const faults = new Map<string, { readonly fault: Omit<FaultGroup, "count">; count: number; first?: Place }>();
  const targets = new Set<string>();
  const addFault = ({ code, message, path }: Finding, blueprint: string | undefined, further?: Place): void => {
    const exact = JSON.stringify([code, blueprint, path]);
    const isExact = faults.has(exact) || faults.size < limit;
    const key = isExact ? exact : code;
    const cause = isExact ? causeOf({ blueprint, path }) : {};
    const known = faults.get(key) ?? { fault: { code, ...cause, message }, count: 0 };
    faults.set(key, known);
    known.count++;
    if (further !== undefined && (known.first === undefined || comparePlaces(further, known.first) < 0))
      known.first = further;
  };
  const variants = new Map<string, Set<string>>();
  return {
    addRejects(items) {
      for (const item of withoutHidden(items)) {
        const kind = [item.code, item.stage];
        const variant = targetOf(targets, item) ?? variantOf(variants, [...kind, item.blueprint, item.path], item);
        addTo(rejects, limit, kind, item, 1, item.at, variant);
        addFault(item, item.blueprint);
        for (const finding of item.also ?? []) addFault(finding, item.blueprint, item.at);
      }
    },
    addWarnings(items) {
      for (const item of withoutHidden(items)) {
        const causes = item.code === "sheet_noted" ? [item.message] : [];
        addTo(warnings, limit, [item.code, ...causes], item, item.count, item.first);
      }
    },
    rejects: () =>
      inOrder(rejects).map(({ count, cause, sample, first, samples }) => ({
        code: sample.code,
        stage: sample.stage,
        ...cause,
        count,
        message: sample.message,
        ...(sample.value === undefined ? {} : { value: sample.value }),
        ...(sample.leaf === undefined ? {} : { leaf: sample.leaf }),
        first: named(first ?? sample.at, names),
        samples: samples.map(({ at, value, identifier }) => ({
          ...named(at, names),
          ...(value !== undefined && { value }),
          ...(identifier !== undefined && { identifier }),
        })),
      })),
    faults: () =>
      [...faults.values()]
        .sort((a, b) => b.count - a.count)
        .map(({ fault, count, first }) => ({ ...fault, count, ...(first && { first: named(first, names) }) })),
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

/** What names a missing target: each is a cause of its own, whoever lacks it. Undefined for other rejects, and past the most that are told apart. */
function targetOf(targets: Set<string>, { code, blueprint, path, value }: Reject): string | undefined {
  const isMissing = code === "relation_target_missing" || code === "relation_target_rejected";
  if (!isMissing || value === undefined) return undefined;
  const target = JSON.stringify([blueprint, path, value]);
  if (targets.size < maxTargets) targets.add(target);
  return targets.has(target) ? target : undefined;
}

interface Cause {
  readonly blueprint?: string;
  readonly path?: string;
}

/** What a sample takes from its item. */
type Example = Pick<RejectSample, "value" | "identifier">;

interface CauseGroup<T> {
  readonly cause: Cause;
  count: number;
  /** The item that comes first in the sources. */
  sample: T;
  first: Place | undefined;
  /** The first items in the order of the sources. */
  samples: ({ readonly at: Place } & Example)[];
}

function addTo<T extends Cause & Example>(
  groups: Map<string, CauseGroup<T>>,
  limit: number,
  kind: readonly string[],
  item: T,
  count: number,
  at: Place | undefined,
  variant = "",
): void {
  const exact = JSON.stringify([...kind, item.blueprint, item.path, variant]);
  const known = groups.get(exact);
  const key = known !== undefined || groups.size < limit ? exact : JSON.stringify(kind);
  const group = known ?? groups.get(key);
  if (group === undefined) {
    const cause = key === exact ? causeOf(item) : {};
    groups.set(key, { cause, count, sample: item, first: at, samples: [] });
    addSample(groups.get(key)?.samples ?? [], item, at);
    return;
  }
  group.count += count;
  addSample(group.samples, item, at);
  if (at !== undefined && (group.first === undefined || comparePlaces(at, group.first) < 0)) {
    group.sample = item;
    group.first = at;
  }
}

/**
 * What tells the causes of one code, blueprint and path apart: the message without what is the record's own, its numbers and the texts that it quotes. A quoted
 * character or two make a cause of their own.
 */
function variantOf(
  variants: Map<string, Set<string>>,
  cause: readonly (string | undefined)[],
  { message }: Pick<Reject, "message">,
): string {
  const variant = message
    .replaceAll(/"(?:[^"\\]|\\.){3,}"/g, '"…"')
    .replaceAll(/(?:"…"(?:, )?)+/g, '"…"')
    .replaceAll(/\d+/g, "0");
  const key = JSON.stringify(cause);
  const known = variants.get(key) ?? new Set();
  variants.set(key, known);
  if (known.size < maxMessages) known.add(variant);
  return known.has(variant) ? variant : "";
}

/** Keeps the first few by place; most items come in order, so that the last kept one decides at once. */
function addSample(samples: CauseGroup<never>["samples"], { value, identifier }: Example, at?: Place): void {
  if (at === undefined) return;
  const last = samples.at(-1);
  if (samples.length === maxSamples && last !== undefined && comparePlaces(at, last.at) >= 0) return;
  samples.push({ at, ...(value !== undefined && { value }), ...(identifier !== undefined && { identifier }) });
  samples.sort((a, b) => comparePlaces(a.at, b.at));
  samples.length = Math.min(samples.length, maxSamples);
}

function causeOf({ blueprint, path }: { [K in keyof Cause]: string | undefined }): Cause {
  return { ...(blueprint === undefined ? {} : { blueprint }), ...(path === undefined ? {} : { path }) };
}

function inOrder<T>(groups: Map<string, CauseGroup<T>>): CauseGroup<T>[] {
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
