import { namedCommand, visible } from "../reject.js";
import { type DeleteLimits, type Deletions, isEmptyValue } from "./guards.js";
import type { PlanEnd, PlanHeader, PlanLine, PlanOp, PlanRefusal } from "./plan-file.js";

/** Ops of one kind and blueprint that are shown one by one; the plan file has them all. */
const shownOps = 50;
const maxValueChars = 60;
/** Names shown of what is left as it is for the same reason. */
const namedAlike = 3;

/** Colours a text by its kind; gives it as it is where there are no colours. */
export type Dye = (text: string, kind: PlanOp["op"] | "strong" | "faint") => string;

/**
 * Writes a plan for people, by blueprint: `+` created, `~` updated with each field's old and new value, `-` deleted, `!` left as it is by an undo,
 * and the counts.
 *
 * @param lines - the plan's lines in order
 */
export async function* formatPlan(lines: AsyncIterable<PlanLine>, dye: Dye): AsyncGenerator<string> {
  let blueprint: string | undefined;
  let shown = { create: 0, update: 0, delete: 0 };
  const more = (): string =>
    (["create", "update", "delete"] as const)
      .filter((op) => shown[op] > shownOps)
      .map((op) => dye(`  ${signs[op]} and ${shown[op] - shownOps} more\n`, "faint"))
      .join("");
  let refused = 0;
  const alike = new Map<string, { readonly first: PlanRefusal; readonly names: string[]; count: number }>();
  let isUndo = false;
  for await (const line of lines) {
    if ("line" in line && line.line === "plan") isUndo = line.undoOf !== undefined;
    else if ("line" in line && line.line === "refused") {
      if (refused++ === 0) {
        yield `${more()}${blueprint === undefined ? "" : "\n"}${dye("left as they are", "strong")}\n`;
        shown = { create: 0, update: 0, delete: 0 };
      }
      const why = JSON.stringify([line.blueprint, line.message]);
      const group = alike.get(why) ?? { first: line, names: [], count: 0 };
      if (alike.size < shownOps) alike.set(why, group);
      group.count++;
      if (group.names.length < namedAlike) group.names.push(line.identifier);
    } else if ("op" in line) {
      if (line.blueprint !== blueprint) {
        yield `${more()}${blueprint === undefined ? "" : "\n"}${dye(visible(line.blueprint), "strong")}\n`;
        blueprint = line.blueprint;
        shown = { create: 0, update: 0, delete: 0 };
      }
      shown[line.op]++;
      if (shown[line.op] <= shownOps) yield opText(line, dye);
    } else if (line.line === "end") {
      let untold = refused;
      for (const group of alike.values()) {
        untold -= group.count;
        yield refusalText(group, dye);
      }
      const left = untold > 0 ? dye(`  ! and ${untold} more\n`, "faint") : "";
      const isAlone = blueprint === undefined && refused === 0;
      yield `${more()}${left}${isAlone ? "" : "\n"}${endText(line, dye, isUndo)}\n`;
    }
  }
}

const signs = { create: "+", update: "~", delete: "-" } as const;

function opText(op: PlanOp, dye: Dye): string {
  const identifier = op.op === "delete" ? op.before.identifier : op.entity.identifier;
  const name = typeof identifier === "string" ? identifier : `the entity that ${JSON.stringify(identifier)} finds`;
  const head = `${dye(`  ${signs[op.op]} ${visible(name)}`, op.op)}${titleText(op.title, name, dye)}`;
  const remark = op.op === "delete" ? op.dependent && "deleted with what it relates to" : op.rejected?.message;
  const note = remark === undefined ? "" : dye(`  (${visible(remark)})`, "faint");
  if (op.op !== "update") return `${head}${note}\n`;
  const fields = op.changes.map(
    ({ path, before, after }) =>
      `      ${visible(path)}: ${shownValue(before)} ${dye("→", "faint")} ${shownValue(after)}\n`,
  );
  return `${head}${note}\n${fields.join("")}`;
}

/** What is left as it is for one reason: by its name, or several with the first of their names. */
function refusalText(
  { first, names, count }: { readonly first: PlanRefusal; readonly names: readonly string[]; readonly count: number },
  dye: Dye,
): string {
  const { blueprint, identifier, title, message } = first;
  const more = count > names.length ? ` and ${count - names.length} more` : "";
  const what = count === 1 ? `${blueprint}/${identifier}` : `${count} of ${blueprint}: ${names.join(", ")}${more}`;
  const head = `${dye(`  ! ${visible(what)}`, "update")}${count === 1 ? titleText(title, identifier, dye) : ""}`;
  return `${head}\n      ${visible(count === 1 ? namedCommand(message, blueprint, identifier) : message)}\n`;
}

function titleText(title: string | undefined, name: string, dye: Dye): string {
  return title === undefined || title === name ? "" : dye(` ${JSON.stringify(visible(title))}`, "faint");
}

function endText(end: PlanEnd, dye: Dye, isUndo: boolean): string {
  const parts = [
    dye(`${number(end.create)} to create`, "create"),
    dye(`${number(end.update)} to update`, "update"),
    dye(`${number(end.delete)} to delete`, "delete"),
    ...(isUndo ? [] : [`${number(end.unchanged)} unchanged`]),
    ...(end.rejected > 0 ? [`${number(end.rejected)} ${isUndo ? "left as they are" : "failed"}`] : []),
  ];
  const none = end.create + end.update + end.delete === 0;
  return `${dye(none ? "No changes" : "Plan", "strong")}: ${parts.join(", ")}.`;
}

function shownValue(value: unknown): string {
  if (value === null || value === undefined) return "none";
  const text = visible(JSON.stringify(value));
  return text.length <= maxValueChars ? text : `${text.slice(0, maxValueChars - 1)}…`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

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
  /** Including those deleted with what they relate to. */
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
  /** What a prune found, and what it may delete; absent where the run ended earlier. */
  readonly judged?: { readonly deletions: readonly Deletions[]; readonly limits: DeleteLimits };
  /** Whether deletions were asked for. */
  readonly prunes: boolean;
}

/** Ops of one kind and blueprint that are kept. */
const keptOps = 100;
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
