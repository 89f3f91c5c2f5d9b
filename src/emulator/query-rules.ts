import { type Catalog, heldBy, type Shelf, type StoredEntity, targetsOf } from "./catalog.js";
import { contextOf, isContextValue } from "./context.js";
import { fieldOf } from "./field.js";
import { isObject } from "./json-object.js";
import { pathOperand } from "./match-path.js";
import type { Query } from "./query.js";
import { compare, dateOperators, listOperators, numberOperators, type Operand } from "./query-operators.js";
import { invalidRequest, type Refusal } from "./refusal.js";
import { relatedTo } from "./related-to.js";

type Rule = Readonly<Record<string, unknown>>;

const emptiness = ["isEmpty", "isNotEmpty"];
const expiry = ["isExpired", "isNotExpired"];

/** Compiles one rule of a search; `path` names it in the message of a refusal. @source component def-7 of the published API description */
export function compileRule(catalog: Catalog, rule: unknown, path: string): Query | Refusal {
  if (!isObject(rule)) return invalidRequest(`"${path}" must be object`);
  const { operator } = rule;
  if (typeof operator !== "string") return invalidRequest(`"${path}" must have required property 'operator'`);
  if (operator === "relatedTo") return relatedTo(catalog, rule, path);
  const read = operandOf(catalog, rule);
  if (read === undefined) return invalidRequest(`"${path}" must have required property 'property'`);
  if (emptiness.includes(operator)) return { test: (e, s) => isEmpty(read(e, s)) === (operator === "isEmpty") };
  if (expiry.includes(operator)) {
    return { test: (e, s) => isExpired(read(e, s), catalog.clock()) === (operator === "isExpired") };
  }
  if (!("value" in rule) && !isObject(rule.propertySchema))
    return invalidRequest(`"${path}" must have required property 'value'`);
  const fault = isContextValue(rule.value) ? undefined : valueFault(operator, rule.value, path);
  if (fault !== undefined) return invalidRequest(fault);
  const value = isContextValue(rule.value) ? contextOf(catalog, rule.value) : rule.value;
  const holds = compare(operator, value ?? null, catalog.clock);
  if (isObject(rule.propertySchema)) {
    // Every property of that kind counts; one that matches is enough.
    return { test: (e, s) => (read(e, s) as readonly Operand[]).some(holds) };
  }
  return { test: (e, s) => holds(read(e, s)), ...narrowing(rule) };
}

// `$identifier = x` and `$identifier in […]` name all entities that can match; so for `$blueprint`.
function narrowing(rule: Rule): Pick<Query, "identifiers" | "blueprints"> {
  const { property, operator, value } = rule;
  const names = operator === "=" ? [value] : operator === "in" && Array.isArray(value) ? value : undefined;
  if (names === undefined) return {};
  const texts = names.filter((name): name is string => typeof name === "string");
  if (property === "$identifier") return { identifiers: texts };
  if (property === "$blueprint") return { blueprints: texts };
  return {};
}

function operandOf(catalog: Catalog, rule: Rule): ((entity: StoredEntity, shelf: Shelf) => Operand) | undefined {
  const { property, relation, targetProperty, propertySchema, scorecard } = rule;
  if (isContextValue(property)) {
    const value = contextOf(catalog, property);
    return () => value;
  }
  // There are no scorecards here, so none has a level.
  if (typeof scorecard === "string") return () => null;
  if (rule.operator === "matchAny" && isObject(property)) return pathOperand(catalog, property);
  if (typeof property === "string") return (entity, shelf) => fieldOf(catalog, entity, shelf, property);
  if (typeof relation === "string") {
    return (entity, shelf) => relationOperand(catalog, entity, shelf, relation, targetProperty === "$title");
  }
  if (isObject(propertySchema)) return (entity, shelf) => schemaOperand(entity, shelf, propertySchema);
  return undefined;
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

function schemaOperand(entity: StoredEntity, shelf: Shelf, schema: Rule): Operand {
  const { properties } = shelf.blueprint.schema;
  return Object.entries(properties)
    .filter(([, property]) => property.type === schema.type)
    .filter(([, property]) => schema.format === undefined || property.format === schema.format)
    .map(([key]) => (Object.hasOwn(entity.properties, key) ? entity.properties[key] : null));
}

function isEmpty(operand: Operand): boolean {
  return (
    operand === null || operand === undefined || operand === "" || (Array.isArray(operand) && operand.length === 0)
  );
}

function isExpired(operand: Operand, now: number): boolean {
  return typeof operand === "string" && Date.parse(operand) < now;
}

function valueFault(operator: string, value: unknown, path: string): string | undefined {
  const known = [...Object.keys(listOperators), ...Object.keys(numberOperators), ...dateOperators, "matchAny"];
  if (!known.includes(operator)) return `"${path}/operator" must be equal to one of the allowed values`;
  if (operator in numberOperators && typeof value !== "number" && typeof value !== "string") {
    return `"${path}/value" must be number`;
  }
  if ((operator === "between" || operator === "notBetween") && !isObject(value))
    return `"${path}/value" must be object`;
  return undefined;
}
