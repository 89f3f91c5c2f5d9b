import type { BulkFlags } from "../../api/bulk.js";
import type { Relation } from "../../blueprint.js";
import { type EntityBody, isSearchQuery, keyText, type RelationValue, targetsOf } from "../../entity.js";
import { createKeySet } from "../../settle/keys.js";
import type { Verdict } from "../../verdict.js";
import { groupBy } from "../stages/ahead.js";
import type { Target } from "./target.js";

/** An entity that the API could not check, because a relation that it requires points at what is only in this import. */
export interface Unchecked {
  readonly blueprint: string;
  readonly relation: string;
}

/**
 * A target that has the API check every write (`validation_only`) and writes nothing: what passed counts as being in the catalog from then on.
 *
 * An item refused only because its target passed in this very run is sent once more without that relation; where the relation is required it counts as
 * passed and is reported to `onUnchecked`. Missing targets are never made: where the import would have them made, they count as passed, too.
 *
 * @source API reference, "Create multiple entities": `validation_only`, `create_missing_related_entities`
 */
export function validatingTarget(api: Target, onUnchecked: (unchecked: Unchecked) => void): Target {
  const { blueprints, createMissing } = api.rules;
  const passed = createKeySet();
  /** Refused before for a missing target: sent without what has been checked since. */
  const waiting = createKeySet();
  const held = catalogMemory(api);
  const hasPassed = (blueprint: string, identifier: string): boolean => passed.find({ blueprint, identifier }) >= 0;
  const note = (keys: typeof passed, blueprint: string, identifier: EntityBody["identifier"]): void => {
    if (typeof identifier === "string") keys.add({ blueprint, identifier }, { source: 0, position: 0 }, 0);
  };

  /** What the API would do by the look-up; its own answer where it writes again what exists. */
  const forecast = (blueprint: string, { identifier }: EntityBody, { mode }: Omit<BulkFlags, "runId">): Verdict => {
    if (typeof identifier !== "string") return { is: "updated" };
    const exists = held.has(blueprint, identifier) || hasPassed(blueprint, identifier);
    if (exists && mode === "create")
      return { is: "refused", status: 409, error: "conflict", message: "the entity exists" };
    note(passed, blueprint, identifier);
    return { is: exists ? "updated" : "created" };
  };

  /** True for a target that only this import brings. */
  const comes = (target: string, identifier: string): boolean =>
    !held.has(target, identifier) && (hasPassed(target, identifier) || (createMissing && !target.startsWith("_")));

  async function look(blueprint: string, entities: readonly EntityBody[]): Promise<void> {
    await held.look(
      blueprint,
      entities.flatMap(({ identifier }) => (typeof identifier === "string" ? [identifier] : [])),
    );
    for (const [key, { target }] of relationsOf(blueprint))
      await held.look(
        target,
        entities.flatMap(({ relations }) => targetsOf(relations?.[key])),
      );
  }

  const relationsOf = (blueprint: string): [string, Relation][] =>
    Object.entries(blueprints.get(blueprint)?.relations ?? {});

  /** The entity without targets that only this import brings; what is required and lost by that. */
  function withoutComing(blueprint: string, entity: EntityBody): { readonly body: EntityBody; readonly lost?: string } {
    const relations: Record<string, RelationValue> = { ...entity.relations };
    let lost: string | undefined;
    for (const [key, { target, required }] of relationsOf(blueprint)) {
      const value = relations[key];
      const coming = targetsOf(value).filter((identifier) => comes(target, identifier));
      if (value === undefined || coming.length === 0) continue;
      const left = targetsOf(value).filter((identifier) => !coming.includes(identifier));
      if (left.length > 0) relations[key] = left;
      else delete relations[key];
      if (left.length === 0 && required) lost ??= key;
    }
    return { body: { ...entity, relations }, ...(lost !== undefined && { lost }) };
  }

  const isMissing = (blueprint: string, entity: EntityBody): boolean =>
    relationsOf(blueprint).some(([key, { target }]) =>
      targetsOf(entity.relations?.[key]).some(
        (identifier) => !held.has(target, identifier) && !comes(target, identifier),
      ),
    );

  const send = (blueprint: string, bodies: readonly EntityBody[], flags: Omit<BulkFlags, "runId">) =>
    api.upsert(
      blueprint,
      bodies.map((body) => JSON.stringify(body)),
      { ...flags, createMissing: false, validationOnly: true },
    );

  return {
    // Each by name: what writes must never reach the API from here.
    rules: api.rules,
    isForecast: true,
    lookUp: api.lookUp,
    search: api.search,
    pages: api.pages,
    count: api.count,
    listBlueprints: api.listBlueprints,
    serverNow: api.serverNow,
    async foresee(entities) {
      for (const [blueprint, group] of groupBy(entities, ({ key }) => key.blueprint))
        await held.look(
          blueprint,
          group.flatMap(({ body }) => (typeof body.identifier === "string" ? [body.identifier] : [])),
        );
    },
    async existing(blueprint, identifiers) {
      await held.look(
        blueprint,
        identifiers.filter((identifier) => !hasPassed(blueprint, identifier)),
      );
      return new Set(
        identifiers.filter((identifier) => hasPassed(blueprint, identifier) || held.has(blueprint, identifier)),
      );
    },
    async upsert(blueprint, items, flags) {
      const entities = items.map((item) => JSON.parse(item) as EntityBody);
      await look(blueprint, entities);
      const verdicts: (Verdict | undefined)[] = entities.map((entity) =>
        isOnlyRelations(entity) && hasPassed(blueprint, String(entity.identifier)) ? { is: "updated" } : undefined,
      );
      const unchecked = (index: number, lost: string): void => {
        verdicts[index] = forecast(blueprint, entities[index] as EntityBody, flags);
        onUnchecked({ blueprint, relation: lost });
      };
      let left = [...entities.entries()].filter(([index]) => verdicts[index] === undefined);
      // The first time as an import sends it, then without what has been checked since.
      for (const isAgain of [false, true]) {
        const bodies: [number, EntityBody][] = [];
        for (const [index, entity] of left) {
          const { identifier } = entity;
          const isKnown = typeof identifier === "string" && waiting.find({ blueprint, identifier }) >= 0;
          const { body, lost } = isAgain || isKnown ? withoutComing(blueprint, entity) : { body: entity };
          if (lost === undefined) bodies.push([index, body]);
          else unchecked(index, lost);
        }
        if (bodies.length === 0) break;
        const reply = await send(
          blueprint,
          bodies.map(([, body]) => body),
          flags,
        );
        if (reply.is !== "done") return reply;
        left = [];
        for (const [at, [index, body]] of bodies.entries()) {
          const verdict = reply.body[at] ?? { is: "unknown" };
          const entity = entities[index] as EntityBody;
          const isUnmet = verdict.is === "refused" && verdict.status === 404;
          verdicts[index] =
            verdict.is === "created" || verdict.is === "updated" ? forecast(blueprint, entity, flags) : verdict;
          if (!isUnmet) continue;
          if (
            !isAgain &&
            !isMissing(blueprint, entity) &&
            JSON.stringify(withoutComing(blueprint, entity).body) !== JSON.stringify(body)
          )
            left.push([index, entity]);
          else note(waiting, blueprint, entity.identifier);
        }
      }
      return { is: "done", status: 200, body: verdicts.map((verdict) => verdict ?? { is: "unknown" }) };
    },
    clear: async () => ({ is: "done", status: 200, body: {} }),
    delete: async (_, identifiers) => ({ is: "done", status: 200, body: { deletedEntities: identifiers } }),
  };
}

/** True for a second write, which brings the relations of an entity that passed without them. */
function isOnlyRelations({ identifier, properties, relations, ...rest }: EntityBody): boolean {
  return (
    !isSearchQuery(identifier) &&
    relations !== undefined &&
    properties !== undefined &&
    Object.keys(properties).length === 0 &&
    Object.keys(rest).length === 0
  );
}

/** What the catalog is known to hold, and to lack. */
interface CatalogMemory {
  /** Asks for what is not known yet, a thousand identifiers a request. */
  look(blueprint: string, identifiers: readonly string[]): Promise<void>;
  /** False for what was never looked for. */
  has(blueprint: string, identifier: string): boolean;
}

/** Most entities that are remembered. */
const maxRemembered = 100_000;

/** Remembers what the catalog holds, so that each entity is asked for once; the oldest are forgotten first. */
function catalogMemory(api: Pick<Target, "existing">): CatalogMemory {
  const known = new Map<string, boolean>();
  return {
    async look(blueprint, identifiers) {
      const unknown = [...new Set(identifiers)].filter((identifier) => !known.has(keyText(blueprint, identifier)));
      if (unknown.length === 0) return;
      const found = await api.existing(blueprint, unknown);
      for (const identifier of unknown) known.set(keyText(blueprint, identifier), found.has(identifier));
      for (const name of known.keys()) {
        if (known.size <= maxRemembered) break;
        known.delete(name);
      }
    },
    has: (blueprint, identifier) => known.get(keyText(blueprint, identifier)) === true,
  };
}
