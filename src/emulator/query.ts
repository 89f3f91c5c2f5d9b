import type { Property } from "../blueprint.js";
import { heldBy, targetsOf } from "./catalog.js";
import { teamsOf } from "./entity-reply.js";
import { type Catalog, isObject, type Query, type Shelf, type StoredEntity } from "./model.js";
import { pathOperand, relatedTo } from "./paths.js";
import { compare, type Operand, type QueryKind, type QueryRule, ruleFault } from "./query-operators.js";
import { invalidRequest, type Refusal } from "./refusal.js";

/** Gives what a name of a search means on an entity. */
export type ReadField = (catalog: Catalog, entity: StoredEntity, shelf: Shelf, name: string) => unknown;

interface RuleGroup {
  readonly combinator: "and" | "or";
  readonly rules: readonly Readonly<Record<string, unknown>>[];
}

/** Most levels of nested queries. */
const maxDepth = 32;

/** Compiles a search of any depth; `path` names it in the message of a refusal. */
export function compileQuery(
  catalog: Catalog,
  read: ReadField,
  query: unknown,
  path: string,
  where: QueryKind,
): Query | Refusal {
  const fault = queryFault(query, path, where);
  return fault === undefined ? compiled(catalog, read, query as RuleGroup) : invalidRequest(fault);
}

/** Says what is wrong with the form of a search of any depth, in the words of a refusal. */
export function queryFault(query: unknown, path: string, where: QueryKind, depth = 0): string | undefined {
  if (!isObject(query)) return `"${path}" must be object`;
  if (depth > maxDepth) return `"${path}" must NOT be nested deeper than ${maxDepth} levels`;
  for (const key of ["combinator", "rules"]) {
    if (query[key] === undefined) return `"${path}" must have required property '${key}'`;
  }
  for (const key in query) {
    if (key === "combinator" || key === "rules") continue;
    return `"${path}" must NOT have additional properties, additional property: "${key}"`;
  }
  const { combinator, rules } = query;
  if (combinator !== "and" && combinator !== "or") {
    return `"${path}/combinator" must be equal to one of the allowed values`;
  }
  if (!Array.isArray(rules)) return `"${path}/rules" must be array`;
  for (const [index, rule] of rules.entries()) {
    const at = `${path}/rules/${index}`;
    const fault = isGroup(rule) ? queryFault(rule, at, where, depth + 1) : ruleFault(rule, at, where);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

// Before its form is checked, either word distinguishes a nested search from a rule.
function isGroup(rule: unknown): rule is RuleGroup {
  return isObject(rule) && ("combinator" in rule || "rules" in rule);
}

function compiled(catalog: Catalog, read: ReadField, { combinator, rules }: RuleGroup): Query {
  const parts = rules.map((rule) => (isGroup(rule) ? compiled(catalog, read, rule) : compileRule(catalog, read, rule)));
  // No rules at all match everything, in both combinators. Port's own CLI searches with an empty list.
  if (parts.length === 0) return { test: () => true };
  return combinator === "and" ? all(parts) : any(parts);
}

function all(parts: readonly Query[]): Query {
  const identifiers = parts.find((part) => part.identifiers !== undefined)?.identifiers;
  const blueprints = parts.find((part) => part.blueprints !== undefined)?.blueprints;
  return {
    test: (entity, shelf) => parts.every((part) => part.test(entity, shelf)),
    ...(identifiers === undefined ? {} : { identifiers }),
    ...(blueprints === undefined ? {} : { blueprints }),
  };
}

function any(parts: readonly Query[]): Query {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return { test: (entity, shelf) => parts.some((part) => part.test(entity, shelf)) };
}

const emptiness = ["isEmpty", "isNotEmpty"];
const expiry = ["isExpired", "isNotExpired"];
const ofTeams: Readonly<Record<string, string>> = { "=": "in", "!=": "notIn" };

/** Compiles one rule of a search, whose form has been checked. */
export function compileRule(catalog: Catalog, read: ReadField, rule: QueryRule): Query {
  const operator = String(rule.operator);
  if (operator === "relatedTo") return relatedTo(catalog, rule);
  const operand = operandOf(catalog, read, rule);
  if (emptiness.includes(operator)) return { test: (e, s) => isEmpty(operand(e, s)) === (operator === "isEmpty") };
  if (expiry.includes(operator)) {
    return { test: (e, s) => isExpired(operand(e, s), catalog.clock()) === (operator === "isExpired") };
  }
  const { value, by } = rightOf(catalog, read, operator, rule.value);
  const holds = compare(by, value, catalog.clock);
  if (isObject(rule.propertySchema)) {
    // Every property of that kind counts; one that matches is enough.
    return { test: (e, s) => (operand(e, s) as readonly Operand[]).some(holds) };
  }
  return { test: (e, s) => holds(operand(e, s)), ...narrowing(rule.property, by, value) };
}

// The value of something that depends on the caller. A user has several teams, and equality means any of them.
function rightOf(
  catalog: Catalog,
  read: ReadField,
  operator: string,
  given: unknown,
): { readonly value: unknown; readonly by: string } {
  if (!isContextValue(given)) return { value: given ?? null, by: operator };
  const by = given.context === "userTeams" ? (ofTeams[operator] ?? operator) : operator;
  return { value: contextOf(catalog, read, given) ?? null, by };
}

// `$identifier = x` and `$identifier in […]` name all entities that can match; so for `$blueprint`.
function narrowing(property: unknown, operator: string, value: unknown): Pick<Query, "identifiers" | "blueprints"> {
  if (operator !== "=" && operator !== "in") return {};
  const texts = [value].flat().filter((name): name is string => typeof name === "string");
  if (property === "$identifier") return { identifiers: texts };
  if (property === "$blueprint") return { blueprints: texts };
  return {};
}

function operandOf(
  catalog: Catalog,
  read: ReadField,
  rule: QueryRule,
): (entity: StoredEntity, shelf: Shelf) => Operand {
  const { property, relation, targetProperty, propertySchema } = rule;
  if (isContextValue(property)) {
    const value = contextOf(catalog, read, property);
    return () => value;
  }
  if (isObject(property)) return pathOperand(catalog, property);
  if (typeof property === "string") return (entity, shelf) => read(catalog, entity, shelf, property);
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

function schemaOperand(entity: StoredEntity, shelf: Shelf, schema: QueryRule): readonly Operand[] {
  const { properties } = shelf.blueprint.schema;
  return Object.entries(properties)
    .filter(([, property]) => isOfKind(property, schema))
    .map(([key]) => (Object.hasOwn(entity.properties, key) ? entity.properties[key] : null));
}

// Words that the kind leaves out may be anything.
function isOfKind({ type, format, items }: Partial<Property>, kind: QueryRule): boolean {
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

/** A value that depends on the caller: a property of the user, or of each of the user's teams. */
interface ContextValue {
  readonly property: string;
  readonly context: "user" | "userTeams";
}

/** True for a value that depends on who asks. */
function isContextValue(value: unknown): value is ContextValue {
  return (
    isObject(value) && typeof value.property === "string" && (value.context === "user" || value.context === "userTeams")
  );
}

/** Gives such a value for the client whose credentials the emulator takes: null, or no teams, unless `_user` has an entity of that name. */
function contextOf(catalog: Catalog, read: ReadField, { property, context }: ContextValue): unknown {
  const users = catalog.shelves.get("_user");
  const user = users?.entities.get(catalog.clientId);
  if (users === undefined || user === undefined) return context === "user" ? null : [];
  if (context === "user") return read(catalog, user, users, property) ?? null;
  const home = catalog.shelves.get("_team");
  return teamsOf(catalog, users, user).flatMap((name) => {
    const team = home?.entities.get(name);
    return team === undefined || home === undefined ? [] : [read(catalog, team, home, property) ?? null];
  });
}
