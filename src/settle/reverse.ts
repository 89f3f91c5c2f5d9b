import type { Blueprint } from "../blueprint.js";
import {
  type ClearedField,
  type EntityBody,
  type FoundEntity,
  isSearchQuery,
  type Key,
  type Mode,
  type RelationValue,
} from "../entity.js";
import type { RejectCode } from "../reject.js";
import { headFields, sameJson, sameNames, sameValue } from "../same-value.js";
import { type Change, writableFields } from "./compare.js";

/** What the journal of a run says of one entity, in the order in which it happened. */
export type TraceNote =
  /** It was sent; `before` is what the catalog held in every field that the write may change, null where it had no such entity. */
  | {
      readonly is: "write";
      readonly mode: Mode;
      readonly before: EntityBody | null;
      readonly sent: EntityBody;
      readonly clears?: readonly ClearedField[] | undefined;
    }
  /** It was to be deleted; the whole entity as it was. */
  | { readonly is: "delete"; readonly before: FoundEntity }
  /** Something that it related to was to be deleted; its relations as they were. */
  | { readonly is: "unset"; readonly relations: Readonly<Record<string, unknown>> }
  /** The reply said so of a write of which nothing else is known. `atMs`: the server's clock then, milliseconds since the epoch, never later than the truth. */
  | { readonly is: "created" | "updated"; readonly atMs?: number | undefined };

/** What takes back all that a run did to one entity. */
export type Reversal =
  | { readonly is: "nothing" }
  | { readonly is: "create"; readonly entity: EntityBody }
  | {
      readonly is: "update";
      readonly entity: EntityBody;
      readonly clears: readonly ClearedField[];
      /** What the fields hold now. */
      readonly before: EntityBody;
      readonly changes: readonly Change[];
    }
  | { readonly is: "delete" }
  | { readonly is: "refused"; readonly code: RejectCode; readonly message: string; readonly path?: string };

/** What must be known to reverse. */
export interface ReversalFacts {
  readonly key: Key;
  readonly notes: readonly TraceNote[];
  /** The whole entity as the catalog has it now; undefined where it has none. */
  readonly now: FoundEntity | undefined;
  readonly blueprint: Blueprint;
  /** Whether the run deleted an entity, so that relations to it may have been unset. */
  readonly isDeleted: (key: Key) => boolean;
}

/**
 * Finds what takes back all that a run did to an entity, or why it must be left as it is. Pure.
 *
 * What the run created is deleted where nothing but what it wrote is there; of what it wrote to, each field is put back that the run left as it is now; what it
 * deleted is created again. A field that neither holds what it held before nor what the run wrote was changed since, and the entity is refused.
 */
export function reverse({ key, notes, now, blueprint, isDeleted }: ReversalFacts): Reversal {
  const trace = foldNotes(notes);
  const context = { trace, blueprint, isDeleted };
  if (trace.had === "unknown") return now === undefined ? gone : unknown;
  if (trace.had === "absent") {
    if (now === undefined) return { is: "nothing" };
    return (trace.isKnown ? strangeFields(now, context) : laterDates(now, trace)) ?? { is: "delete" };
  }
  if (now === undefined)
    return trace.deleted === undefined ? gone : { is: "create", entity: wholeBody(key, trace, blueprint) };
  if (trace.deleted !== undefined && trace.deleted.createdAt !== now.createdAt)
    return refused("changed_since", "it was deleted by this run and exists again");
  return restore(key, now, context);
}

const gone: Reversal = refused("changed_since", "it is gone");
const unknown: Reversal = refused(
  "before_unknown",
  "it was written by an import that did not keep what it held before; --keep-before keeps it",
);

function refused(code: RejectCode, message: string, path?: string): Reversal & { is: "refused" } {
  return { is: "refused", code, message, ...(path !== undefined && { path }) };
}

/** All notes of an entity in one. Paths are `title`, `icon`, `team`, `properties.x`, `relations.y`. */
interface Trace {
  /** Whether the catalog had it before the run, and what is known of it; undefined as long as nothing is noted. */
  had: "known" | "absent" | "unknown" | undefined;
  /** What each path held before the first write to it. */
  readonly before: Map<string, unknown>;
  /** What was sent for each path, null where it was cleared. */
  readonly sent: Map<string, unknown[]>;
  /** Paths that the run may have changed. */
  readonly touched: Set<string>;
  /** Whether an override emptied what it did not bring. */
  isOverridden: boolean;
  /** Whether what was sent is known. */
  isKnown: boolean;
  deleted: FoundEntity | undefined;
  writes: number;
  lastWriteMs: number | undefined;
}

function foldNotes(notes: readonly TraceNote[]): Trace {
  const trace: Trace = {
    ...{ had: undefined, before: new Map(), sent: new Map(), touched: new Set() },
    ...{ isOverridden: false, isKnown: false, deleted: undefined, writes: 0, lastWriteMs: undefined },
  };
  for (const note of notes) {
    if (note.is === "write") foldWrite(trace, note);
    else if (note.is === "delete") {
      trace.had ??= "known";
      fill(trace, note.before);
      trace.deleted ??= note.before;
    } else if (note.is === "unset") {
      trace.had ??= "known";
      for (const path of fill(trace, { relations: note.relations })) trace.touched.add(path);
    } else {
      trace.had ??= note.is === "created" ? "absent" : "unknown";
      trace.writes++;
      trace.lastWriteMs = note.atMs ?? trace.lastWriteMs;
    }
  }
  return trace;
}

function foldWrite(trace: Trace, { mode, before, sent, clears = [] }: TraceNote & { is: "write" }): void {
  // Mode create is refused for one that exists.
  if (mode === "create" && before !== null) return;
  trace.had ??= before === null ? "absent" : "known";
  trace.isKnown = true;
  if (before !== null) fill(trace, before);
  const cleared = Object.fromEntries(clears.map((field) => [field, null]));
  for (const [path, value] of fieldsOf({ ...sent, ...cleared })) {
    trace.sent.set(path, [...(trace.sent.get(path) ?? []), value]);
    trace.touched.add(path);
  }
  if (mode !== "override" || before === null) return;
  trace.isOverridden = true;
  for (const [path] of fieldsOf(before)) trace.touched.add(path);
}

/** Takes what is not known of any path yet; gives all paths. */
function fill(trace: Trace, held: Partial<FoundEntity>): readonly string[] {
  const fields = fieldsOf(held);
  for (const [path, value] of fields) if (!trace.before.has(path)) trace.before.set(path, value);
  return fields.map(([path]) => path);
}

function fieldsOf(entity: Readonly<Record<string, unknown>>): readonly (readonly [path: string, value: unknown])[] {
  const within = (group: "properties" | "relations") =>
    Object.entries((entity[group] ?? {}) as object).map(([key, value]) => [`${group}.${key}`, value] as const);
  return [
    ...headFields.flatMap((name) => (entity[name] === undefined ? [] : [[name, entity[name]] as const])),
    ...within("properties"),
    ...within("relations"),
  ];
}

function valueAt(entity: Readonly<Record<string, unknown>>, path: string): unknown {
  const dot = path.indexOf(".");
  if (dot < 0) return entity[path];
  const values = (entity[path.slice(0, dot)] ?? {}) as Readonly<Record<string, unknown>>;
  const key = path.slice(dot + 1);
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

interface Context {
  readonly trace: Trace;
  readonly blueprint: Blueprint;
  readonly isDeleted: (key: Key) => boolean;
}

/** A field of a created entity that the run did not write so. */
function strangeFields(now: FoundEntity, context: Context): Reversal | undefined {
  const fields = writableFields(context.blueprint);
  const paths = [
    ...fields.head,
    ...fields.properties.map((key) => `properties.${key}`),
    ...fields.relations.map((key) => `relations.${key}`),
  ];
  const strange = paths.filter((path) => !isOurs(path, now, context));
  return strange.length === 0 ? undefined : changedSince(strange, now, context);
}

/** Where only the dates tell: an entity that was updated after the run's last write to it. */
function laterDates({ createdAt, updatedAt }: FoundEntity, { writes, lastWriteMs }: Trace): Reversal | undefined {
  if (updatedAt === undefined || updatedAt === createdAt) return undefined;
  // The server's clock is known to a second; several writes of our own may have come within it.
  const latest = lastWriteMs === undefined ? Number.NEGATIVE_INFINITY : lastWriteMs + (writes > 1 ? 1000 : 0);
  if (Date.parse(String(updatedAt)) <= latest) return undefined;
  return refused("changed_since", `it was updated at ${String(updatedAt)}, after the run`);
}

function restore(key: Key, now: FoundEntity, context: Context): Reversal {
  const { trace } = context;
  const writable = new Set(["team", ...fieldNames(context.blueprint)]);
  const differing = [...trace.touched].filter(
    (path) =>
      trace.before.has(path) && writable.has(path) && !isIdentical(path, trace.before.get(path), valueAt(now, path)),
  );
  const strange = differing.filter(
    (path) => !isOurs(path, now, context) && !isAlike(path, trace.before.get(path), now, context.blueprint),
  );
  if (strange.length > 0) return changedSince(strange, now, context);
  const restored = differing.filter((path) => isOurs(path, now, context));
  if (restored.length === 0) return { is: "nothing" };
  const changes = restored.map(
    (path): Change => ({ path, before: valueAt(now, path) ?? null, after: trace.before.get(path) ?? null }),
  );
  const isCleared = ({ path, after }: Change): boolean => isHead(path) && isEmpty(after);
  const written = changes.filter((change) => !isCleared(change));
  return {
    is: "update",
    entity: bodyOf(key, new Map(written.map(({ path, after }) => [path, after]))),
    clears: changes.filter(isCleared).map(({ path }) => path as ClearedField),
    before: bodyOf(key, new Map(changes.map(({ path, before }) => [path, before]))),
    changes,
  };
}

function fieldNames(blueprint: Blueprint): readonly string[] {
  const { head, properties, relations } = writableFields(blueprint);
  return [...head, ...properties.map((key) => `properties.${key}`), ...relations.map((key) => `relations.${key}`)];
}

function changedSince(paths: readonly string[], now: FoundEntity, { trace }: Context): Reversal {
  const words = paths.map((path) => {
    const left = trace.sent.get(path)?.at(-1) ?? (trace.had === "absent" ? null : trace.before.get(path));
    return `${path} is ${show(valueAt(now, path))}, this run left ${show(left)}`;
  });
  return refused("changed_since", words.join("; "), paths[0]);
}

/** Whether a field holds what the run wrote, or what followed from it. */
function isOurs(path: string, now: FoundEntity, { trace, blueprint, isDeleted }: Context): boolean {
  const value = valueAt(now, path);
  const sent = trace.sent.get(path) ?? [];
  if (sent.some((one) => isSearchQuery(one) || isAlike(path, one, now, blueprint))) return true;
  const property = path.startsWith("properties.") ? blueprint.schema.properties[path.slice(11)] : undefined;
  const isLeftOut = trace.had === "absent" || trace.isOverridden || sent.includes(null);
  if (isLeftOut && (isEmpty(value) || (path === "title" && value === now.identifier))) return true;
  if (isLeftOut && property?.default !== undefined && sameValue(value, property.default, property)) return true;
  if (!path.startsWith("relations.")) return false;
  // Relations to what the run deleted were unset.
  const target = blueprint.relations?.[path.slice(10)]?.target ?? "";
  const left = new Set(namesOf(value));
  return [...sent, trace.before.get(path)].some((one) => {
    const names = namesOf(one);
    const lost = names.filter((name) => !left.has(name));
    return (
      [...left].every((name) => names.includes(name)) &&
      lost.every((identifier) => isDeleted({ blueprint: target, identifier }))
    );
  });
}

function isHead(path: string): boolean {
  return (headFields as readonly string[]).includes(path);
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

function isAlike(path: string, given: unknown, now: FoundEntity, { schema }: Blueprint): boolean {
  const held = valueAt(now, path);
  if (path === "title" || path === "icon")
    return (given ?? null) === (held ?? null) || (path === "title" && isEmpty(given) && held === now.identifier);
  if (path === "team" || path.startsWith("relations.")) return sameNames(given, held);
  return sameValue(given, held, schema.properties[path.slice(11)]);
}

/** The same to the letter: notations and the order of targets are put back, too. */
function isIdentical(path: string, a: unknown, b: unknown): boolean {
  if (path === "team" || path.startsWith("relations.")) return sameJson(namesOf(a), namesOf(b));
  return sameJson(a ?? null, b ?? null);
}

function namesOf(value: unknown): readonly unknown[] & readonly string[] {
  return (Array.isArray(value) ? value : isEmpty(value) ? [] : [value]) as readonly string[];
}

/** A deleted entity as it is created again. Null keeps a default out that it did not have. */
function wholeBody(key: Key, { before }: Trace, blueprint: Blueprint): EntityBody {
  const fields = new Map<string, unknown>();
  for (const path of fieldNames(blueprint)) {
    const value = before.get(path);
    if (!isEmpty(value)) fields.set(path, value);
    else if (Array.isArray(value) && !isHead(path)) fields.set(path, value);
    else if (path.startsWith("properties.") && blueprint.schema.properties[path.slice(11)]?.default !== undefined)
      fields.set(path, null);
  }
  return bodyOf(key, fields);
}

function bodyOf({ identifier }: Key, fields: ReadonlyMap<string, unknown>): EntityBody {
  const within = (group: string) =>
    Object.fromEntries(
      [...fields].flatMap(([path, value]) =>
        path.startsWith(`${group}.`) ? [[path.slice(group.length + 1), value]] : [],
      ),
    );
  return {
    identifier,
    ...Object.fromEntries([...fields].filter(([path]) => isHead(path))),
    properties: within("properties"),
    relations: within("relations") as Record<string, RelationValue>,
  };
}

function show(value: unknown): string {
  if (isEmpty(value)) return "none";
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
