import { z } from "zod";
import type { ClearedField, EntityBody, RelationValue } from "../entity.js";
import { PlanError } from "../errors.js";
import type { Finding, RejectCode } from "../reject.js";
import type { PlanPrune } from "./guards.js";

/** Version of the plan file's form; a reader refuses others. */
export const planFormat = 1;

/** The first line: what the plan was made from, and for. */
export interface PlanHeader {
  readonly line: "plan";
  readonly format: typeof planFormat;
  /** Name and version of the program. */
  readonly madeBy: string;
  /** ISO 8601. */
  readonly madeAt: string;
  /** Address of the API, without secrets. */
  readonly target: string;
  readonly mode: "merge" | "override";
  readonly createMissing: boolean;
  readonly deleteDependents: boolean;
  readonly mapping: { readonly file: string; readonly sha256: string };
  readonly sources: readonly PlanSource[];
  /** By resource of the mapping: what becomes of relations whose target is missing. */
  readonly onMissingTarget: readonly Readonly<Record<string, "reject" | "omit" | "create">>[];
  /** What deletions are held to; absent without `--prune`. */
  readonly prune?: PlanPrune;
  /** Id of the run that the plan takes back; its mapping is that run's. */
  readonly undoOf?: string;
}

/** A source of a plan. */
export interface PlanSource {
  /** As on the command line, without userinfo and query. */
  readonly name: string;
  /** Absolute path and content of a local file; absent for stdin and addresses. */
  readonly path?: string;
  readonly sha256?: string;
}

/** A field that a plan would change. */
export interface PlanChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** One entity that a plan creates, updates or deletes. */
export type PlanOp = {
  /** For people, where `entity` does not bring it. */
  readonly title?: string;
} & (
  | {
      readonly op: "create";
      readonly blueprint: string;
      /** Index of the mapping's resource. */
      readonly resource: number;
      readonly entity: EntityBody;
      readonly rejected?: PlanReject;
    }
  | {
      readonly op: "update";
      readonly blueprint: string;
      readonly resource: number;
      readonly entity: EntityBody;
      readonly clears?: readonly ClearedField[];
      /** What every field that the write may change held; absent for an entity that is named by a search. */
      readonly before?: EntityBody;
      readonly changes: readonly PlanChange[];
      readonly rejected?: PlanReject;
    }
  | {
      readonly op: "delete";
      readonly blueprint: string;
      /** The whole entity. */
      readonly before: Readonly<Record<string, unknown>>;
      /** True for one that the API deletes with what it relates to; it is in no count. */
      readonly dependent?: true;
    }
);

/** An entity that an undo leaves as it is, and why. */
export interface PlanRefusal {
  readonly line: "refused";
  readonly blueprint: string;
  readonly identifier: string;
  readonly title?: string;
  readonly code: Extract<RejectCode, "changed_since" | "before_unknown">;
  readonly message: string;
  /** The field that is not as the run left it. */
  readonly path?: string;
}

/** Why an entity counts as rejected although it is written: without the relations named. */
export interface PlanReject {
  readonly message: string;
  readonly path?: string;
}

/** The last line: the counts. A file without it was cut off. */
export interface PlanEnd {
  readonly line: "end";
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly unchanged: number;
  /** Records and entities that the sources would have rejected; of an undo, entities that it leaves as they are. */
  readonly rejected: number;
}

/** A line of a plan file. */
export type PlanLine = PlanHeader | PlanOp | PlanRefusal | PlanEnd;

const body = z.looseObject({
  identifier: z.union([z.string(), z.looseObject({})]),
  properties: z.record(z.string(), z.unknown()),
  relations: z.record(z.string(), z.unknown()),
});
const change = z.object({ path: z.string(), before: z.unknown(), after: z.unknown() });
const rejected = z.object({ message: z.string(), path: z.string().optional() }).optional();
const count = z.int().min(0);
const line = z.union([
  z.object({ op: z.literal("create"), blueprint: z.string(), resource: count, entity: body, rejected }),
  z.object({
    op: z.literal("update"),
    blueprint: z.string(),
    resource: count,
    entity: body,
    clears: z.array(z.enum(["title", "icon", "team"])).optional(),
    before: body.optional(),
    changes: z.array(change),
    rejected,
  }),
  z.object({
    op: z.literal("delete"),
    blueprint: z.string(),
    before: z.looseObject({ identifier: z.string() }),
    dependent: z.literal(true).optional(),
  }),
  z.object({
    line: z.literal("refused"),
    blueprint: z.string(),
    identifier: z.string(),
    title: z.string().optional(),
    code: z.enum(["changed_since", "before_unknown"]),
    message: z.string(),
    path: z.string().optional(),
  }),
  z.object({ line: z.literal("end"), create: count, update: count, delete: count, unchanged: count, rejected: count }),
  z.object({
    line: z.literal("plan"),
    format: z.literal(planFormat),
    madeBy: z.string(),
    madeAt: z.string(),
    target: z.string(),
    mode: z.enum(["merge", "override"]),
    createMissing: z.boolean(),
    deleteDependents: z.boolean(),
    mapping: z.object({ file: z.string(), sha256: z.string() }),
    sources: z.array(z.object({ name: z.string(), path: z.string().optional(), sha256: z.string().optional() })),
    prune: z
      .object({
        limits: z.object({ count: z.number(), share: z.number() }),
        owns: z.array(
          z.object({
            blueprint: z.string(),
            owns: z.union([
              z.literal("all"),
              z.object({ where: z.object({ property: z.string(), value: z.unknown() }) }),
            ]),
          }),
        ),
      })
      .optional(),
    onMissingTarget: z.array(z.record(z.string(), z.enum(["reject", "omit", "create"]))),
  }),
]);

/**
 * Reads the lines of a plan file: header, ops, end; the end must agree with what came before.
 *
 * @param lines - the file's lines without their ends
 * @param file - its name, for messages
 * @throws {PlanError} for another thing, another version, a line that is damaged, a file that is cut off or changed
 */
export async function* readPlanLines(lines: AsyncIterable<string>, file: string): AsyncGenerator<PlanLine> {
  const counted = { create: 0, update: 0, delete: 0 };
  let number = 0;
  let ended = false;
  for await (const text of lines) {
    number++;
    const one = parseLine(text, number, file);
    const isHeader = "line" in one && one.line === "plan";
    if (ended || isHeader !== (number === 1))
      throw new PlanError(`${file}:${number}: a plan has one header, its first line, and nothing after its end`);
    if ("op" in one && !isDependent(one)) counted[one.op]++;
    if ("line" in one && one.line === "end") {
      ended = true;
      if (one.create !== counted.create || one.update !== counted.update || one.delete !== counted.delete)
        throw new PlanError(`${file}: its last line does not agree with the lines before it`, {
          hint: "The file was changed. Make a new plan.",
        });
    }
    yield one;
  }
  if (!ended)
    throw new PlanError(`${file}: the plan is cut off: its last line is missing`, { hint: "Make a new plan." });
}

/** True for what is deleted only because the API deletes it with what it relates to. */
export function isDependent(op: PlanOp): boolean {
  return op.op === "delete" && op.dependent === true;
}

function parseLine(text: string, number: number, file: string): PlanLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PlanError(`${file}:${number}: is not a line of a plan`, { cause, hint: "Make a new plan." });
  }
  const parsed = line.safeParse(value);
  if (parsed.success) return value as PlanLine;
  const format = (value as { format?: unknown } | null)?.format;
  if (number === 1 && format !== undefined && format !== planFormat)
    throw new PlanError(`${file}: is a plan of format ${String(format)}; this portload reads format ${planFormat}`, {
      hint: "Apply it with the version that made it, or make a new plan.",
    });
  throw new PlanError(`${file}:${number}: is not a line of a plan`, { hint: "Make a new plan." });
}

/**
 * An entity's body without the relation targets that are missing, as it is written.
 *
 * @param missing - `relations.x` as path, the missing target as value
 */
export function withoutTargets(body: EntityBody, missing: readonly Pick<Finding, "path" | "value">[]): EntityBody {
  const relations: Record<string, RelationValue> = {};
  for (const [key, value] of Object.entries(body.relations)) {
    const lost = missing.filter(({ path }) => path === `relations.${key}`).map((one) => one.value);
    const left = Array.isArray(value) ? value.filter((name) => !lost.includes(name)) : [];
    if (lost.length === 0) relations[key] = value;
    else if (left.length > 0) relations[key] = left;
  }
  return { ...body, relations };
}
