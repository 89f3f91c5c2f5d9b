import type { BulkFlags } from "../../api/bulk.js";
import type { Client } from "../../api/client.js";
import type { DeletionReply, EntityReply } from "../../api/entity-calls.js";
import type { SearchCalls } from "../../api/search.js";
import type { Blueprint } from "../../blueprint.js";
import type { ClearedField, Entity, FoundEntity, Key, Mode } from "../../entity.js";
import type { MissingTargetPolicy } from "../../map/mapping.js";
import type { Reply } from "../../reply.js";
import type { MappedFields } from "../../settle/compare.js";
import type { Verdict } from "../../verdict.js";

/** What a run's mapping and options say of how its entities meet the catalog. */
export interface WriteRules {
  /** By identifier. */
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  /** How an entity meets one that exists, unless it says otherwise itself. */
  readonly mode: Mode;
  /** Whether an entity that the catalog lacks is rejected. */
  readonly updateOnly: boolean;
  /** Whether the API makes missing relation targets itself. */
  readonly createMissing: boolean;
  /** Whether what depends on a deleted entity is deleted, too. */
  readonly deleteDependents: boolean;
  /** What happens to an entity's relation whose target is missing; undefined where the mapping says nothing. */
  onMissingTarget(entity: Pick<Entity, "resource">, relation: string): MissingTargetPolicy | undefined;
  /** Whether any relation says `create`. */
  readonly makesTargets: boolean;
  /** Relations of a blueprint that may wait for their target, since it may come in the same or a later step. */
  deferrable(blueprint: string): readonly string[];
  /** The same, with those that are required. */
  awaited(blueprint: string): readonly string[];
  /** Whether the run may write entities of a blueprint. */
  isWritten(blueprint: string): boolean;
  /** The fields that the run's entities of a blueprint may bring. */
  fieldsOf(blueprint: string): MappedFields;
}

/**
 * Where entities are written: the API, a forecast of it (plan), or its validation (dry run).
 *
 * Every function throws where the API cannot be used.
 */
export interface Target {
  readonly rules: WriteRules;
  /** True where nothing is written: what is created is not in the catalog. */
  readonly isForecast: boolean;
  /** Receives a chunk of entities that will be written, so that what is needed of them can be looked up at once. */
  foresee(entities: readonly Entity[]): Promise<void>;
  /** The identifiers that exist, of those asked for. */
  existing(blueprint: string, identifiers: readonly string[]): Promise<ReadonlySet<string>>;
  /** The entities that exist, of those asked for, by identifier; `include` names what is fetched of each, all by default. */
  lookUp(
    blueprint: string,
    identifiers: readonly string[],
    include?: readonly string[],
  ): Promise<ReadonlyMap<string, FoundEntity>>;
  readonly search: SearchCalls["search"];
  /** All pages of a search. */
  readonly pages: SearchCalls["pages"];
  count(blueprint: string): Promise<number>;
  /** All blueprints of the catalog, those that the run does not write among them. */
  listBlueprints(): Promise<readonly Blueprint[]>;
  /** The server's clock, milliseconds since the epoch, never later than the truth; undefined until a reply says it. */
  serverNow(): number | undefined;
  /** Writes entities of one blueprint, given as JSON text: at most 20, together under 1 MiB. */
  upsert(
    blueprint: string,
    items: readonly string[],
    flags: Omit<BulkFlags, "runId">,
  ): Promise<Reply<readonly Verdict[]>>;
  /** Empties fields of an entity that exists, which an upsert cannot. */
  clear(key: Key, fields: readonly ClearedField[]): Promise<EntityReply>;
  /** Deletes at most 100 entities of one blueprint, all or none of them. */
  delete(blueprint: string, identifiers: readonly string[]): Promise<DeletionReply>;
}

/**
 * The API as a target.
 *
 * @param runId - action run that writes are recorded under
 * @param onFailure - called when a call fails: nothing more can be done then, so that reading may end
 */
export function apiTarget(
  client: Client,
  rules: WriteRules,
  { runId, onFailure }: { readonly runId?: string | undefined; readonly onFailure: () => void },
): Target {
  const run = runId === undefined ? {} : { runId };
  async function sure<T>(reply: Promise<T>): Promise<T> {
    try {
      return await reply;
    } catch (error) {
      onFailure();
      throw error;
    }
  }
  return {
    rules,
    isForecast: false,
    foresee: async () => undefined,
    existing: (blueprint, identifiers) => sure(client.existing(blueprint, identifiers)),
    lookUp: (blueprint, identifiers, include) => sure(client.lookUp(blueprint, identifiers, include)),
    search: (blueprint, request) => sure(client.search(blueprint, request)),
    pages: client.pages,
    count: (blueprint) => sure(client.countEntities(blueprint)),
    listBlueprints: () => sure(client.listBlueprints()),
    serverNow: client.serverNow,
    upsert: (blueprint, items, flags) => sure(client.upsertBulk(blueprint, items, { ...flags, ...run })),
    clear: ({ blueprint, identifier }, fields) =>
      sure(client.entity.patch(blueprint, identifier, Object.fromEntries(fields.map((field) => [field, null])), run)),
    delete: (blueprint, identifiers) =>
      sure(client.entity.deleteListed(blueprint, identifiers, { deleteDependents: rules.deleteDependents, ...run })),
  };
}
