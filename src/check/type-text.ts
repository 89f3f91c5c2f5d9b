import type { Blueprint } from "../blueprint.js";
import { type EntityBody, isSearchQuery } from "../entity.js";
import type { RejectCode } from "../reject.js";
import { type FormatJudge, formatJudges, identifierFault } from "./constraints.js";
import { appendFix, type Diagnostics, dateFix, dayMonthOf, type Typer, urlFix } from "./diagnostics.js";

/** Names the kind of a value in a message: "a number", "a list", … */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}

/**
 * Says what is wrong with the shape of a search query, as the end of a sentence; undefined when the API takes it.
 * @source API reference, components `def-5`, `def-6`
 */
export function searchQueryFault(query: Readonly<Record<string, unknown>>): string | undefined {
  const stranger = Object.keys(query).find((key) => key !== "combinator" && key !== "rules");
  if (stranger !== undefined) return `is a search with the key "${stranger}", which may not be there`;
  if (query.combinator !== "and" && query.combinator !== "or")
    return 'is a search whose combinator is neither "and" nor "or"';
  if (!Array.isArray(query.rules)) return "is a search without a list of rules";
  for (const rule of query.rules) {
    const fault = ruleFault(rule);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function ruleFault(rule: unknown): string | undefined {
  if (!isObject(rule)) return "is a search with a rule that is not an object";
  if ("combinator" in rule) return searchQueryFault(rule);
  if (typeof rule.property !== "string") return "is a search with a rule without property";
  const isFitting = typeof rule.operator === "string" ? valueTests.get(rule.operator) : undefined;
  if (isFitting === undefined)
    return `is a search with a rule whose operator is none of ${[...valueTests.keys()].join(", ")}`;
  return isFitting(rule.value) ? undefined : `is a search whose rule "${rule.operator}" has a value of the wrong kind`;
}

const valueTests: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["=", (value: unknown) => value === null || typeof value === "string" || typeof value === "number"],
  ["in", isTexts],
  ["containsAny", isTexts],
  ["contains", (value: unknown) => value === null || typeof value === "string" || isTexts(value)],
]);

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** True for an object that is not a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

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
  const fix = typeof value === "number" ? appendFix("tostring") : "";
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

/** Returns how a blueprint's entities get their team. @source API reference, "Create a blueprint": `ownership`, and the older `teamInheritance` */
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

/**
 * Types text: text stays as it is to the letter. Booleans become their word; a whole JSON number becomes its digits with a warning, because
 * `1.0` and `1` are one number there; a fraction is refused, because `1.10` arrives as 1.1.
 */
export const typeText: Typer = (value, diagnostics) =>
  typeof value === "string" ? value : textOf(value, "wrong_type", diagnostics);

/** Gives a value as text by the rule of {@link typeText}, or refuses it by the code given. */
function textOf(value: unknown, code: RejectCode, diagnostics: Diagnostics): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (Number.isSafeInteger(value)) {
    diagnostics.warn("number_as_text", "a number became text; write tostring in the expression if that is meant");
    return String(value);
  }
  return diagnostics.refuse(code, `expects text, got ${kindOf(value)}${fixOf(value)}`);
}

/** A typer of text in a format. Text is never changed for its format. A format without a judge is not looked at. */
export function typeFormattedText(format: string): Typer {
  const judge = formatJudges.get(format);
  if (judge === undefined) return typeText;
  return (value, diagnostics) => {
    const text = typeText(value, diagnostics);
    return typeof text === "string" && passesFormat(text, format, judge, diagnostics) ? text : undefined;
  };
}

/** Judges text by a format and reports what is wrong with it; false when it is refused. */
export function passesFormat(text: string, format: string, judge: FormatJudge, diagnostics: Diagnostics): boolean {
  const { verdict, expects } = judge(text);
  if (verdict === "wrong") {
    diagnostics.refuse(
      "bad_format",
      `is not ${expects}${format === "date-time" ? dateFix(text) : format === "url" ? urlFix(text) : ""}`,
    );
    const order = format === "date-time" ? dayMonthOf(text) : undefined;
    if (order !== undefined) diagnostics.countDayMonth(text, order);
    return false;
  }
  if (verdict === "unusual") diagnostics.warn("format_unusual", `does not look like ${expects}`);
  return true;
}

function fixOf(value: unknown): string {
  if (typeof value === "number") return `${appendFix("tostring")}, and mind that 1.10 is read as 1.1`;
  if (Array.isArray(value))
    return `${appendFix(value.every((item) => typeof item === "string") ? 'join(", ")' : "tojson")}, or make it an array in the blueprint, and in the catalog`;
  return value === null ? "" : appendFix("tojson");
}
