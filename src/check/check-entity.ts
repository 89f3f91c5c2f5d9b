import type { Candidate, EntityBody, RelationValue } from "../entity.js";
import type { CompiledBlueprint } from "./compile-blueprint.js";
import type { OpenHearing } from "./hearing.js";
import { didYouMean } from "./nearest.js";
import { typeIcon, typeIdentifier, typeTeam, typeTitle } from "./type-head.js";

/** Types a candidate's fields by its blueprint and tells every fault. The body is only worth sending when the hearing has no findings. */
export function typeEntity(candidate: Candidate, blueprint: CompiledBlueprint, hearing: OpenHearing): EntityBody {
  const { title, icon, team } = candidate.fields;
  hearing.turnTo("identifier", candidate.fields.identifier);
  const identifier = typeIdentifier(candidate.fields.identifier, hearing) ?? "";
  const head: { title?: string; icon?: string; team?: NonNullable<EntityBody["team"]> } = {};
  if (title !== undefined) {
    hearing.turnTo("title", title);
    const typed = typeTitle(title, hearing);
    if (typed !== undefined) head.title = typed;
  }
  if (icon !== undefined) {
    hearing.turnTo("icon", icon);
    const typed = typeIcon(icon, hearing);
    if (typed !== undefined) head.icon = typed;
  }
  if (team !== undefined) {
    hearing.turnTo("team", team);
    const typed = typeTeam(team, blueprint.team, hearing);
    if (typed !== undefined) head.team = typed;
  }
  const properties = typeProperties(candidate.fields.properties, blueprint, hearing);
  const relations = typeRelations(candidate.fields.relations, blueprint, hearing);
  return { identifier, ...head, properties, relations };
}

function typeProperties(
  raw: Readonly<Record<string, unknown>>,
  blueprint: CompiledBlueprint,
  hearing: OpenHearing,
): Record<string, unknown> {
  const typed: Record<string, unknown> = {};
  for (const key of Object.keys(raw)) {
    const value = raw[key];
    if (value === undefined) continue;
    const field = blueprint.properties.get(key);
    hearing.turnTo(field?.path ?? `properties.${key}`, value);
    if (field === undefined) refuseUnknownProperty(key, blueprint, hearing);
    else if (value !== null) typed[key] = field.type(value, hearing);
    else if (field.isRequired) hearing.refuse("required_missing", "is required, and its value is null");
    else typed[key] = null;
  }
  for (const key of blueprint.mustBring.properties) {
    if (raw[key] !== undefined) continue;
    hearing.turnTo(`properties.${key}`, undefined);
    hearing.refuse("required_missing", "is required, and has no value");
  }
  return typed;
}

function typeRelations(
  raw: Readonly<Record<string, unknown>>,
  blueprint: CompiledBlueprint,
  hearing: OpenHearing,
): Record<string, RelationValue> {
  const typed: Record<string, RelationValue> = {};
  for (const key of Object.keys(raw)) {
    const value = raw[key];
    if (value === undefined) continue;
    const field = blueprint.relations.get(key);
    hearing.turnTo(field?.path ?? `relations.${key}`, value);
    if (field === undefined) {
      const hint = didYouMean(key, blueprint.relations.keys());
      hearing.refuse("unknown_property", `the blueprint ${blueprint.identifier} has no such relation${hint}`);
      continue;
    }
    const targets = value === null ? null : field.type(value, hearing);
    if (targets === undefined) continue;
    if (targets === null && field.isRequired) hearing.refuse("required_missing", "is required, and has no target");
    else typed[key] = targets;
  }
  for (const key of blueprint.mustBring.relations) {
    if (raw[key] !== undefined) continue;
    hearing.turnTo(`relations.${key}`, undefined);
    hearing.refuse("required_missing", "is required, and has no target");
  }
  return typed;
}

function refuseUnknownProperty(key: string, blueprint: CompiledBlueprint, hearing: OpenHearing): void {
  const source = blueprint.calculated.get(key);
  hearing.refuse(
    "unknown_property",
    source === undefined
      ? `the blueprint ${blueprint.identifier} has no such property${didYouMean(key, blueprint.properties.keys())}`
      : `the blueprint ${blueprint.identifier} fills this property by ${source}; nothing may be written to it`,
  );
}
