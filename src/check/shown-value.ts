/** Most characters of a value in a message. */
const maxShownCharacters = 80;

/** Gives a value as people read it in a message: text as it is, all else as JSON, at most 80 characters; nothing for an absent value. */
export function shownValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text.length <= maxShownCharacters) return text;
  // a cut through a surrogate pair would leave half a character
  return `${text.slice(0, maxShownCharacters - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Names the kind of a value in a message: "a number", "a list", … */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}
