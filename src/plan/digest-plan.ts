import type { DeleteLimits, Deletions } from "./guards.js";
import { isEmptyValue } from "./guards.js";
import type { PlanEnd, PlanHeader, PlanLine, PlanOp } from "./plan-file.js";

/** How often a plan changes one field, with the changes of value that it makes most. */
export interface FieldChanges {
  readonly blueprint: string;
  readonly path: string;
  readonly count: number;
  /** Of these, those that leave it without a value. */
  readonly emptied: number;
  readonly pairs: readonly { readonly before: unknown; readonly after: unknown; readonly count: number }[];
}

/** What a plan does to one blueprint. */
export interface BlueprintChanges {
  readonly blueprint: string;
  readonly create: number;
  readonly update: number;
  /** Those that go with what they relate to included. */
  readonly delete: number;
  /** The first ops of each kind, in the plan's order. */
  readonly ops: readonly PlanOp[];
}

/** What a page shows of a plan: bounded, however large the plan is. */
export interface PlanDigest {
  readonly header?: PlanHeader;
  readonly end?: PlanEnd;
  /** The one with the most changes first. */
  readonly blueprints: readonly BlueprintChanges[];
  /** The most frequent first. */
  readonly fields: readonly FieldChanges[];
}

/** What stood in the way of a plan, and what did not. */
export interface GuardFacts {
  /** Share of a field's values that a run may empty, 0 to 1; absent where emptying is allowed. */
  readonly emptyingShare?: number;
  /** What a prune found, and what it may delete; absent where it did not come to that. */
  readonly judged?: { readonly deletions: readonly Deletions[]; readonly limits: DeleteLimits };
  /** Whether deletions were asked for. */
  readonly prunes: boolean;
}

/** Ops of one kind and blueprint that are kept. */
export const keptOps = 100;
const maxBlueprints = 100;
const maxFields = 500;
/** Different changes of value that are counted of one field. */
const maxPairs = 50;
const shownPairs = 3;

type Field = Omit<FieldChanges, "pairs" | "count" | "emptied"> & {
  count: number;
  emptied: number;
  pairs: Map<string, { before: unknown; after: unknown; count: number }>;
};

/** Reads a plan once, and keeps what a page shows of it. */
export async function digestPlan(lines: AsyncIterable<PlanLine>): Promise<PlanDigest> {
  let header: PlanHeader | undefined;
  let end: PlanEnd | undefined;
  const blueprints = new Map<string, { create: number; update: number; delete: number; ops: PlanOp[] }>();
  const fields = new Map<string, Field>();
  const kept = new Map<string, number>();
  for await (const line of lines) {
    if ("op" in line) {
      const of = blueprints.get(line.blueprint) ?? { create: 0, update: 0, delete: 0, ops: [] };
      blueprints.set(line.blueprint, of);
      of[line.op]++;
      const kind = `${line.op} ${line.blueprint}`;
      const number = (kept.get(kind) ?? 0) + 1;
      kept.set(kind, number);
      if (number <= keptOps && blueprints.size <= maxBlueprints) of.ops.push(line);
      if (line.op === "update") for (const change of line.changes) addChange(fields, line.blueprint, change);
    } else if (line.line === "plan") header = line;
    else if (line.line === "end") end = line;
  }
  const sum = (of: BlueprintChanges): number => of.create + of.update + of.delete;
  return {
    ...(header && { header }),
    ...(end && { end }),
    blueprints: [...blueprints].map(([blueprint, of]) => ({ blueprint, ...of })).sort((a, b) => sum(b) - sum(a)),
    fields: [...fields.values()]
      .sort((a, b) => b.count - a.count)
      .map((field) => ({
        ...field,
        pairs: [...field.pairs.values()].sort((a, b) => b.count - a.count).slice(0, shownPairs),
      })),
  };
}

function addChange(
  fields: Map<string, Field>,
  blueprint: string,
  { path, before, after }: { readonly path: string; readonly before: unknown; readonly after: unknown },
): void {
  const key = `${blueprint} ${path}`;
  const field: Field = fields.get(key) ?? { blueprint, path, count: 0, emptied: 0, pairs: new Map() };
  if (fields.size < maxFields) fields.set(key, field);
  field.count++;
  if (isEmptyValue(after) && !isEmptyValue(before)) field.emptied++;
  const pair = JSON.stringify([before, after]);
  const known = field.pairs.get(pair);
  if (known !== undefined) known.count++;
  else if (field.pairs.size < maxPairs) field.pairs.set(pair, { before, after, count: 1 });
}
