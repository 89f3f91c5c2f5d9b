import { maskSecrets } from "./secrets.js";

/** Most characters of a value in a message. */
const maxShownCharacters = 80;
/** Most characters that are looked through for secrets: more than are ever shown. */
const maxSearchedCharacters = 4096;

/**
 * Gives a value as people read it in a message: text as it is, all else as JSON, secrets masked, at most 80 characters; nothing for an absent value.
 *
 * @param name - of its field or column, which may say that it is a secret
 */
export function shownValue(value: unknown, name = ""): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === "string" ? value : (JSON.stringify(value, maskFields) ?? String(value));
  const shown = maskSecrets(text.slice(0, maxSearchedCharacters), name);
  if (shown.length <= maxShownCharacters) return shown;
  // a cut through a surrogate pair would leave half a character
  return `${shown.slice(0, maxShownCharacters - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Masks the texts of an object's own fields by their names. */
function maskFields(key: string, value: unknown): unknown {
  return typeof value === "string" ? maskSecrets(value.slice(0, maxSearchedCharacters), key) : value;
}

/** A word as a shell takes it, quoted where it must be; a placeholder such as `<source>` stays as it is. */
export function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$|^<[a-z]+>$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
