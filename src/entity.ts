import type { Place, Span } from "./record.js";
import type { Finding, Reject } from "./reject.js";

/** How an entity meets one that exists. merge: given properties change; override: it becomes exactly what was sent; create: refused. */
export type Mode = "merge" | "override" | "create";

/** A search in place of an identifier. @source API reference, components `def-5`, `def-6` */
export interface SearchQuery {
  readonly combinator: "and" | "or";
  readonly rules: readonly unknown[];
}

/** An entity's fields as the expressions gave them: nothing typed yet. A field that is absent or undefined is not written. */
export interface RawFields {
  readonly identifier: unknown;
  readonly title?: unknown;
  readonly icon?: unknown;
  readonly team?: unknown;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly relations: Readonly<Record<string, unknown>>;
}

/** A record × a resource of its kind × an element of itemsToParse, mapped. */
export interface Candidate {
  readonly at: Place;
  readonly span?: Span;
  /** Index of the mapping's resource, from 0. */
  readonly resource: number;
  /** Index of the element of itemsToParse, from 0; 0 without it. */
  readonly item: number;
  readonly blueprint: string;
  readonly fields: RawFields;
}

/** An entity's body as the API takes it. @source API reference, "Create an entity" */
export interface EntityBody {
  readonly identifier: string | SearchQuery;
  readonly title?: string | null;
  readonly icon?: string | null;
  readonly team?: string | readonly string[] | SearchQuery | null;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly relations: Readonly<Record<string, RelationValue>>;
}

/** What a relation may hold. */
export type RelationValue = string | readonly string[] | SearchQuery | null;

/** An entity's name within the catalog. */
export interface Key {
  readonly blueprint: string;
  readonly identifier: string;
}

/** What an {@link Entity} is made of. */
export interface EntityParts {
  readonly at: Place;
  readonly span?: Span | undefined;
  readonly resource: number;
  readonly item: number;
  readonly key: Key;
  /** The body as JSON. */
  readonly json: string;
  /** Length of `json` in UTF-8; counted where it is left out. */
  readonly bytes?: number | undefined;
  /** The body's relations. */
  readonly relations: EntityBody["relations"];
  /** What is cleared apart once the entity is written: an upsert takes no null there. Mode merge only. @source API reference, "Update an entity" (PATCH) */
  readonly clears?: readonly ClearedField[] | undefined;
  /** What the catalog held in every field that a write of this entity may change, null where it had no such entity; undefined where that was not looked up. */
  readonly before?: EntityBody | null | undefined;
  /** How it meets one that exists, where that differs from its run. */
  readonly mode?: Mode | undefined;
  /** Why it counts as rejected although it is written: without the relations whose targets are missing. */
  readonly rejected?: Finding | undefined;
  /** What else fields of it came from, where entities of one key became one: those count as duplicates, and are rejected with it. */
  readonly parts?: readonly EntityPart[] | undefined;
}

/** Where a part of an entity came from. */
export interface EntityPart {
  readonly at: Place;
  readonly span?: Span | undefined;
  readonly resource: number;
  readonly item: number;
}

/**
 * An entity ready to send: typed, checked, serialised once. It holds its text in place of its values: thousands wait for their reply at once, and an object
 * of twenty properties costs the garbage collector many times what a text does.
 */
export class Entity implements EntityParts {
  readonly at: Place;
  readonly span: Span | undefined;
  readonly resource: number;
  readonly item: number;
  readonly key: Key;
  readonly json: string;
  readonly bytes: number;
  readonly relations: EntityBody["relations"];
  readonly clears: readonly ClearedField[] | undefined;
  readonly before: EntityBody | null | undefined;
  readonly mode: Mode | undefined;
  readonly rejected: Finding | undefined;
  readonly parts: readonly EntityPart[] | undefined;

  constructor(parts: EntityParts) {
    this.at = parts.at;
    this.span = parts.span;
    this.resource = parts.resource;
    this.item = parts.item;
    this.key = parts.key;
    this.json = parts.json;
    this.bytes = parts.bytes ?? Buffer.byteLength(parts.json);
    this.relations = parts.relations;
    this.clears = parts.clears;
    this.before = parts.before;
    this.mode = parts.mode;
    this.rejected = parts.rejected;
    this.parts = parts.parts;
  }

  /** The values, read from the text at each call. */
  get body(): EntityBody {
    return JSON.parse(this.json) as EntityBody;
  }

  /** False where a search is in place of the identifier. */
  get isNamed(): boolean {
    // No identifier holds a brace; the key of a search is its JSON.
    return this.key.identifier.charCodeAt(0) !== 0x7b;
  }

  /** The same entity with some parts changed. */
  with(parts: Partial<EntityParts>): Entity {
    return new Entity({ ...this, ...parts });
  }

  /** The same entity with another body. */
  withBody(body: EntityBody): Entity {
    return this.with({ json: JSON.stringify(body), bytes: undefined, relations: body.relations });
  }
}

/** The key of an entity with that identifier. A search is keyed like the entity it finds, so equal searches share a key. */
export function keyOf(blueprint: string, identifier: EntityBody["identifier"]): Key {
  return { blueprint, identifier: typeof identifier === "string" ? identifier : JSON.stringify(identifier) };
}

/** A field that only a PATCH clears. */
export type ClearedField = "title" | "icon" | "team";

/** One entity in one request. */
export interface Write {
  readonly entity: Entity;
  readonly mode: Mode;
  /** What this write leaves out, to be sent in a later one: the whole entity, and the keys of the relations that wait. */
  readonly deferred?: { readonly entity: Entity; readonly waiting: readonly string[] };
}

/** The entities of one request: at most 20, at most 1 MiB, no key twice. */
export interface Batch {
  readonly blueprint: string;
  readonly mode: Mode;
  readonly writes: readonly Write[];
  readonly bytes: number;
}

/** An entity as the catalog gives it; which fields it has depends on what was asked for. */
export interface FoundEntity {
  readonly identifier: string;
  readonly [field: string]: unknown;
}

/** A key as one text, for sets and maps. */
export function keyText(blueprint: string, identifier: string): string {
  return `${blueprint}\0${identifier}`;
}

/** True for a search query in place of an identifier. */
export function isSearchQuery(value: unknown): value is SearchQuery {
  return typeof value === "object" && value !== null && !Array.isArray(value) && "combinator" in value;
}

/** True for a search that looks for null in one of its rules: no entity is meant by it. */
export function searchesNull(value: unknown): boolean {
  if (!isSearchQuery(value) || !Array.isArray(value.rules)) return false;
  return value.rules.some(
    (rule: unknown) =>
      searchesNull(rule) || (typeof rule === "object" && rule !== null && "value" in rule && rule.value === null),
  );
}

/** Identifiers that a relation's value names; a search names none. */
export function targetsOf(value: RelationValue | undefined): readonly string[] {
  if (value === undefined || value === null || isSearchQuery(value)) return [];
  return typeof value === "string" ? [value] : (value as readonly string[]);
}

/** Where an entity came from and which one it is, as its reject says. */
export function originOf(entity: Entity): Omit<Reject, "code" | "message" | "stage"> {
  const { at, span, resource, item, key, parts } = entity;
  const { blueprint, identifier } = key;
  return { at, ...(span && { span }), resource, item, blueprint, identifier, ...(parts && { parts }) };
}
