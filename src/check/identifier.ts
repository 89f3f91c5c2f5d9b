/** Most characters of an entity's identifier. @source API reference, "Create an entity" */
export const maxIdentifierCharacters = 1000;

/** An entity's identifier, in the widest form the API has published (with the apostrophe). @source API reference, "Create an entity", August 2026 */
export const identifierPattern = /^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/='-]+$/u;

/**
 * Tells what is wrong with a text as an entity's identifier, as the end of a sentence; undefined when it can be one.
 * Nothing is trimmed or changed: an identifier is compared to the letter.
 */
export function identifierFault(text: string): string | undefined {
  // the class without \p{L} is several times faster, and most identifiers are plain
  if (text.length <= maxIdentifierCharacters && plainIdentifier.test(text)) return undefined;
  if (text === "") return "is empty";
  if (text === "." || text === "..") return 'is "." or ".."';
  const stranger = /[^\p{L}0-9@_.+:\\/='-]/u.exec(text);
  if (stranger !== null) {
    return `holds ${characterName(stranger[0])}; letters, digits and @ _ . + : \\ / = ' - are allowed`;
  }
  const isLong = text.length > maxIdentifierCharacters && [...text].length > maxIdentifierCharacters;
  return isLong ? `is longer than ${maxIdentifierCharacters} characters` : undefined;
}

const plainIdentifier = /^[A-Za-z0-9@_+:\\/='-][A-Za-z0-9@_.+:\\/='-]*$/;

function characterName(character: string): string {
  if (character === " ") return "a space";
  if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(character)) return `"${character}"`;
  return `the character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
