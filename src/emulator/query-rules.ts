import type { Property } from "../blueprint.js";
import { type Catalog, heldBy, type Shelf, type StoredEntity, targetsOf } from "./catalog.js";
import { contextOf, isContextValue } from "./context.js";
import { fieldOf } from "./field.js";
import { isObject } from "./json-object.js";
import { pathOperand } from "./match-path.js";
import type { Query } from "./query.js";
import { compare, type Operand } from "./query-operators.js";
import { relatedTo } from "./related-to.js";

type Rule = Readonly<Record<string, unknown>>;

const emptiness = ["isEmpty", "isNotEmpty"];
const expiry = ["isExpired", "isNotExpired"];
const ofTeams: Readonly<Record<string, string>> = { "=": "in", "!=": "notIn" };

/** Compiles one rule of a search, whose form has been checked. */
export function compileRule(catalog: Catalog, rule: Rule): Query {
  const operator = String(rule.operator);
  if (operator === "relatedTo") return relatedTo(catalog, rule);
  const read = operandOf(catalog, rule);
  if (emptiness.includes(operator)) return { test: (e, s) => isEmpty(read(e, s)) === (operator === "isEmpty") };
  if (expiry.includes(operator)) {
    return { test: (e, s) => isExpired(read(e, s), catalog.clock()) === (operator === "isExpired") };
  }
  const { value, by } = rightOf(catalog, operator, rule.value);
  const holds = compare(by, value, catalog.clock);
  if (isObject(rule.propertySchema)) {
    // Every property of that kind counts; one that matches is enough.
    return { test: (e, s) => (read(e, s) as readonly Operand[]).some(holds) };
  }
  return { test: (e, s) => holds(read(e, s)), ...narrowing(rule.property, by, value) };
}

// What a value that depends on who asks comes to. A user has several teams, of which equality means any one.
function rightOf(catalog: Catalog, operator: string, given: unknown): { readonly value: unknown; readonly by: string } {
  if (!isContextValue(given)) return { value: given ?? null, by: operator };
  const by = given.context === "userTeams" ? (ofTeams[operator] ?? operator) : operator;
  return { value: contextOf(catalog, given) ?? null, by };
}

// `$identifier = x` and `$identifier in […]` name all entities that can match; so for `$blueprint`.
function narrowing(property: unknown, operator: string, value: unknown): Pick<Query, "identifiers" | "blueprints"> {
  if (operator !== "=" && operator !== "in") return {};
  const texts = [value].flat().filter((name): name is string => typeof name === "string");
  if (property === "$identifier") return { identifiers: texts };
  if (property === "$blueprint") return { blueprints: texts };
  return {};
}

function operandOf(catalog: Catalog, rule: Rule): (entity: StoredEntity, shelf: Shelf) => Operand {
  const { property, relation, targetProperty, propertySchema } = rule;
  if (isContextValue(property)) {
    const value = contextOf(catalog, property);
    return () => value;
  }
  if (isObject(property)) return pathOperand(catalog, property);
  if (typeof property === "string") return (entity, shelf) => fieldOf(catalog, entity, shelf, property);
  if (typeof relation === "string") {
    return (entity, shelf) => relationOperand(catalog, entity, shelf, relation, targetProperty === "$title");
  }
  if (isObject(propertySchema)) return (entity, shelf) => schemaOperand(entity, shelf, propertySchema);
  // A scorecard is left. There are none here, so none has a level.
  return () => null;
}

function relationOperand(
  catalog: Catalog,
  entity: StoredEntity,
  shelf: Shelf,
  relation: string,
  title: boolean,
): Operand {
  const targets = targetsOf(heldBy(entity, relation));
  const home = catalog.shelves.get(shelf.rules.relations.get(relation)?.target ?? "");
  const named = title ? targets.map((target) => home?.entities.get(target)?.title ?? null) : targets;
  return shelf.rules.relations.get(relation)?.many === true ? named : (named[0] ?? null);
}

function schemaOperand(entity: StoredEntity, shelf: Shelf, schema: Rule): readonly Operand[] {
  const { properties } = shelf.blueprint.schema;
  return Object.entries(properties)
    .filter(([, property]) => isOfKind(property, schema))
    .map(([key]) => (Object.hasOwn(entity.properties, key) ? entity.properties[key] : null));
}

// Words that the kind leaves out may be anything.
function isOfKind({ type, format, items }: Partial<Property>, kind: Rule): boolean {
  if (type !== kind.type || (kind.format !== undefined && format !== kind.format)) return false;
  return !isObject(kind.items) || (items !== undefined && isOfKind(items, kind.items));
}

function isEmpty(operand: Operand): boolean {
  return (
    operand === null || operand === undefined || operand === "" || (Array.isArray(operand) && operand.length === 0)
  );
}

function isExpired(operand: Operand, now: number): boolean {
  return typeof operand === "string" && Date.parse(operand) < now;
}
