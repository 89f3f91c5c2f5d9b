/**
 * Fixes that fit a value at hand, as the end of a message: what to write behind the expression of the mapping, which works when it is pasted there. A value itself
 * is never in them, so that no secret is.
 */

/** What to write behind the expression; null stays null. */
export function behind(filter: string): string {
  return `; write \`| values | ${filter}\` behind the expression`;
}

const trimming = String.raw`gsub("^\\s+|\\s+$"; "")`;

/** What joins the elements of a list in a text: the sign that stands in it most often, with a space where one always follows. */
function separatorOf(text: string): string | undefined {
  const counts = [";", ",", "|", "\n", "\t"].map((sign) => [sign, text.split(sign).length - 1] as const);
  const [sign, count] = counts.reduce((most, each) => (each[1] > most[1] ? each : most));
  if (count === 0) return undefined;
  return text.split(`${sign} `).length - 1 === count ? `${sign} ` : sign;
}

/** For text where a list belongs. */
export function listFix(text: string): string {
  const separator = separatorOf(text);
  return behind(separator === undefined ? "[.]" : `split(${JSON.stringify(separator)})`);
}

/** Why text is not a number, as the end of a sentence, and what makes one of it. */
export function numberFault(text: string): string {
  if (text === "") return 'is empty, not a number; if it means no value, write under source: `blanks: [""]`';
  if (text.trim() !== text) return `is a number with spaces around it${behind(trimming)}`;
  if (/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text)) return written('"," between thousands', 'gsub(","; "")');
  if (/^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$/.test(text))
    return written('"." between thousands', 'gsub("[.]"; "") | sub(","; ".")');
  if (/^[+-]?\d{1,3}(?:[' \u00A0\u202F\u2019]\d{3})+(?:[.,]\d+)?$/.test(text))
    return written("a space or apostrophe between thousands", 'gsub("[^0-9.,+-]"; "") | sub(","; ".")');
  if (/^[+-]?\d+,\d*$/.test(text)) return written("a decimal comma", 'sub(","; ".")');
  if (/^[+-]?\d+(?:\.\d+)? ?%$/.test(text))
    return `is a percentage, not a plain number${behind('rtrimstr("%") | rtrimstr(" ")')}`;
  if (/^[^\d.,+-]*[+-]?\d+(?:\.\d+)?[^\d.,+-]*$/.test(text))
    return `is a number with a unit or other text${behind('gsub("[^0-9.+-]"; "")')}`;
  if (/^(?:-+|\?+|\.+|n\/?a|nan|null|none|nil|unknown|tbd)$/i.test(text))
    return `is not a number; if it means no value, write under source: \`blanks: ["", ${JSON.stringify(text)}]\``;
  return "is not a number";
}

function written(how: string, filter: string): string {
  const fix = behind(filter);
  return `is a number with ${how}${fix}, or say under source.columns how the column writes its numbers`;
}

/** For a text without its scheme where a URL belongs. */
export function urlFix(text: string): string {
  return /^[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]\S*)?$/.test(text) ? behind('"https://" + .') : "";
}

/** For an identifier that holds a character which none may hold. */
export function identifierFix(text: string, stranger: string): string {
  const trimmed = text.trim();
  if (trimmed !== text && !/\s/.test(trimmed)) return behind(trimming);
  if (/[\p{Cc}\p{Cs}"]/u.test(stranger)) return "";
  const sign = /[\p{L}\p{N} ]/u.test(stranger) ? stranger : `\\${stranger}`;
  return behind(`gsub(${JSON.stringify(sign)}; "-")`);
}
