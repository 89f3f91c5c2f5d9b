import type { Blueprint, Blueprints } from "../blueprint.js";
import { calculatedBy, checkTargets, leaveOut } from "../check/targets.js";
import { teamRuleOf } from "../check/type-text.js";
import type { Mapping, Resource } from "../map/mapping.js";
import { nearest } from "../nearest.js";
import type { ReportFinding } from "./codes.js";

/**
 * Compares what a mapping writes to with the blueprints: names that are unknown, what is required and not given, teams, targets of relations.
 *
 * @param right - paths of the leaves that compile
 */
export function lintTargets(
  mapping: Mapping,
  blueprints: Blueprints,
  right: ReadonlySet<string>,
  report: ReportFinding,
): void {
  const written = new Set(mapping.resources.map(({ blueprint }) => blueprint));
  const isDynamic = written.has(undefined);
  for (const resource of mapping.resources) {
    const path = `resources.${resource.index}.port.entity.mappings`;
    const { blueprint: name, properties, relations } = resource;
    if (name === undefined) {
      if (!right.has(`${path}.blueprint`)) continue;
      report(
        "blueprint_not_constant",
        `${path}.blueprint`,
        "the blueprint depends on the record, so that properties and relations cannot be checked",
        "give each blueprint a resource of its own with a selector, where that is possible",
      );
      continue;
    }
    reportNames(path, { path, blueprint: name, properties, relations }, mapping, blueprints, report);
    const blueprint = blueprints.get(name);
    if (blueprint === undefined) continue;
    reportRequired(path, resource, mapping, blueprint, report);
    reportTeam(path, resource, blueprint, report);
    for (const key of relations) {
      const target = blueprint.relations?.[key]?.target;
      if (target === undefined) continue;
      const at = `${path}.relations.${key}`;
      if (!blueprints.has(target) && !target.startsWith("_"))
        report(
          "relation_target_unknown",
          at,
          `its target is the blueprint "${target}", which is not among those given`,
          "give the folder all blueprints of the catalog",
        );
      else if (!written.has(target) && !isDynamic && !mapping.createMissingRelatedEntities)
        report(
          "relation_without_resource",
          at,
          `no resource of this mapping writes "${target}", so that its entities must be in the catalog before`,
          "import them first; an entity whose target is missing becomes a reject",
        );
    }
  }
}

function reportNames(
  path: string,
  target: Parameters<typeof checkTargets>[0][0],
  { unknownProperties }: Mapping,
  blueprints: Blueprints,
  report: ReportFinding,
): void {
  const blueprint = blueprints.get(target.blueprint);
  for (const issue of checkTargets([target], blueprints)) {
    const [group = "", ...rest] = issue.path.slice(path.length + 1).split(".");
    const key = rest.join(".");
    if (group === "blueprint") {
      const near = nearest(target.blueprint, blueprints.keys());
      report(
        "unknown_blueprint",
        issue.path,
        plain(issue.message),
        near === undefined ? `there are ${[...blueprints.keys()].join(", ")}` : `write '"${near}"'`,
      );
    } else if (group === "properties" && unknownProperties === "warn") {
      report(
        "property_left_out",
        issue.path,
        plain(issue.message),
        "take it out of the mapping, or add the property to the blueprint",
      );
    } else if (group === "properties" && calculatedBy(blueprint as Blueprint).has(key)) {
      report(
        "read_only_property",
        issue.path,
        plain(issue.message),
        `take it out of the mapping, or write ${leaveOut} at the root`,
      );
    } else {
      const isProperty = group === "properties";
      const own = Object.keys((isProperty ? blueprint?.schema.properties : blueprint?.relations) ?? {});
      const other = (isProperty ? blueprint?.relations : blueprint?.schema.properties) ?? {};
      const near = nearest(key, own);
      const fix = Object.hasOwn(other, key)
        ? `move it to ${isProperty ? "relations" : "properties"}`
        : near === undefined
          ? `take it out of the mapping, or add it to the blueprint; there are ${own.join(", ") || "none"}`
          : `write \`${near}\``;
      const orNot = isProperty ? `; or ${leaveOut} at the root, to write without it as Port does` : "";
      report(isProperty ? "unknown_property" : "unknown_relation", issue.path, plain(issue.message), fix + orNot);
    }
  }
}

/** A message without its hint, which the fix gives. */
function plain(message: string): string {
  return message.split("; ")[0] ?? message;
}

function reportRequired(
  path: string,
  resource: Resource,
  mapping: Mapping,
  blueprint: Blueprint,
  report: ReportFinding,
): void {
  const isOverride = mapping.enableMergeEntity === false;
  // In a merge several resources may fill an entity together.
  const resources = isOverride ? [resource] : mapping.resources.filter((each) => each.blueprint === resource.blueprint);
  if (!isOverride && resources[0] !== resource) return;
  const hasDefault = (key: string): boolean => blueprint.schema.properties[key]?.default !== undefined;
  const properties = (blueprint.schema.required ?? []).filter((key) => !hasDefault(key));
  const relations = Object.entries(blueprint.relations ?? {}).flatMap(([key, { required }]) => (required ? [key] : []));
  const missing = [
    ...properties
      .filter((key) => !resources.some((each) => each.properties.includes(key)))
      .map((key) => `properties.${key}`),
    ...relations
      .filter((key) => !resources.some((each) => each.relations.includes(key)))
      .map((key) => `relations.${key}`),
  ];
  for (const field of missing)
    report(
      isOverride ? "required_missing" : "required_unmapped",
      `${path}.${field.split(".")[0]}`,
      `${field} is required by blueprint "${blueprint.identifier}", and the mapping gives it no value${isOverride ? "" : "; Port refuses entities that do not exist yet"}`,
      `map ${field}`,
    );
}

function reportTeam(path: string, { entity }: Resource, blueprint: Blueprint, report: ReportFinding): void {
  if (entity.team === undefined) return;
  const rule = teamRuleOf(blueprint);
  const name = `blueprint "${blueprint.identifier}"`;
  if (rule === "inherited")
    report(
      "team_inherited",
      `${path}.team`,
      `${name} inherits its team through a relation, so that none may be given`,
      "take it out of the mapping",
    );
  if (rule === "none")
    report(
      "team_without_ownership",
      `${path}.team`,
      `${name} has no ownership, so that Port may ignore the team`,
      "give the blueprint direct ownership, or take it out of the mapping",
    );
}
