import {
  type Candidate,
  type ClearedField,
  type EntityBody,
  isSearchQuery,
  type Mode,
  type RelationValue,
} from "../entity.js";
import { didYouMean } from "../nearest.js";
import type { CompiledBlueprint } from "./compile-blueprint.js";
import type { EntityDiagnostics } from "./diagnostics.js";
import { typeIcon, typeIdentifier, typeTeam, typeTitle } from "./type-text.js";

/** A candidate, typed: what an upsert carries, and what must be cleared apart. */
export interface TypedEntity {
  readonly body: EntityBody;
  readonly clears: readonly ClearedField[];
}

/** How a candidate's fields are typed. */
export interface TypeOptions {
  readonly mode: Mode;
  readonly unknownProperties?: "refuse" | "warn";
}

const nothing: readonly ClearedField[] = [];

/**
 * Types a candidate's fields by its blueprint and reports every fault. The result is only worth sending when the diagnostics has no findings.
 *
 * A null title, icon or team is left out: in merge it is to be cleared apart, in override an absent one is empty, in create there is none yet.
 */
export function typeEntity(
  candidate: Candidate,
  blueprint: CompiledBlueprint,
  { mode, unknownProperties = "refuse" }: TypeOptions,
  diagnostics: EntityDiagnostics,
): TypedEntity {
  const { title, icon, team } = candidate.fields;
  diagnostics.at("identifier", candidate.fields.identifier);
  const identifier = typeIdentifier(candidate.fields.identifier, diagnostics) ?? "";
  const head: { title?: string; icon?: string; team?: NonNullable<EntityBody["team"]> } = {};
  if (title !== undefined && title !== null) {
    diagnostics.at("title", title);
    const typed = typeTitle(title, diagnostics);
    if (typed !== undefined) head.title = typed;
  }
  if (icon !== undefined && icon !== null) {
    diagnostics.at("icon", icon);
    const typed = typeIcon(icon, diagnostics);
    if (typed !== undefined) head.icon = typed;
  }
  if (team !== undefined && team !== null) {
    diagnostics.at("team", team);
    const typed = typeTeam(team, blueprint.team, diagnostics);
    if (typed !== undefined) head.team = typed;
  }
  const properties = typeProperties(candidate.fields.properties, blueprint, unknownProperties, diagnostics);
  const relations = typeRelations(candidate.fields.relations, blueprint, diagnostics);
  const clears =
    title === null || icon === null || team === null ? clearedFields(candidate, blueprint, mode, diagnostics) : nothing;
  return { body: { identifier, ...head, properties, relations }, clears };
}

function clearedFields(
  { fields }: Candidate,
  blueprint: CompiledBlueprint,
  mode: Mode,
  diagnostics: EntityDiagnostics,
): readonly ClearedField[] {
  const cleared = (["title", "icon", "team"] as const).filter((key) => fields[key] === null);
  for (const key of cleared) {
    diagnostics.at(key, null);
    if (key === "team" && blueprint.team === "inherited") typeTeam(null, blueprint.team, diagnostics);
    else if (mode !== "merge") continue;
    else if (isSearchQuery(fields.identifier))
      diagnostics.refuse(
        "title_invalid",
        "cannot be cleared where the identifier is a search: the API takes a name there",
      );
    else diagnostics.warn("cleared_apart", "an upsert takes no null here, so that each one costs a request of its own");
  }
  return mode === "merge" ? cleared : nothing;
}

function typeProperties(
  raw: Readonly<Record<string, unknown>>,
  blueprint: CompiledBlueprint,
  unknown: "refuse" | "warn",
  diagnostics: EntityDiagnostics,
): Record<string, unknown> {
  // A copy keeps the shape of the fields, so that no key is added.
  const typed: Record<string, unknown> = { ...raw };
  for (const key in raw) {
    const value = raw[key];
    if (value === undefined) continue;
    const field = blueprint.properties.get(key);
    diagnostics.at(field?.path ?? `properties.${key}`, value);
    if (field === undefined) {
      if (unknown === "refuse") refuseUnknownProperty(key, blueprint, diagnostics);
      else typed[key] = leftOut(key, value, blueprint, diagnostics);
    } else if (value !== null) {
      // As the blueprint was compiled: "42" is 42 for a number, or a finding.
      typed[key] = field.type(value, diagnostics);
    } else if (field.isRequired) diagnostics.refuse("required_missing", "is required, and its value is null");
  }
  for (const key of blueprint.mustBring.properties) {
    if (raw[key] !== undefined) continue;
    diagnostics.at(`properties.${key}`, undefined);
    diagnostics.refuse("required_missing", "is required, and has no value");
  }
  return typed;
}

const noRelations: Readonly<Record<string, RelationValue>> = Object.freeze({});

function typeRelations(
  raw: Readonly<Record<string, unknown>>,
  blueprint: CompiledBlueprint,
  diagnostics: EntityDiagnostics,
): Readonly<Record<string, RelationValue>> {
  const keys = Object.keys(raw);
  if (keys.length + blueprint.mustBring.relations.length === 0) return noRelations;
  const typed: Record<string, RelationValue> = {};
  for (const key of keys) {
    const value = raw[key];
    if (value === undefined) continue;
    const field = blueprint.relations.get(key);
    diagnostics.at(field?.path ?? `relations.${key}`, value);
    if (field === undefined) {
      const hint = didYouMean(key, blueprint.relations.keys());
      diagnostics.refuse("unknown_property", `the blueprint ${blueprint.identifier} has no such relation${hint}`);
      continue;
    }
    const targets = value === null ? null : field.type(value, diagnostics);
    if (targets === undefined) continue;
    if (targets === null && field.isRequired) diagnostics.refuse("required_missing", "is required, and has no target");
    else typed[key] = targets;
  }
  for (const key of blueprint.mustBring.relations) {
    if (raw[key] !== undefined) continue;
    diagnostics.at(`relations.${key}`, undefined);
    diagnostics.refuse("required_missing", "is required, and has no target");
  }
  return typed;
}

/** Port leaves it out as well, without a word. */
function leftOut(key: string, value: unknown, { identifier }: CompiledBlueprint, diagnostics: EntityDiagnostics): void {
  if (value === null) return;
  const message = `the blueprint ${identifier} has no property ${key}; entities are written without it, as Port writes them`;
  diagnostics.warn("unknown_property", message);
}

function refuseUnknownProperty(key: string, blueprint: CompiledBlueprint, diagnostics: EntityDiagnostics): void {
  const source = blueprint.calculated.get(key);
  diagnostics.refuse(
    "unknown_property",
    source === undefined
      ? `the blueprint ${blueprint.identifier} has no such property${didYouMean(key, blueprint.properties.keys())}`
      : `the blueprint ${blueprint.identifier} fills this property by ${source}; nothing may be written to it`,
  );
}
