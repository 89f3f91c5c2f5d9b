import type { Catalog, Shelf, StoredEntity } from "./catalog.js";
import { isObject } from "./json-object.js";
import { type QueryKind, ruleFault } from "./query-forms.js";
import { compileRule } from "./query-rules.js";
import { invalidRequest, type Refusal } from "./refusal.js";

/** True when an entity matches. */
export type Test = (entity: StoredEntity, shelf: Shelf) => boolean;

/** A search, compiled once per request. */
export interface Query {
  readonly test: Test;
  /** When given, no entity with another identifier can match: a look-up takes the place of a scan. */
  readonly identifiers?: readonly string[];
  /** When given, no entity of another blueprint can match. */
  readonly blueprints?: readonly string[];
}

interface Group {
  readonly combinator: "and" | "or";
  readonly rules: readonly Readonly<Record<string, unknown>>[];
}

/** Most levels of nested queries. */
const maxDepth = 32;

/** Compiles a search of any depth; `path` names it in the message of a refusal. */
export function compileQuery(catalog: Catalog, query: unknown, path: string, where: QueryKind): Query | Refusal {
  const fault = queryFault(query, path, where);
  return fault === undefined ? compiled(catalog, query as Group) : invalidRequest(fault);
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

// Before its form is checked, either word tells a nested search from a rule.
function isGroup(rule: unknown): rule is Group {
  return isObject(rule) && ("combinator" in rule || "rules" in rule);
}

function compiled(catalog: Catalog, { combinator, rules }: Group): Query {
  const parts = rules.map((rule) => (isGroup(rule) ? compiled(catalog, rule) : compileRule(catalog, rule)));
  // No rules at all match everything, in both combinators. @source Port's own CLI searches with an empty array
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
