import type { ValidateFunction } from "ajv";
import type { Blueprint, Relation } from "../blueprint.js";
import { aggregationFault, changeFault, dropLostKeys, pathFault, renameTargets } from "./blueprint-faults.js";
import { blueprintBodies } from "./blueprint-schema.js";
import { compileRules } from "./catalog.js";
import { describeFault, sharedAjv } from "./entity-schema.js";
import { type Catalog, isObject, type Rules, type Shelf, type StoredBlueprint, type Writer } from "./model.js";
import { blueprintNotFound, hasDependents, identifierTaken, invalidRequest, Refusal } from "./refusal.js";

/** Creates a blueprint; `known` names further blueprints that its relations may point at, for those that are loaded together at the start. */
export function createBlueprint(
  catalog: Catalog,
  body: Blueprint,
  writer: Writer,
  known?: ReadonlySet<string>,
): Shelf | Refusal {
  if (catalog.shelves.has(body.identifier)) return identifierTaken("Blueprint", body.identifier);
  const now = new Date(catalog.clock()).toISOString();
  const facts = { createdAt: now, createdBy: writer.by, updatedAt: now, updatedBy: writer.by };
  const blueprint: StoredBlueprint = { ...withDefaults(body), ...facts };
  // What is loaded at the start may be a copy of what Port holds, its own relations included.
  const system = known === undefined ? systemRelationFault(blueprint, {}) : undefined;
  const rules = system ?? admit(catalog, blueprint, known ?? new Set());
  if (rules instanceof Refusal) return rules;
  const shelf: Shelf = { blueprint, rules, entities: new Map(), order: [], referrers: new Map() };
  catalog.shelves.set(blueprint.identifier, shelf);
  return shelf;
}

/** Makes a blueprint exactly `body`, except for when and by whom it was created; a new identifier renames it. */
export function replaceBlueprint(
  catalog: Catalog,
  shelf: Shelf,
  body: Partial<Blueprint> & Pick<Blueprint, "schema">,
  writer: Writer,
): Shelf | Refusal {
  const { createdAt, createdBy, identifier: old } = shelf.blueprint;
  const identifier = body.identifier ?? old;
  if (identifier !== old && catalog.shelves.has(identifier)) return identifierTaken("Blueprint", identifier);
  const facts = { createdAt, createdBy, updatedAt: new Date(catalog.clock()).toISOString(), updatedBy: writer.by };
  const blueprint: StoredBlueprint = { ...withDefaults({ ...body, identifier }), ...facts };
  const system = systemRelationFault(blueprint, shelf.blueprint.relations ?? {});
  const rules = system ?? admit(catalog, blueprint, new Set([old]));
  if (rules instanceof Refusal) return rules;
  const fault = changeFault(shelf, blueprint);
  if (fault !== undefined) return fault;
  dropLostKeys(shelf, rules);
  shelf.blueprint = blueprint;
  shelf.rules = rules;
  if (identifier !== old) {
    catalog.shelves.delete(old);
    catalog.shelves.set(identifier, shelf);
    renameTargets(catalog, old, identifier);
  }
  return shelf;
}

/** Adds to a blueprint what `body` names: maps grow key by key, their members word by word, everything else is replaced. */
export function patchBlueprint(
  catalog: Catalog,
  shelf: Shelf,
  body: Partial<Blueprint>,
  writer: Writer,
): Shelf | Refusal {
  const old = shelf.blueprint;
  const properties = mergeMembers(old.schema.properties, body.schema?.properties);
  const schema = { ...old.schema, ...body.schema, properties };
  const maps = Object.fromEntries(
    (["relations", "mirrorProperties", "calculationProperties", "aggregationProperties"] as const).map((word) => [
      word,
      mergeMembers(old[word], body[word]),
    ]),
  );
  const whole = { ...old, ...body, ...maps, schema };
  const check = wholeBlueprint(catalog);
  if (!check(whole)) return invalidRequest(describeFault(check.errors, "body"));
  return replaceBlueprint(catalog, shelf, whole, writer);
}

type Members = Readonly<Record<string, unknown>>;

function mergeMembers(old: Members | undefined, given: Members | undefined): Record<string, never> {
  const merged: Record<string, unknown> = { ...old };
  for (const [key, member] of Object.entries(given ?? {})) {
    const before = merged[key];
    merged[key] = isObject(before) && isObject(member) ? { ...before, ...member } : member;
  }
  // The schema that checks the whole says of which kind the members are.
  return merged as Record<string, never>;
}

function wholeBlueprint(catalog: Catalog): ValidateFunction {
  return sharedAjv("off", true).compile(blueprintBodies(catalog.readings).create);
}

/** Deletes a blueprint that has no entities and that no other blueprint points at. */
export function deleteBlueprint(catalog: Catalog, shelf: Shelf): Refusal | undefined {
  const { identifier } = shelf.blueprint;
  if (shelf.entities.size > 0) {
    const message = `Blueprint "${identifier}" has dependents: ${shelf.entities.size} entities must be deleted first`;
    return hasDependents(catalog.readings.dependentsStatus, message);
  }
  const sources = [...catalog.shelves.values()].filter(
    (other) => other !== shelf && [...other.rules.relations.values()].some((rule) => rule.target === identifier),
  );
  if (sources.length > 0) {
    const names = sources.map((source) => `"${source.blueprint.identifier}"`).join(", ");
    const message = `Blueprint "${identifier}" has dependents: blueprints ${names} relate to it`;
    return hasDependents(catalog.readings.dependentsStatus, message);
  }
  catalog.shelves.delete(identifier);
  return undefined;
}

function withDefaults(body: Blueprint): Blueprint {
  const relations: Record<string, Relation> = {};
  for (const [name, r] of Object.entries(body.relations ?? {}))
    relations[name] = { required: false, many: false, ...r };
  return {
    mirrorProperties: {},
    calculationProperties: {},
    aggregationProperties: {},
    ...body,
    schema: { ...body.schema, required: body.schema.required ?? [] },
    relations,
  };
}

// The text and the details are those of a live reply.
function systemRelationFault({ relations = {} }: Blueprint, held: object): Refusal | undefined {
  const identifiers = Object.keys(relations).filter((name) => name.startsWith("_") && !Object.hasOwn(held, name));
  if (identifiers.length === 0) return undefined;
  const message = 'Relation identifiers cannot start with "_"';
  return new Refusal(422, "system_identifier_error", message, { identifiers: identifiers.join(", ") });
}

// What holds for a blueprint beyond the route's schema.
function admit(catalog: Catalog, blueprint: StoredBlueprint, known: ReadonlySet<string>): Rules | Refusal {
  for (const name of blueprint.schema.required ?? []) {
    if (!Object.hasOwn(blueprint.schema.properties, name)) {
      return invalidRequest(`"schema/required" names "${name}", which is no property of the blueprint`);
    }
  }
  for (const [name, relation] of Object.entries(blueprint.relations ?? {})) {
    if (relation.many === true && relation.required === true) {
      return invalidRequest(`"relations/${name}" must NOT be both many and required`);
    }
    const { target } = relation;
    if (target !== blueprint.identifier && !known.has(target) && !catalog.shelves.has(target)) {
      return blueprintNotFound(target);
    }
  }
  const fault = pathFault(catalog, blueprint) ?? aggregationFault(catalog, blueprint);
  if (fault !== undefined) return fault;
  try {
    return compileRules(catalog, blueprint);
  } catch (error) {
    return invalidRequest(
      `"schema/properties" is not valid: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
