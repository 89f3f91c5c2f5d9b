import type { Blueprint, Property } from "../blueprint.js";
import {
  type ClearedField,
  type EntityBody,
  type FoundEntity,
  isSearchQuery,
  type Mode,
  type Write,
} from "../entity.js";
import { headFields, plainNames, plainValue } from "../same-value.js";
import { writableFields } from "./compare.js";
import { digestOf } from "./keys.js";

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
  /**
   * The reply said so of a write of which nothing else is known. `atMs`: the server's clock then, milliseconds since the epoch, never later than the truth; `left`: the
   * prints of what the run may have left.
   */
  | {
      readonly is: "created" | "updated";
      readonly atMs?: number | undefined;
      readonly left?: readonly string[] | undefined;
    };

/** All notes of an entity in one. Paths are `title`, `icon`, `team`, `properties.x`, `relations.y`. */
export interface Trace {
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
  /** Prints of what the run may have left of an entity that it created, see {@link printOf}. */
  readonly left: Set<string>;
}

/** Folds notes, in the order in which they were made: of what a path held, the first counts. */
export function foldNotes(notes: readonly TraceNote[]): Trace {
  const trace: Trace = {
    ...{ had: undefined, before: new Map(), sent: new Map(), touched: new Set() },
    ...{ isOverridden: false, isKnown: false, deleted: undefined, writes: 0, lastWriteMs: undefined, left: new Set() },
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
      for (const print of note.left ?? []) trace.left.add(print);
    }
  }
  return trace;
}

function foldWrite(trace: Trace, { mode, before, sent, clears = [] }: TraceNote & { is: "write" }): void {
  // Mode create is refused for one that exists.
  if (mode === "create" && before !== null) return;
  trace.had ??= before === null ? "absent" : "known";
  trace.isKnown = true;
  if (before !== null) fill(trace, { ...before });
  const cleared = Object.fromEntries(clears.map((field) => [field, null]));
  for (const [path, value] of fieldsOf({ ...sent, ...cleared })) {
    trace.sent.set(path, [...(trace.sent.get(path) ?? []), value]);
    trace.touched.add(path);
  }
  if (mode !== "override" || before === null) return;
  trace.isOverridden = true;
  for (const [path] of fieldsOf({ ...before })) trace.touched.add(path);
}

/** Takes what is not known of any path yet; gives all paths. */
function fill(trace: Trace, held: Readonly<Record<string, unknown>>): readonly string[] {
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

/** What a creating write leaves, and what is there once the waiting relations are written. */
export function printsOf({ entity, deferred }: Write, blueprint: Blueprint | undefined): string {
  if (blueprint === undefined) return "";
  const states = deferred === undefined ? [entity] : [entity, deferred.entity];
  return states.flatMap(({ body }) => printOf(body, blueprint) ?? []).join(" ");
}

/**
 * A fingerprint of all that can be written to an entity: that of what was sent for a new one equals that of what the catalog holds, as long as no value was changed. What the
 * API fills in by itself, a default or the identifier as the title, counts as given.
 *
 * @returns undefined where a search is in place of a name: what it finds is not known
 */
export function printOf(entity: EntityBody | FoundEntity, blueprint: Blueprint): string | undefined {
  const { hasTeam, properties, relations } = printedOf(blueprint);
  const { identifier, title, icon, team } = entity;
  const [values, targets] = [recordOf(entity.properties), recordOf(entity.relations)];
  const printed: unknown[] = [title === identifier ? null : (title ?? null), icon ?? null];
  for (const named of [...(hasTeam ? [team] : []), ...relations.map((key) => targets[key])]) {
    if (isSearchQuery(named)) return undefined;
    printed.push(named == null ? [] : plainNames(named));
  }
  for (const { key, property, isText } of properties) {
    const value = values[key] ?? (values[key] === null ? null : property.default);
    if (value === undefined || value === null) continue;
    printed.push(
      key,
      isText || typeof value === "number" || typeof value === "boolean" ? value : plainValue(value, property),
    );
  }
  return digestOf(JSON.stringify(printed));
}

/** What is printed of a blueprint's entities: made once, since a print is taken of each that an import creates. */
function printedOf(blueprint: Blueprint): PrintedFields {
  const known = printedFields.get(blueprint);
  if (known !== undefined) return known;
  const { head, properties, relations } = writableFields(blueprint);
  const fields = {
    hasTeam: head.includes("team"),
    relations,
    properties: properties.map((key) => {
      const property: Partial<Property> = blueprint.schema.properties[key] ?? {};
      return { key, property, isText: property.type === "string" && property.format !== "date-time" };
    }),
  };
  printedFields.set(blueprint, fields);
  return fields;
}

interface PrintedFields {
  readonly hasTeam: boolean;
  readonly properties: readonly {
    readonly key: string;
    readonly property: Partial<Property>;
    readonly isText: boolean;
  }[];
  readonly relations: readonly string[];
}

const printedFields = new WeakMap<Blueprint, PrintedFields>();

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Readonly<Record<string, unknown>>;
}

/** What an entity holds at a path. */
export function valueAt(entity: EntityBody | FoundEntity, path: string): unknown {
  const dot = path.indexOf(".");
  if (dot < 0) return entity[path as "title"];
  const values = recordOf(entity[path.slice(0, dot) as "properties"]);
  const key = path.slice(dot + 1);
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
