import type { Blueprint } from "../blueprint.js";
import type { Issue } from "../errors.js";
import { didYouMean } from "../nearest.js";
import { calculatedBy } from "./read-only.js";

/** What a mapping writes to: a constant blueprint with the keys it maps. */
export interface MappedTarget {
  /** Dotted path of the entity's mappings, e.g. `resources.0.port.entity.mappings`. */
  readonly path: string;
  /** Line in the mapping file, from 1. */
  readonly line?: number;
  readonly blueprint: string;
  readonly properties: readonly string[];
  readonly relations: readonly string[];
}

/** Compares what a mapping writes to with the blueprints: unknown blueprints, properties and relations, with the nearest name, and properties that Port calculates. */
export function checkTargets(
  targets: readonly MappedTarget[],
  blueprints: ReadonlyMap<string, Blueprint>,
): readonly Issue[] {
  return targets.flatMap((target) => {
    const line = target.line === undefined ? {} : { line: target.line };
    const blueprint = blueprints.get(target.blueprint);
    if (blueprint === undefined) {
      const message = `there is no blueprint "${target.blueprint}"${didYouMean(target.blueprint, namedAlike(target.blueprint, blueprints.keys()))}`;
      return [{ path: `${target.path}.blueprint`, message, ...line }];
    }
    const issue = (path: string, message: string | undefined): Issue[] =>
      message === undefined ? [] : [{ path: `${target.path}.${path}`, message, ...line }];
    return [
      ...target.properties.flatMap((key) => issue(`properties.${key}`, propertyFault(key, blueprint))),
      ...target.relations.flatMap((key) => issue(`relations.${key}`, relationFault(key, blueprint))),
    ];
  });
}

function propertyFault(key: string, blueprint: Blueprint): string | undefined {
  const { properties } = blueprint.schema;
  if (Object.hasOwn(properties, key)) return undefined;
  const source = calculatedBy(blueprint).get(key);
  const name = `blueprint "${blueprint.identifier}"`;
  if (source !== undefined) return `${name} fills the property "${key}" by ${source}; nothing may be written to it`;
  if (Object.hasOwn(blueprint.relations ?? {}, key))
    return `${name} has "${key}" as a relation; map it under relations`;
  return `${name} has no property "${key}"${didYouMean(key, Object.keys(properties))}`;
}

function relationFault(key: string, blueprint: Blueprint): string | undefined {
  const relations = blueprint.relations ?? {};
  if (Object.hasOwn(relations, key)) return undefined;
  const name = `blueprint "${blueprint.identifier}"`;
  if (Object.hasOwn(blueprint.schema.properties, key)) {
    return `${name} has "${key}" as a property; map it under properties`;
  }
  return `${name} has no relation "${key}"${didYouMean(key, Object.keys(relations))}`;
}

/** Port's own blueprints begin with `_`; nobody who wrote a name without it meant one of them. */
function namedAlike(name: string, names: Iterable<string>): readonly string[] {
  return [...names].filter((each) => each.startsWith("_") === name.startsWith("_"));
}
