import type { Blueprint } from "../blueprint.js";
import type { Mode } from "../entity.js";
import type { Typer } from "./diagnostics.js";
import { calculatedBy } from "./read-only.js";
import { type RelationTyper, relationTyper } from "./targets.js";
import { compileProperty } from "./type-property.js";
import { type TeamRule, teamRuleOf } from "./type-text.js";

/** A property or relation of a blueprint, ready to type values. */
export interface CompiledField<T> {
  readonly key: string;
  /** `properties.x` or `relations.y`. */
  readonly path: string;
  readonly isRequired: boolean;
  readonly type: T;
}

/** A blueprint compiled once, so that no record walks a schema. */
export interface CompiledBlueprint {
  readonly identifier: string;
  readonly properties: ReadonlyMap<string, CompiledField<Typer>>;
  readonly relations: ReadonlyMap<string, CompiledField<RelationTyper>>;
  /** Properties that Port calculates, each with what does it. */
  readonly calculated: ReadonlyMap<string, string>;
  readonly team: TeamRule;
  /** What an entity must bring, by the mode; none in merge, where the API checks the merged entity. */
  readonly mustBring: { readonly properties: readonly string[]; readonly relations: readonly string[] };
  /** Paths of the properties with a word that cannot be read here. */
  readonly unreadable: readonly string[];
}

/** Compiles a blueprint for a mode. A required property with a default may be absent: Port may fill it in. */
export function compileBlueprint(blueprint: Blueprint, mode: Mode): CompiledBlueprint {
  const required = new Set(blueprint.schema.required);
  const properties = new Map<string, CompiledField<Typer>>();
  const relations = new Map<string, CompiledField<RelationTyper>>();
  const unreadable: string[] = [];
  for (const [key, property] of Object.entries(blueprint.schema.properties)) {
    if (key === unusableKey) continue;
    const path = `properties.${key}`;
    const { type, isUnreadable } = compileProperty(property);
    if (isUnreadable) unreadable.push(path);
    properties.set(key, { key, path, isRequired: required.has(key), type });
  }
  for (const [key, relation] of Object.entries(blueprint.relations ?? {})) {
    if (key === unusableKey) continue;
    const isRequired = relation.required === true;
    relations.set(key, { key, path: `relations.${key}`, isRequired, type: relationTyper(relation.many === true) });
  }
  const hasDefault = (key: string) => blueprint.schema.properties[key]?.default !== undefined;
  return {
    identifier: blueprint.identifier,
    properties,
    relations,
    calculated: calculatedBy(blueprint),
    team: teamRuleOf(blueprint),
    mustBring: {
      properties: mode === "merge" ? [] : [...required].filter((key) => properties.has(key) && !hasDefault(key)),
      relations: mode === "merge" ? [] : [...relations.values()].filter((r) => r.isRequired).map((r) => r.key),
    },
    unreadable,
  };
}

/** Written as a key of an object literal it would set the object's prototype and vanish, so it counts as unknown. */
const unusableKey = "__proto__";
