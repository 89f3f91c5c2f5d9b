import type { Blueprint } from "../blueprint.js";
import { isSearchQuery, type RelationValue } from "../entity.js";
import type { Issue } from "../errors.js";
import { didYouMean } from "../nearest.js";
import { identifierFault } from "./constraints.js";
import { appendFix, type Diagnostics, listFix } from "./diagnostics.js";
import { kindOf, searchQueryFault } from "./type-text.js";

/** What a mapping writes to: a constant blueprint with the keys it maps. */
export interface MappedTarget {
  /** Dotted path of the entity's mappings, e.g. `resources.0.port.entity.mappings`. */
  readonly path: string;
  /** Lines of the mapping file, from 1, by the dotted paths of its leaves. */
  readonly lines?: ReadonlyMap<string, number>;
  readonly blueprint: string;
  readonly properties: readonly string[];
  readonly relations: readonly string[];
  /** The property that says what the resource owns, for `--prune`; it must be there in any case. */
  readonly owns?: string;
}

/**
 * Compares what a mapping writes to with the blueprints: unknown blueprints, properties and relations, with the nearest name, and properties that Port calculates.
 *
 * @param whereMissing - what to do about a blueprint that is not there
 */
export function checkTargets(
  targets: readonly MappedTarget[],
  blueprints: ReadonlyMap<string, Blueprint>,
  unknownProperties: "refuse" | "warn" = "refuse",
  whereMissing?: string,
): readonly Issue[] {
  return targets.flatMap((target) => {
    const at = (path: string): Pick<Issue, "path" | "line"> => {
      const line = target.lines?.get(path);
      return { path, ...(line !== undefined && { line }) };
    };
    const blueprint = blueprints.get(target.blueprint);
    if (blueprint === undefined) {
      const meant = didYouMean(target.blueprint, namedAlike(target.blueprint, blueprints.keys()));
      const fix = whereMissing === undefined ? "" : `${meant === "" ? "; " : " If not, "}${whereMissing}`;
      return [
        { ...at(`${target.path}.blueprint`), message: `there is no blueprint "${target.blueprint}"${meant}${fix}` },
      ];
    }
    const issue = (path: string, message: string | undefined): Issue[] =>
      message === undefined ? [] : [{ ...at(`${target.path}.${path}`), message }];
    return [
      ...target.properties
        .filter((key) => unknownProperties === "refuse" || target.owns === key)
        .flatMap((key) => issue(`properties.${key}`, propertyFault(key, blueprint))),
      ...target.relations.flatMap((key) => issue(`relations.${key}`, relationFault(key, blueprint))),
    ];
  });
}

function propertyFault(key: string, blueprint: Blueprint): string | undefined {
  const { properties } = blueprint.schema;
  if (Object.hasOwn(properties, key)) return undefined;
  const source = calculatedBy(blueprint).get(key);
  const name = `blueprint "${blueprint.identifier}"`;
  if (source !== undefined)
    return `${name} fills the property "${key}" by ${source}; nothing may be written to it; take it out of the mapping, ${orLeaveOut}`;
  if (Object.hasOwn(blueprint.relations ?? {}, key))
    return `${name} has "${key}" as a relation; map it under relations`;
  const meant = didYouMean(key, Object.keys(properties));
  return `${name} has no property "${key}"${meant}${meant === "" ? "; add" : " Else add"} it to the blueprint, ${orLeaveOut}`;
}

/** The mapping option that writes without such properties. */
export const leaveOut = "`unknownProperties: warn`";
const orLeaveOut = `or write without it, as Port does: ${leaveOut} at the root of the mapping`;

function relationFault(key: string, blueprint: Blueprint): string | undefined {
  const relations = blueprint.relations ?? {};
  if (Object.hasOwn(relations, key)) return undefined;
  const name = `blueprint "${blueprint.identifier}"`;
  if (Object.hasOwn(blueprint.schema.properties, key)) {
    return `${name} has "${key}" as a property; map it under properties`;
  }
  return `${name} has no relation "${key}"${didYouMean(key, Object.keys(relations))}`;
}

/** Port's own blueprints begin with `_`; a name without it means none of them. */
function namedAlike(name: string, names: Iterable<string>): readonly string[] {
  return [...names].filter((each) => each.startsWith("_") === name.startsWith("_"));
}

/** Types a relation's value: identifiers stay to the letter. Null and absent never reach it. */
export type RelationTyper = (value: unknown, diagnostics: Diagnostics) => RelationValue | undefined;

/**
 * Makes the typer of a relation. A relation to many takes a list, the JSON text of one, or a lone identifier, which becomes a list of one. A
 * relation to one takes an identifier or a list of one; an empty list means no target: null. Both take a search query.
 */
export function relationTyper(many: boolean): RelationTyper {
  return (value, diagnostics) => {
    if (isSearchQuery(value)) {
      const fault = searchQueryFault({ ...value });
      return fault === undefined ? value : diagnostics.refuse("relation_invalid", fault);
    }
    const targets = targetsOf(value);
    for (const target of targets) {
      const fault = targetFault(target, many);
      if (fault !== undefined) return diagnostics.refuse("relation_invalid", fault);
    }
    // A target that is named twice is one target, however the API would keep it.
    if (many) return [...new Set(targets)] as readonly string[];
    if (targets.length <= 1) return (targets[0] as string | undefined) ?? null;
    return diagnostics.refuse("relation_invalid", `gives ${targets.length} targets, and this relation has one at most`);
  };
}

/** No identifier holds a bracket, so text that opens with one can only be a list. */
function targetsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string" || !value.startsWith("[")) return [value];
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed : [value];
  } catch {
    return [value];
  }
}

function targetFault(target: unknown, many: boolean): string | undefined {
  if (typeof target === "string") {
    const fault = identifierFault(target);
    if (fault === undefined) return undefined;
    // A list in one text is not an identifier with a comma.
    if (many && /[,;|]/.test(target)) return `names several targets in one text${listFix(target)}`;
    return `names a target whose identifier ${fault}`;
  }
  if (typeof target === "number")
    return `names a target by a number${appendFix(many ? 'if type == "array" then map(tostring) else tostring end' : "tostring")}`;
  return `expects an identifier${many ? " or a list of them" : ""}, got ${kindOf(target)}`;
}

/** Blueprints whose entities only Port writes. @source Port's own CLI, which leaves them out of an import; API reply `protected_resource` */
export const writtenByPort: ReadonlySet<string> = new Set(["_rule_result"]);

/** Gives the properties that Port fills itself, each with what does it. Nothing may write to them. @source API reference, "Create a blueprint" */
export function calculatedBy(blueprint: Blueprint): ReadonlyMap<string, string> {
  const kinds = [
    [blueprint.calculationProperties, "a calculation"],
    [blueprint.mirrorProperties, "a mirror"],
    [blueprint.aggregationProperties, "an aggregation"],
  ] as const;
  return new Map(kinds.flatMap(([keys, kind]) => Object.keys(keys ?? {}).map((key) => [key, kind] as const)));
}
