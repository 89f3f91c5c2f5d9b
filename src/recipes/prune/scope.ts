import type { Blueprint, Blueprints } from "../../blueprint.js";
import type { Entity, FoundEntity } from "../../entity.js";
import { GuardError, UsageError } from "../../errors.js";
import type { Prune } from "../../map/mapping.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import type { StepPlan } from "../../order.js";
import type { Owning } from "../../plan/guards.js";
import { sameJson, sameValue } from "../../same-value.js";
import type { Inventory } from "../run/inventory.js";
import type { EntityStage } from "../stages/entities.js";
import type { WriteRules } from "../target/target.js";

/** What is owned. */
export interface OwnedScope {
  /** The blueprints of which something is. */
  readonly blueprints: readonly string[];
  /** The query that finds what is owned of a blueprint. */
  queryOf(blueprint: string): { readonly combinator: "or"; readonly rules: readonly unknown[] };
  /** Whether an entity of the catalog is owned, as it was fetched. */
  owns(blueprint: string, entity: FoundEntity): boolean;
}

/** What a prune looks at: what the mapping's resources own, in their order, and which of it the run met. */
export interface PruneScope extends OwnedScope {
  /** The same with what relates to others first: the order of writing, backwards. */
  readonly deletionOrder: readonly string[];
  /** Takes note of entities on their way to the comparison. */
  readonly watch: EntityStage;
  /** Entities named by a search. */
  searched(blueprint: string): number;
  /** The first entity that its resource does not own. */
  stranger(blueprint: string): string | undefined;
}

/** The scope of what a mapping owns. */
export function ownedScope(owning: readonly Owning[], blueprints: Blueprints): OwnedScope {
  return {
    blueprints: [...new Set(owning.map(({ blueprint }) => blueprint))],
    queryOf(blueprint) {
      const rules = owning.filter((one) => one.blueprint === blueprint).map(({ owns }) => ruleOf(owns));
      // No rules at all match everything.
      return { combinator: "or", rules: rules.includes(undefined) ? [] : distinct(rules) };
    },
    owns: (blueprint, entity) =>
      owning.some((one) => one.blueprint === blueprint && ownsFound(one.owns, entity, blueprints.get(blueprint))),
  };
}

/** What the resources of a mapping own. */
export function owningOf({ resources }: Pick<Inventory["mapping"], "resources">): readonly Owning[] {
  return resources.flatMap(({ blueprint, prune }) =>
    blueprint === undefined || prune === undefined ? [] : [{ blueprint, owns: prune }],
  );
}

/** Makes the scope of a prune. */
export function pruneScope({
  inventory: { mapping },
  plan,
  target,
}: {
  readonly inventory: Pick<Inventory, "mapping">;
  readonly plan: StepPlan;
  readonly target: { readonly rules: Pick<WriteRules, "blueprints"> };
}): PruneScope {
  const owned = ownedScope(owningOf(mapping), target.rules.blueprints);
  const searched = new Map<string, number>();
  const strangers = new Map<string, string>();
  return {
    ...owned,
    deletionOrder: [...owned.blueprints].sort((a, b) => plan.stepOf(b) - plan.stepOf(a)),
    async *watch(entities) {
      for await (const chunk of entities) {
        for (const entity of chunk) {
          const { blueprint, identifier } = entity.key;
          if (!entity.isNamed) searched.set(blueprint, (searched.get(blueprint) ?? 0) + 1);
          for (const { resource } of [entity, ...(entity.parts ?? [])]) {
            const prune = mapping.resources[resource]?.prune;
            if (prune !== undefined && !owns(prune, entity) && !strangers.has(blueprint))
              strangers.set(blueprint, identifier);
          }
        }
        yield chunk;
      }
    },
    searched: (blueprint) => searched.get(blueprint) ?? 0,
    stranger: (blueprint) => strangers.get(blueprint),
  };
}

/** Refuses a prune that may do damage, before anything is sent. @throws {UsageError | GuardError} */
export function refusePrune({ mapping }: Inventory, options: ResolvedRunOptions): void {
  if (options.stateDir === false)
    throw new UsageError("prune with stateDir: false: a prune keeps in the state folder what it may delete", {
      hint: "Name a folder that stays from one run to the next.",
    });
  if (options.limit !== undefined)
    throw new UsageError("--prune with --limit: what is beyond the limit would count as stale", {
      hint: "Leave one of them out.",
    });
  if (options.only.length > 0)
    throw new UsageError("--prune with --only: what is left out would count as stale", {
      hint: "Leave one of them out.",
    });
  const owning = mapping.resources.filter(({ prune }) => prune !== undefined);
  if (owning.length === 0)
    throw new GuardError(`--prune: ${mapping.file} does not say what it owns, so nothing may be deleted`, {
      hint: ownershipHint(mapping.resources),
    });
  const dynamic = owning.find(({ blueprint }) => blueprint === undefined);
  if (dynamic !== undefined)
    throw new GuardError(`--prune: the blueprint of resources.${dynamic.index} is an expression`, {
      hint: "Only a resource with a constant blueprint can own entities.",
    });
}

/** The lines that say what a mapping owns, and where they belong. */
function ownershipHint(resources: Inventory["mapping"]["resources"]): string {
  const named = resources.filter(({ blueprint }) => blueprint !== undefined);
  const [first] = named;
  if (first === undefined) return "Only a resource with a constant blueprint can own entities.";
  const where = `resources.${first.index} (kind ${first.kind})`;
  return `Where the mapping alone writes ${first.blueprint}, add this line to ${where}${named.length > 1 ? " and others" : ""}, beside its kind:
    prune: all
  Where others write it, too, say which are its own:
    prune: { where: { property: <property>, value: <value> } }`;
}

/** Refuses a property that a search cannot find entities by. @throws {GuardError} */
export function refuseScope({ mapping }: Inventory, catalog: Blueprints): void {
  for (const { prune, blueprint = "", index } of mapping.resources) {
    if (prune === undefined || prune === "all") continue;
    const definition = catalog.get(blueprint);
    const { property } = prune.where;
    if (definition?.schema.properties[property] === undefined && definition?.relations?.[property] === undefined)
      throw new GuardError(`--prune: ${blueprint} has no property or relation ${property} (resources.${index}.prune)`);
  }
}

function ruleOf(prune: Prune): object | undefined {
  return prune === "all" ? undefined : { property: prune.where.property, operator: "=", value: prune.where.value };
}

function owns(prune: Prune, { body }: Entity): boolean {
  if (prune === "all") return true;
  const { property, value } = prune.where;
  return sameJson(body.properties[property] ?? body.relations[property], value);
}

function ownsFound(prune: Prune, { properties, relations }: FoundEntity, definition?: Blueprint): boolean {
  if (prune === "all") return true;
  const { property, value } = prune.where;
  const isProperty = definition?.schema.properties[property] !== undefined;
  const held = fieldOf(isProperty ? properties : relations, property);
  return (
    sameValue(held, value, isProperty ? definition?.schema.properties[property] : undefined) ||
    (Array.isArray(held) && held.some((one) => sameJson(one, value)))
  );
}

function fieldOf(fields: unknown, key: string): unknown {
  if (typeof fields !== "object" || fields === null || !Object.hasOwn(fields, key)) return undefined;
  return (fields as Readonly<Record<string, unknown>>)[key];
}

function distinct(rules: readonly unknown[]): readonly unknown[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}
