/**
 * Tells what is wrong with the shape of a search query, as the end of a sentence; undefined when the API takes it.
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
  if (!isObject(rule)) return "is a search with a rule that is no object";
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
