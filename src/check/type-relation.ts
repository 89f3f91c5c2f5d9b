import { isSearchQuery, type RelationValue } from "../entity.js";
import type { Diagnostics } from "./diagnostics.js";
import { identifierFault } from "./identifier.js";
import { kindOf } from "./kind-of.js";
import { searchQueryFault } from "./search-query.js";

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
    return `names a target whose identifier ${fault}${many && /[,;|]/.test(target) ? '; write split(",") in the expression' : ""}`;
  }
  if (typeof target === "number") return "names a target by a number; write tostring in the expression";
  return `expects an identifier${many ? " or a list of them" : ""}, got ${kindOf(target)}`;
}
