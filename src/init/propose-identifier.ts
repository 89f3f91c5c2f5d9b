import { type FieldStats, trimmedPath } from "./field-stats.js";
import { blueprintName, normalName, pathExpression, stemOf } from "./names.js";
import type { Survey } from "./survey.js";

/** What tells records apart. */
export interface IdentifierProposal {
  readonly field: FieldStats;
  readonly expression: string;
  /** True where the expression puts the value in lower case with hyphens. */
  readonly isSlug: boolean;
  readonly seen: string;
  readonly question?: string;
}

const likelyNames = ["id", "identifier", "key", "slug", "uuid", "code", "number"];
const likelyTitles = ["name", "title", "displayname", "label", "hostname", "fqdn"];
/** Values unfit for identifiers that are not mistakes any more, but names. */
const minUnfit = 5;
/** Share of records that an identifier must tell apart; the rest are taken for mistakes. */
const minShare = 0.9;

/**
 * Proposes the identifier: the field whose name, values and use by others speak for it most.
 *
 * @param referenced - fields whose values other fields hold
 */
export function proposeIdentifier(
  { fields, records, kind }: Survey,
  referenced: ReadonlySet<FieldStats> = new Set(),
): IdentifierProposal | undefined {
  const ranked = fields
    .filter(isAble)
    .map((field) => ({ field, score: scoreOf(field, { records, kind }, referenced.has(field)) }))
    .sort((a, b) => b.score - a.score);
  const [first] = ranked.filter(
    ({ field }) => shareOf(field, records) >= minShare && isIdentifying(field, records, kind),
  );
  const slugged = ranked.find(({ field }) => canBeSlug(field, records));
  const isBetter = first === undefined || (slugged !== undefined && slugged.score > first.score);
  const isSame = first !== undefined && first.field === slugged?.field && first.field.unfit >= minUnfit;
  const almost = ranked.find(({ field }) => isAlmost(field, records, kind))?.field;
  if (slugged !== undefined && (isBetter || isSame)) return slugOf(slugged.field, almost, records);
  const best = first ?? [...ranked].sort((a, b) => usable(b.field) - usable(a.field))[0];
  if (best === undefined) return undefined;
  if (!isPerfect(best.field, records)) return faulty(best.field, records);
  const others = ranked.filter(({ field }) => field !== best.field && isPerfect(field, records));
  return perfect(
    best.field,
    records,
    others.find(({ field }) => rankOf(field, kind) > 0 && !likelyTitles.includes(normalName(field.name.join(" "))))
      ?.field ?? almost,
  );
}

/** A field named as a key that tells nearly all records apart: the few that repeat may be mistakes of the source. */
function isAlmost(field: FieldStats, records: number, kind: string): boolean {
  const isKeyed = rankOf(field, kind) > 0 && !/name$|^title$|^label$/.test(normalName(field.name.join(" ")));
  return isKeyed && !isPerfect(field, records) && field.unfit === 0 && shareOf(field, records) >= minShare;
}

/** True for a field that tells nearly all records apart, by which other sources may name them. */
export function isKey(field: FieldStats, { records }: Pick<Survey, "records">): boolean {
  const distinct = field.values - field.repeated;
  return isAble(field) && field.types.size === 1 && distinct >= minShare * records && distinct >= Math.min(2, records);
}

function isAble({ types, values }: FieldStats): boolean {
  return values > 0 && !types.has("array") && !types.has("object") && !types.has("boolean");
}

function isPerfect({ values, repeated, unfit }: FieldStats, records: number): boolean {
  return values === records && repeated === 0 && unfit === 0;
}

/** A field without a telling name must tell every record apart, and be neither a measure nor a date. */
function isIdentifying(field: FieldStats, records: number, kind: string): boolean {
  if (rankOf(field, kind) > 0) return true;
  const { fits, dates } = field;
  const isDate = dates.full + dates.isoDay + dates.clear + dates.dayFirst + dates.monthFirst > 0;
  return isPerfect(field, records) && !isDate && !fits.has("lines");
}

function usable({ values, repeated, unfit }: FieldStats): number {
  return values - repeated - unfit;
}

function shareOf(field: FieldStats, records: number): number {
  return usable(field) / Math.max(1, records);
}

/** Names count most, then whether others use the values, then how many records they tell apart; long random keys count for less than words. */
function scoreOf(
  field: FieldStats,
  { records, kind }: Pick<Survey, "records" | "kind">,
  isReferenced: boolean,
): number {
  const [some = ""] = field.seen;
  const isOpaque = /^[0-9a-f-]{32,36}$/i.test(some);
  const share = canBeSlug(field, records) ? 1 : shareOf(field, records);
  return rankOf(field, kind) + (isReferenced ? 20 : 0) - (isOpaque ? 8 : 0) - (share === 1 ? 0 : 3) - (1 - share) * 20;
}

function canBeSlug(field: FieldStats, records: number): boolean {
  return (
    field.types.has("string") &&
    field.values === records &&
    field.unfit > 0 &&
    slugsOf(field.seen).size === records &&
    !slugsOf(field.seen).has("")
  );
}

function slugOf(field: FieldStats, other: FieldStats | undefined, records: number): IdentifierProposal {
  return {
    field,
    expression: slugExpression(pathExpression(field.path)),
    isSlug: true,
    seen: `${name(field)} tells records apart, but not every value fits for an identifier, so it is put in lower case with hyphens`,
    question: `is ${other === undefined ? "there" : name(other)} a better identifier than the hyphenated ${name(field)}?${other === undefined ? "" : ` ${describeValues(other, records)}`}`,
  };
}

/** Text in lower case with hyphens: what is left of it as an identifier. */
export function slugExpression(expression: string): string {
  return `${expression} | ascii_downcase | [scan("[a-z0-9]+")] | join("-")`;
}

/** What {@link slugExpression} makes of a text. */
export function slugOfText(text: string): string {
  return (text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()).match(/[a-z0-9]+/g) ?? []).join("-");
}

function perfect(field: FieldStats, records: number, other?: FieldStats): IdentifierProposal {
  return {
    field,
    expression: expressionOf(field),
    isSlug: false,
    seen: `${name(field)} has ${records} different values in ${records} records, all of them fit for identifiers${spacedNote(field)}`,
    ...(other !== undefined && {
      question: `is ${name(other)} the better identifier? ${describeValues(other, records)} To change it after an import makes new entities`,
    }),
  };
}

function describeValues({ values, repeated, firstRepeated, lost }: FieldStats, records: number): string {
  if (values === records && repeated === 0) return "It is different in every record, too.";
  const again = firstRepeated === undefined ? "" : `, ${JSON.stringify(firstRepeated)} comes more than once`;
  return `It has ${values - repeated} different values in ${records} records${again} (record${lost.length === 1 ? "" : "s"} ${lost.join(", ")}${lost.length === 5 ? ", …" : ""}): mistakes of the source?`;
}

function faulty(field: FieldStats, records: number): IdentifierProposal {
  const { values, repeated, unfit, firstUnfit, lost } = field;
  const faults = [
    ...(records > values ? [`${records - values} without one`] : []),
    ...(repeated > 0 ? [`${repeated} that repeat`] : []),
    ...(unfit > 0 ? [`${unfit} unfit, the first ${firstUnfit ?? ""}`] : []),
  ].join("; ");
  return {
    field,
    expression: expressionOf(field),
    isSlug: false,
    seen: `${name(field)} tells most records apart: ${faults}${spacedNote(field)}`,
    question: `${name(field)} does not identify every record (${faults}; records ${lost.join(", ")}${lost.length === 5 ? ", …" : ""}); they are rejected or count as duplicates. Are they mistakes?`,
  };
}

function expressionOf(field: FieldStats): string {
  return field.types.has("number") ? `${pathExpression(field.path)} | tostring` : trimmedPath(field);
}

/** Says that white space around values is left out, where some have it. */
function spacedNote({ spaced }: FieldStats): string {
  return spaced === 0 ? "" : `; the white space around ${spaced} of them is left out`;
}

function name({ path }: FieldStats): string {
  return JSON.stringify(path.join("."));
}

/** How likely a name is that of an identifier, 0 for one that says nothing; deeper fields are less so. */
export function rankOf({ name: path }: Pick<FieldStats, "name">, kind: string): number {
  const own = normalName(path.join(" "));
  const singular = normalName(kind).replace(/s$/, "");
  const isNamed = (word: string): boolean =>
    own === word || own === `${singular}${word}` || own === `${word}${singular}` || own === `sys${word}`;
  const depth = (path.length - 1) * 5;
  const at = likelyNames.findIndex(isNamed);
  if (at >= 0) return 30 - at - depth;
  if (likelyTitles.some(isNamed) || own === singular) return 14 - depth;
  return Math.max(0, (/(?:id|key|code|name|number|tag)$/.test(own) ? 6 : 0) - depth);
}

function slugsOf(seen: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...seen].map(slugOfText));
}

/** The field that people call a record by: `name`, then `asset_name` beside `asset_id` or of assets, then the only name, then a summary. */
export function proposeTitle(
  { fields, kind }: Survey,
  identifier: IdentifierProposal | undefined,
): FieldStats | undefined {
  const texts = fields.filter(
    ({ types, longest, values, fits }) =>
      types.size === 1 && types.has("string") && longest <= maxTitle && values > 0 && !fits.has("lines"),
  );
  const nameOf = (field: FieldStats): string =>
    normalName(
      shownPath(field.name)
        .join(" ")
        .replace(/^(?:metadata|attributes|node) /, ""),
    );
  const called = (...names: readonly string[]): FieldStats | undefined =>
    texts.find((field) => names.includes(nameOf(field)));
  const singular = normalName(blueprintName(kind));
  const stem = identifier === undefined ? "" : stemOf(identifier.field.name);
  const of = (word: string): string[] => [`${stem}${word}`, `${singular}${word}`];
  const names = texts.filter(
    (field) =>
      /(?:name|title)$/.test(nameOf(field)) &&
      !/user|owner|contact|first|last|given|family|sur|manager|author|file|host|type|class|group|domain|by/.test(
        nameOf(field),
      ) &&
      field.values - field.repeated > field.values / 2,
  );
  return (
    called("name", "title", "displayname", "label") ??
    called("bezeichnung", "nombre", "nom", "nome", "naam", "navn", "namn") ??
    called(...of("name"), ...of("title"), ...of("displayname"), ...of("label")) ??
    called("hostname", "computername", "fqdn", "fullname") ??
    (names.length === 1 ? names[0] : undefined) ??
    called("shortdescription", "summary", "subject")
  );
}

/** Longest text of a title. */
const maxTitle = 200;

/** A path without ServiceNow's `display_value`, which its field is known by. */
export function shownPath(path: readonly string[]): readonly string[] {
  return path.length > 1 && path.at(-1) === "display_value" ? path.slice(0, -1) : path;
}

/** True for what ServiceNow sends beside `display_value`: the stored value, and the address of what is referred to. */
export function isBesideDisplay({ path }: FieldStats, { fields }: Survey): boolean {
  const last = path.at(-1);
  if (path.length < 2 || (last !== "value" && last !== "link")) return false;
  const display = JSON.stringify([...path.slice(0, -1), "display_value"]);
  return fields.some((other) => JSON.stringify(other.path) === display);
}
