import type { Ajv, ValidateFunction } from "ajv";
import type { Blueprint } from "../blueprint.js";
import type { Credentials } from "../secrets.js";
import type { Readings } from "./emulator-options.js";

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

/** An entity with its shelf. */
export type ShelvedEntity = readonly [Shelf, StoredEntity];

/** What a relation asks of its values. */
export interface RelationRule {
  readonly target: string;
  readonly required: boolean;
  readonly many: boolean;
}

/** A mirror property's path: relations, then a property or a meta-property such as `$title`. */
export interface MirrorRule {
  readonly relations: readonly string[];
  readonly last: string;
}

/** An aggregation property as its blueprint defines it. */
export interface AggregationRule {
  readonly target: string;
  readonly calculationSpec: Readonly<Record<string, unknown>>;
  readonly query?: unknown;
  readonly pathFilter?: readonly { readonly fromBlueprint?: string; readonly path?: readonly string[] }[];
}

/** A blueprint compiled once per version: everything that a write asks of it. */
export interface Rules {
  /** Checks properties without nulls; unknown keys are its business only under the reading `reject`. */
  readonly check: ValidateFunction;
  readonly properties: ReadonlySet<string>;
  /** Mirror, calculation and aggregation properties: never written. */
  readonly readOnly: ReadonlySet<string>;
  readonly mirrors: ReadonlyMap<string, MirrorRule>;
  /** jq expressions. */
  readonly calculations: ReadonlyMap<string, string>;
  readonly aggregations: ReadonlyMap<string, AggregationRule>;
  readonly defaults: readonly (readonly [key: string, value: unknown])[];
  readonly relations: ReadonlyMap<string, RelationRule>;
  readonly requiredRelations: readonly string[];
  readonly ownership: "Direct" | "Inherited" | undefined;
  /** Relations that lead to the entities whose teams are inherited. */
  readonly ownershipPath: readonly string[] | undefined;
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
  /** Its result, once it has ended, perhaps long before that is reported. */
  end: MigrationEnd | undefined;
  /** Does the work and reports its result. */
  readonly finish: () => MigrationEnd;
}

/** How a migration ended, and how many entities it deleted. */
export interface MigrationEnd {
  readonly status: Readings["migrationEnds"];
  readonly deleted: number;
}

/** What is kept and given back, and nothing else done with. */
export type Document = Readonly<Record<string, unknown>>;

/** Kinds of documents. Scorecards and permissions are named by their blueprint or action too: `service/readiness`. */
export type DocumentKind = "integration" | "scorecard" | "page" | "folder" | "permissions" | "cursor";

/** All that the emulator keeps. */
export interface Catalog {
  readonly shelves: Map<string, Shelf>;
  readonly migrations: Map<string, Migration>;
  readonly actions: Map<string, Action>;
  readonly runs: Map<string, ActionRun>;
  /** By kind and name. */
  readonly documents: Readonly<Record<DocumentKind, Map<string, Document>>>;
  /** The organization's name and settings. */
  organization: Document;
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

/** What was done to an entity. */
export type Deed = "CREATE" | "UPDATE" | "DELETE";

/** One write that succeeded. */
export interface Audit {
  readonly number: number;
  readonly deed: Deed;
  readonly blueprint: string;
  readonly entity: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by: string;
  readonly runId: string | null;
}

/** The last writes, and all that were made in the name of a run. */
export interface AuditLog {
  readonly record: (deed: Deed, blueprint: string, entity: string, at: number, writer: Writer) => void;
  /** Newest first. */
  readonly read: (runId: string | undefined) => readonly Audit[];
}

/** Credentials of a service account, and the entity of `_user` that they came with. */
export interface ServiceAccount extends Credentials {
  readonly user: StoredEntity;
}

/** A self-service action, as it was posted. The emulator runs nothing: whoever starts a run reports its end. */
export interface Action {
  readonly identifier: string;
  readonly title?: string;
  readonly trigger?: { readonly blueprintIdentifier?: string };
  readonly [word: string]: unknown;
}

/** How a run ended. */
export type ActionRunEnding = "SUCCESS" | "FAILURE";

/** A run of an action. Times are milliseconds since 1970. */
export interface ActionRun {
  readonly id: string;
  readonly action: Action;
  readonly blueprint: string | null;
  readonly entity: string | null;
  readonly properties: object;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly logs: RunLog[];
  status: "IN_PROGRESS" | ActionRunEnding;
  updatedAt: number;
  endedAt: number | null;
  statusLabel: string | null;
  link: readonly string[];
  summary: string | null;
  externalRunId: string | null;
}

/** One line that a run reported. */
export interface RunLog {
  readonly id: string;
  readonly message: string;
  readonly at: number;
  readonly by: string;
}

/** True when an entity matches. */
export type Test = (entity: StoredEntity, shelf: Shelf) => boolean;

/** A search, compiled once per request. */
export interface Query {
  readonly test: Test;
  /** When given, no entity with another identifier can match: a look-up takes the place of a scan. */
  readonly identifiers?: readonly string[];
  /** When given, no entity of another blueprint can match. */
  readonly blueprints?: readonly string[];
}

/** True for a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
