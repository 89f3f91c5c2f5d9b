import { booleanWords } from "./booleans.js";
import { type FieldStats, listDelimiters } from "./field-stats.js";
import { blueprintName, normalName } from "./names.js";
import { isKey, rankOf, slugOfText } from "./propose-identifier.js";
import type { Survey } from "./survey.js";

/** Where the values of a field name entities: a source of the call, or a blueprint of the catalog. */
export interface Target {
  readonly blueprint: string;
  /** How people know it: the kind of the source, or the catalog. */
  readonly from: string;
  /** The surveyed source; absent for the catalog. */
  readonly survey?: Survey;
  /** What its entities may be named by. */
  readonly keys: readonly TargetKey[];
}

/** Something that tells a target's entities apart. */
export interface TargetKey {
  readonly values: ReadonlySet<string>;
  /** The values in lower case with hyphens, where they are words rather than identifiers: case and signs do not count then. */
  readonly slugs: ReadonlySet<string>;
  /** The field of the source; absent for the catalog. */
  readonly field?: FieldStats;
  /** How a search finds it in the catalog: `$identifier`, `$title`, or a property; a source's field says so once it is proposed. */
  readonly property?: string;
}

/** A field whose values name entities. */
export interface FoundRelation {
  readonly field: FieldStats;
  readonly target: Target;
  readonly key: TargetKey;
  /** The text between several names in one value; `array` where the value is a list itself. */
  readonly list?: string | "array";
  /** Different values, and how many of them name an entity. */
  readonly different: number;
  readonly resolved: number;
  /** The first values that name none. */
  readonly lost: readonly string[];
}

/** Share of different values that must name an entity; less is asked of a field that is named after its target. */
const minShare = 0.8;
const minNamedShare = 0.4;
/** Different values that are looked at. */
const maxLooked = 2000;
const maxLost = 3;

/** The targets that surveyed sources are to each other and to themselves. */
export function targetsOf(surveys: readonly Survey[]): Target[] {
  return surveys.map((survey) => ({
    blueprint: blueprintName(survey.kind),
    from: survey.kind,
    survey,
    keys: survey.fields
      .filter((field) => isKey(field, survey) && !isMeasure(field) && !isWord(field))
      // Of a single record every value tells it apart; only a name shows what does.
      .filter((field) => survey.records > 1 || rankOf(field, survey.kind) > 0)
      .map((field) => ({ ...namesOf(field.seen), field })),
  }));
}

/** What entities are named by, from all of their names. */
export function namesOf(values: ReadonlySet<string>): Pick<TargetKey, "values" | "slugs"> {
  const isWords = [...values].some((text) => text.includes(" "));
  return { values, slugs: new Set(isWords ? [...values].map(slugOfText).filter((slug) => slug !== "") : []) };
}

/** Finds the fields of a source whose values name entities of targets, each with the target that most of them name. */
export function findRelations(survey: Survey, targets: readonly Target[]): FoundRelation[] {
  return survey.fields.flatMap((field) => {
    if (!canName(field)) return [];
    const matches = targets.flatMap((target) =>
      target.keys.flatMap((key) => {
        if (key.field === field) return [];
        const match = matchOf(field, survey, target, key);
        return match === undefined ? [] : [match];
      }),
    );
    const [best] = matches.sort((a, b) => weightOf(b, survey) - weightOf(a, survey));
    return best === undefined ? [] : [best];
  });
}

/** The texts of a field that may name entities: what a catalog is asked about. */
export function namesIn(field: FieldStats): readonly string[] {
  return canName(field) ? [...field.seen].slice(0, maxLooked) : [];
}

function canName(field: FieldStats): boolean {
  const { values, types, dates, fits, items, numbers } = field;
  if (values === 0 || types.has("boolean") || types.has("object") || isWord(field)) return false;
  if (types.has("array")) return items.size === 1 && items.has("string");
  const moments = dates.full + dates.isoDay + dates.clear + dates.dayFirst + dates.monthFirst + dates.either;
  if (moments > values / 2 || (fits.get("url") ?? 0) > values / 2) return false;
  return numbers.byUnit.size === 0 || numbers.byUnit.size === 1;
}

/** A number with a fraction, a date or long text identifies nothing, though all of its values differ. */
function isMeasure({ dates, fits, seen, longest }: FieldStats): boolean {
  const moments = dates.full + dates.isoDay + dates.clear + dates.dayFirst + dates.monthFirst + dates.either;
  return moments > 0 || fits.has("lines") || longest > 200 || [...seen].some((text) => /^-?\d+[.,]\d+$/.test(text));
}

/** True or false in words names nothing. */
function isWord({ distinct, values }: FieldStats): boolean {
  return booleanWords(distinct, values)?.count === values;
}

function matchOf(field: FieldStats, survey: Survey, target: Target, key: TargetKey): FoundRelation | undefined {
  const isNamed = isNamedAfter(field, target, key);
  const isOwn = target.survey === survey;
  // What differs in nearly every record is another name of the record itself, not a link to another one.
  const isOwnKey = isKey(field, survey);
  if (isOwn && isOwnKey && !isLinkName(field)) return undefined;
  if (isOwn && key.field !== undefined && (field.echoes.get(key.field) ?? 0) > field.values * 0.3) return undefined;
  const wanted = isNamed && !isOwnKey ? minNamedShare : minShare;
  const ways: readonly (string | undefined)[] = field.types.has("array") ? ["array"] : [undefined, ...listDelimiters];
  let best: FoundRelation | undefined;
  for (const list of ways) {
    const names = namesBy(field, list);
    if (names === undefined) continue;
    const found = resolve(names, key);
    const share = found.resolved / Math.max(1, names.size);
    if (found.resolved === 0 || share < wanted) continue;
    if (!isNamed && (found.resolved < Math.min(3, key.values.size) || names.size < 2 || isPlain(names))) continue;
    if (best !== undefined && share <= best.resolved / best.different) continue;
    best = { field, target, key, ...(list !== undefined && { list }), different: names.size, ...found };
  }
  return best;
}

/** The different names in a field's values, read alone or as lists; undefined where no value is such a list. */
function namesBy({ seen, lists }: FieldStats, list: string | undefined): ReadonlySet<string> | undefined {
  const texts = [...seen].slice(0, maxLooked);
  if (list === undefined || list === "array") return new Set(texts.map((text) => text.trim()));
  if ((lists.get(list)?.held ?? 0) === 0) return undefined;
  return new Set(texts.flatMap((text) => text.split(list).map((part) => part.trim())).filter(Boolean));
}

function resolve(names: ReadonlySet<string>, { values, slugs }: TargetKey): Pick<FoundRelation, "resolved" | "lost"> {
  const lost: string[] = [];
  let resolved = 0;
  for (const name of names) {
    if (values.has(name) || slugs.has(slugOfText(name))) resolved++;
    else if (lost.length < maxLost) lost.push(name);
  }
  return { resolved, lost };
}

/** Bare numbers and short words are found anywhere; only the name tells that they name something. */
function isPlain(names: ReadonlySet<string>): boolean {
  return [...names].every((name) => /^\d{1,9}$/.test(name) || name.length <= 2);
}

function isNamedAfter({ path }: FieldStats, { blueprint, from }: Target, { field }: TargetKey): boolean {
  const own = normalName(path.join(" "));
  const wanted = [blueprint, from, field === undefined ? "" : field.path.join(" ")]
    .map(normalName)
    .filter((name) => !/^(?:metadata|attributes|fields)?(?:id|uid|name|title|label|key|code|number)$/.test(name));
  return wanted.some((name) => name.length > 2 && own.includes(name)) || isLinkName({ path });
}

function isLinkName({ path }: Pick<FieldStats, "path">): boolean {
  return /parent|depends/.test(normalName(path.join(" ")));
}

function weightOf({ resolved, different, key, target, field }: FoundRelation, survey: Survey): number {
  const share = resolved / Math.max(1, different);
  const isIdentifier = key.property === "$identifier" || /(?:^|\W)(?:id|key)$/i.test(key.field?.path.join(" ") ?? "");
  return (
    share * 10 +
    (isNamedAfter(field, target, key) ? 2 : 0) +
    (isIdentifier ? 1 : 0) -
    (target.survey === survey ? 0.5 : 0) -
    (target.survey === undefined ? 1 : 0)
  );
}
