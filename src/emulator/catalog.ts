import type { Ajv } from "ajv";
import type { Blueprint } from "../blueprint.js";
import type { AuditLog } from "./audit.js";
import type { Readings } from "./readings.js";
import type { Rules } from "./rules.js";
import type { Action, Run } from "./runs.js";
import type { ServiceAccount } from "./service-accounts.js";

/** What a relation of a stored entity holds. */
export type Targets = string | readonly string[] | null;

/** An entity as the emulator keeps it. Properties and relations are replaced whole, never changed in place. */
export interface StoredEntity {
  /** Ordinal of its creation in the whole catalog: the order of lists and the ground of search cursors. */
  readonly id: number;
  identifier: string;
  title: string | null;
  icon: string | null;
  team: readonly string[];
  properties: Readonly<Record<string, unknown>>;
  relations: Readonly<Record<string, Targets>>;
  /** Milliseconds since 1970, as are all times here. */
  readonly createdAt: number;
  updatedAt: number;
  readonly createdBy: string;
  updatedBy: string;
  /** User-Agent of the last writer. */
  datasource: string | null;
  /** How often it was written, its creation included. */
  writes: number;
  deleted: boolean;
}

/** A blueprint as its replies show it. */
export interface StoredBlueprint extends Blueprint {
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly createdBy: string;
  readonly updatedBy: string;
}

/** Target identifier → entities that name it in one relation. */
export type ReferrerIndex = Map<string, Set<StoredEntity>>;

/** A blueprint with its entities. */
export interface Shelf {
  blueprint: StoredBlueprint;
  rules: Rules;
  readonly entities: Map<string, StoredEntity>;
  /** All entities by ascending id, with deleted ones among them until {@link removeEntity} tidies up. */
  order: StoredEntity[];
  /** By relation; built when first asked for, kept up to date from then on. */
  readonly referrers: Map<string, ReferrerIndex>;
}

/** An asynchronous deletion of all entities. Its time is how often it was asked after. */
export interface Migration {
  readonly id: string;
  readonly actor: string;
  readonly blueprint: string;
  readonly deleteBlueprint: boolean;
  /** How many entities there were when it started. */
  readonly count: number;
  /** How often it will still be reported as running. */
  polls: number;
  /** What it came to, once it has ended, as it may have long before it is reported. */
  end: MigrationEnd | undefined;
  /** Does the work and tells what that came to. */
  readonly finish: () => MigrationEnd;
}

/** How a migration ended, and how many entities it deleted. */
export interface MigrationEnd {
  readonly status: Readings["migrationEnds"];
  readonly deleted: number;
}

/** All that the emulator keeps. */
export interface Catalog {
  readonly shelves: Map<string, Shelf>;
  readonly migrations: Map<string, Migration>;
  readonly actions: Map<string, Action>;
  readonly runs: Map<string, Run>;
  /** By client id. */
  readonly serviceAccounts: Map<string, ServiceAccount>;
  readonly audits: AuditLog;
  readonly readings: Readings;
  readonly ajv: Ajv;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Who asks, where a search wants to know. */
  readonly clientId: string;
  /** Id of the next entity. */
  nextId: number;
}

/** Who writes. */
export interface Writer {
  readonly by: string;
  readonly datasource: string | null;
  /** Run of an action in whose name it is written. */
  readonly runId?: string;
}

/** Puts a new entity on its shelf. */
export function addEntity(shelf: Shelf, entity: StoredEntity): void {
  shelf.entities.set(entity.identifier, entity);
  shelf.order.push(entity);
  for (const [relation, index] of shelf.referrers) refer(index, entity, heldBy(entity, relation));
}

/** Takes an entity from its shelf. */
export function removeEntity(shelf: Shelf, entity: StoredEntity): void {
  shelf.entities.delete(entity.identifier);
  entity.deleted = true;
  for (const [relation, index] of shelf.referrers) unrefer(index, entity, heldBy(entity, relation));
  if (shelf.order.length > 64 && shelf.order.length > shelf.entities.size * 2) {
    shelf.order = shelf.order.filter((kept) => !kept.deleted);
  }
}

/** Gives a stored entity other relations. */
export function replaceRelations(shelf: Shelf, entity: StoredEntity, relations: StoredEntity["relations"]): void {
  for (const [relation, index] of shelf.referrers) {
    unrefer(index, entity, heldBy(entity, relation));
    refer(index, entity, Object.hasOwn(relations, relation) ? relations[relation] : null);
  }
  entity.relations = relations;
}

/** Gives the entities of a shelf that name `target` in `relation`. */
export function referrersOf(shelf: Shelf, relation: string, target: string): ReadonlySet<StoredEntity> | undefined {
  let index = shelf.referrers.get(relation);
  if (index === undefined) {
    index = new Map();
    for (const entity of shelf.entities.values()) refer(index, entity, heldBy(entity, relation));
    shelf.referrers.set(relation, index);
  }
  return index.get(target);
}

/** Gives what an entity holds in a relation; a relation may have the name of an inherited member, so it asks for own ones. */
export function heldBy(entity: StoredEntity, relation: string): Targets {
  return Object.hasOwn(entity.relations, relation) ? (entity.relations[relation] ?? null) : null;
}

/** Gives what a relation holds as a list. */
export function targetsOf(targets: Targets | undefined): readonly string[] {
  if (targets === null || targets === undefined) return [];
  return typeof targets === "string" ? [targets] : targets;
}

function refer(index: ReferrerIndex, entity: StoredEntity, targets: Targets | undefined): void {
  for (const target of targetsOf(targets)) {
    const known = index.get(target);
    if (known === undefined) index.set(target, new Set([entity]));
    else known.add(entity);
  }
}

function unrefer(index: ReferrerIndex, entity: StoredEntity, targets: Targets | undefined): void {
  for (const target of targetsOf(targets)) {
    const known = index.get(target);
    known?.delete(entity);
    if (known?.size === 0) index.delete(target);
  }
}
