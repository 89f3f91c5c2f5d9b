import type { Blueprint } from "../blueprint.js";
import {
  type ClearedField,
  type EntityBody,
  type FoundEntity,
  isSearchQuery,
  type Key,
  type RelationValue,
} from "../entity.js";
import type { RejectCode } from "../reject.js";
import { headFields, sameJson, sameNames, sameValue } from "../same-value.js";
import { type Change, writableFields } from "./compare.js";
import { foldNotes, printOf, type Trace, type TraceNote, valueAt } from "./trace.js";

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
  | {
      readonly is: "refused";
      readonly code: UndoCode;
      readonly message: string;
      readonly path?: string;
      /** What does it manually, where that is one command; see `namedCommand`. */
      readonly fix?: string;
    };

type NotReversed = Reversal & { readonly is: "refused" };

/** Why an entity is left as it is. */
export type UndoCode = Extract<RejectCode, "changed_since" | "before_unknown">;

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
  // No identifier holds a brace; the key of a search is its JSON.
  if (key.identifier.startsWith("{")) return searched;
  if (trace.had === "unknown") return now === undefined ? gone : unknown;
  if (trace.had === "absent") {
    if (now === undefined) return { is: "nothing" };
    const why = trace.isKnown ? strangeFields(now, context) : laterDates(now, context);
    return why === undefined ? { is: "delete" } : { ...why, fix: deleteIt };
  }
  if (now === undefined)
    return trace.deleted === undefined ? gone : { is: "create", entity: wholeBody(key, trace, blueprint) };
  if (trace.deleted !== undefined && trace.deleted.createdAt !== now.createdAt) {
    const isAsBefore = fieldNames(blueprint).every((path) => isAlike(path, trace.before.get(path), now, blueprint));
    return isAsBefore ? { is: "nothing" } : refused("changed_since", "it was deleted by this run and exists again");
  }
  return restore(key, now, context);
}

const deleteIt = "to delete it all the same: portload entity delete <blueprint> <identifier>";
const gone: Reversal = refused("changed_since", "it is gone");
const searched: Reversal = refused("before_unknown", "it was found by a search, so which one it was is not known");
const unknown: Reversal = refused(
  "before_unknown",
  "it was written by an import that did not keep what it held before; --keep-before keeps it",
);

function refused(code: UndoCode, message: string, path?: string): NotReversed {
  return { is: "refused", code, message, ...(path !== undefined && { path }) };
}

interface Context {
  readonly trace: Trace;
  readonly blueprint: Blueprint;
  readonly isDeleted: (key: Key) => boolean;
}

/** A field of a created entity that the run did not write so. */
function strangeFields(now: FoundEntity, context: Context): NotReversed | undefined {
  const strange = fieldNames(context.blueprint).filter((path) => !isOurs(path, now, context));
  return strange.length === 0 ? undefined : changedSince(strange, now, context);
}

/** Where what was sent is not kept: an entity that was updated after the run's last write to it, and is not as the run left it any more. */
function laterDates(now: FoundEntity, { trace, blueprint }: Context): NotReversed | undefined {
  const { createdAt, updatedAt } = now;
  const { writes, lastWriteMs, left } = trace;
  if (updatedAt === undefined || updatedAt === createdAt) return undefined;
  // The server's clock is known to a second; several writes of our own may have come within it.
  const latest = lastWriteMs === undefined ? Number.NEGATIVE_INFINITY : lastWriteMs + (writes > 1 ? 1000 : 0);
  if (Date.parse(String(updatedAt)) <= latest) return undefined;
  const print = left.size === 0 ? undefined : printOf(now, blueprint);
  if (print !== undefined && left.has(print)) return undefined;
  const isOther = print === undefined ? "" : ", and holds other values than the run left";
  return refused("changed_since", `it was updated at ${String(updatedAt)}, after the run${isOther}`);
}

function restore(key: Key, now: FoundEntity, context: Context): Reversal {
  const { trace } = context;
  const writable = new Set(fieldNames(context.blueprint));
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

function changedSince(paths: readonly string[], now: FoundEntity, { trace }: Context): NotReversed {
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
  const left = new Set<unknown>(namesOf(value));
  return [...sent, trace.before.get(path)].some((one) => {
    const names = new Set<unknown>(namesOf(one));
    const lost = namesOf(one).filter((name) => !left.has(name));
    return (
      [...left].every((name) => names.has(name)) &&
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

function namesOf(value: unknown): readonly string[] {
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
