import type { Blueprint } from "../blueprint.js";
import { type EntityBody, isSearchQuery } from "../entity.js";
import type { Diagnostics } from "./diagnostics.js";
import { identifierFault } from "./identifier.js";
import { kindOf } from "./kind-of.js";
import { searchQueryFault } from "./search-query.js";
import { textOf } from "./type-text.js";

/** Types an identifier: text of Port's pattern to the letter, or a search query. A number is refused, because `007` arrives as 7. */
export function typeIdentifier(value: unknown, diagnostics: Diagnostics): EntityBody["identifier"] | undefined {
  if (typeof value === "string" && value !== "") {
    const fault = identifierFault(value);
    return fault === undefined ? value : diagnostics.refuse("identifier_invalid", `the identifier ${fault}`);
  }
  if (value === undefined || value === null || value === "") {
    return diagnostics.refuse("identifier_missing", "the identifier has no value");
  }
  if (isSearchQuery(value)) {
    const fault = searchQueryFault({ ...value });
    return fault === undefined ? value : diagnostics.refuse("identifier_invalid", `the identifier ${fault}`);
  }
  const fix = typeof value === "number" ? "; write tostring in the expression" : "";
  return diagnostics.refuse("identifier_invalid", `the identifier is ${kindOf(value)}, not text${fix}`);
}

/** Types a title as text. Null never reaches it: the API clears a title by PATCH only. @source API reference, "Create an entity" */
export function typeTitle(value: unknown, diagnostics: Diagnostics): string | undefined {
  return typeof value === "string" ? value : textOf(value, "title_invalid", diagnostics);
}

/** Types an icon as text; the API takes any. @source API reference, "Create an entity" */
export function typeIcon(value: unknown, diagnostics: Diagnostics): string | undefined {
  return typeof value === "string" ? value : diagnostics.refuse("title_invalid", `expects text, got ${kindOf(value)}`);
}

/** How a blueprint's entities come by their team. */
export type TeamRule = "direct" | "inherited" | "none";

/** Tells how a blueprint's entities come by their team. @source API reference, "Create a blueprint": `ownership`, and the older `teamInheritance` */
export function teamRuleOf({ ownership, teamInheritance }: Blueprint): TeamRule {
  if (ownership?.type === "Direct") return "direct";
  if (ownership?.type === "Inherited") return "inherited";
  return teamInheritance === undefined || teamInheritance === null ? "none" : "inherited";
}

/** Types a team: a name, a list of names, or a search query. Port refuses one on a blueprint that inherits it, and may ignore one without ownership. */
export function typeTeam(value: unknown, rule: TeamRule, diagnostics: Diagnostics): Exclude<EntityBody["team"], null> {
  if (rule === "inherited") {
    return diagnostics.refuse(
      "title_invalid",
      "the blueprint inherits its team through a relation, so that none may be given",
    );
  }
  const team = teamOf(value, diagnostics);
  if (rule === "none" && team !== undefined) {
    diagnostics.warn("team_without_ownership", "the blueprint has no ownership, so that Port may ignore the team");
  }
  return team;
}

function teamOf(value: unknown, diagnostics: Diagnostics): Exclude<EntityBody["team"], null> {
  if (isName(value)) return value;
  if (Array.isArray(value) && value.every(isName)) return value;
  if (isSearchQuery(value)) {
    const fault = searchQueryFault({ ...value });
    return fault === undefined ? value : diagnostics.refuse("title_invalid", fault);
  }
  return diagnostics.refuse("title_invalid", `expects a team's name or a list of names, got ${kindOfTeam(value)}`);
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function kindOfTeam(value: unknown): string {
  if (value === "") return "empty text";
  return Array.isArray(value) ? "a list with something else" : kindOf(value);
}
