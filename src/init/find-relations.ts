import type { Relation } from "../blueprint.js";
import { trimExpression } from "../check/diagnostics.js";
import type { ColumnOptions } from "../source-options.js";
import { type FieldStats, listDelimiters, trimmedPath } from "./field-stats.js";
import { inWords, normalName, pathExpression } from "./names.js";
import type { FoundRelation, ProposedHead, ProposedLeaf, RelationTarget, TargetKey } from "./proposal.js";
import { isKey, rankOf, slugExpression, slugOfText } from "./propose-identifier.js";
import type { Survey } from "./survey.js";
import { booleanWords } from "./value-forms.js";

/** Share of different values that must name an entity; less is asked of a field that is named after its target. */
const minShare = 0.8;
const minNamedShare = 0.4;
/** Different values that must name an entity where no name suggests it: two may match by chance. */
const minUnnamed = 3;
/** Different values that are looked at. */
const maxLooked = 2000;
const maxLost = 3;

/** The targets that surveyed sources are to each other and to themselves. */
export function targetsOf(surveys: readonly Survey[]): RelationTarget[] {
  return surveys.map((survey) => ({
    blueprint: survey.blueprint,
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
export function findRelations(survey: Survey, targets: readonly RelationTarget[]): FoundRelation[] {
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

function matchOf(field: FieldStats, survey: Survey, target: RelationTarget, key: TargetKey): FoundRelation | undefined {
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
    if (!isNamed && (found.resolved < minUnnamed || isPlain(names))) continue;
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

/** Bare numbers and short words are found anywhere; only the name shows that they name something. */
function isPlain(names: ReadonlySet<string>): boolean {
  return [...names].every((name) => /^\d{1,9}$/.test(name) || name.length <= 2);
}

function isNamedAfter({ path }: FieldStats, { blueprint, from }: RelationTarget, { field }: TargetKey): boolean {
  const own = normalName(path.join(" "));
  const wanted = [blueprint, from, field !== undefined && rankOf(field, from) > 0 ? field.name.join(" ") : ""]
    .map(normalName)
    .filter((name) => !/^(?:metadata|attributes|fields)?(?:id|uid|name|title|label|key|code|number)$/.test(name));
  return wanted.some((name) => name.length > 2 && own.includes(name)) || isLinkName({ path });
}

function isLinkName({ path }: Pick<FieldStats, "path">): boolean {
  return /parent|depends/.test(normalName(path.join(" ")));
}

function weightOf({ resolved, different, key, target, field }: FoundRelation, survey: Survey): number {
  const share = resolved / Math.max(1, different);
  const isIdentifier = key.property === "$identifier" || /(?:^|\W)(?:id|key)$/i.test(key.field?.name.join(" ") ?? "");
  return (
    share * 10 +
    (isNamedAfter(field, target, key) ? 2 : 0) +
    (isIdentifier ? 1 : 0) -
    (target.survey === survey ? 0.5 : 0) -
    (target.survey === undefined ? 1 : 0)
  );
}

/** A relation as the mapping, the blueprint and the reading of its column have it. */
export interface ProposedRelation {
  readonly leaf: ProposedLeaf;
  readonly relation: Relation;
  readonly columns: Readonly<Record<string, ColumnOptions>>;
  readonly questions: readonly string[];
}

/** Proposes a relation: by identifier where the values are identifiers, else by a search. */
export function proposeRelation(
  found: FoundRelation,
  key: string,
  heads: ReadonlyMap<Survey, ProposedHead>,
): ProposedRelation {
  const { field, target, list, different, resolved, lost } = found;
  const path = pathExpression(field.path);
  const isMany = list !== undefined;
  const isColumn = field.path.length === 1;
  const [column = ""] = field.path;
  const isSplit = isMany && list !== "array";
  const way = wayOf(found, heads);
  const names = isMany
    ? `${path} | values${isSplit && !isColumn ? ` | split(${JSON.stringify(list)}) | map(${trimExpression} | select(. != ""))` : ""}`
    : field.types.has("number")
      ? `${path} | values | tostring`
      : field.spaced > 0
        ? trimmedPath(field)
        : `${path} | values`;
  const plain = names === `${path} | values` ? path : names;
  const slugs = isMany ? `${names} | map(${slugExpression(".")})` : slugExpression(names);
  const expression =
    way.is === "search"
      ? ({ property: way.property, operator: isMany ? "in" : "=", value: plain } as const)
      : way.is === "slug"
        ? slugs
        : plain;
  const named = way.is === "search" ? `by ${way.property}` : "by identifier";
  const seen = `${resolved} of ${different} different ${isMany ? "names in the lists" : "values"} name a "${target.blueprint}" ${named}`;
  return {
    leaf: { key, expression, comment: lost.length === 0 ? seen : `${seen}, not ${lost.map(shown).join(", ")}` },
    relation: {
      title: inWords(field.name.join(" "))
        .replace(/(?<=.) (?:sys ID|IDs?|UUID|identifiers?|key|display value|value)$/i, "")
        .slice(0, 100),
      target: target.blueprint,
      required: false,
      many: isMany,
    },
    columns: isSplit && isColumn ? { [column]: { split: list.trim() } } : {},
    questions: [
      ...(way.is === "search"
        ? [
            `is there a column with the identifier of "${target.blueprint}"? ${path} is found by a search, which sync cannot compare, so that it writes these entities each time`,
          ]
        : []),
      ...(lost.length > 0 ? [lostQuestion(found, path)] : []),
    ],
  };
}

function lostQuestion({ different, resolved, target, lost }: FoundRelation, path: string): string {
  return `${different - resolved} of ${different} values of ${path} name no "${target.blueprint}", as ${lost.map(shown).join(", ")}; their records are written without the relation, and reported. Are they mistakes?`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

type Way =
  | { readonly is: "identifier" }
  | { readonly is: "slug" }
  | { readonly is: "search"; readonly property: string };

/** How a name leads to its entity. */
function wayOf({ target, key }: FoundRelation, heads: ReadonlyMap<Survey, ProposedHead>): Way {
  if (target.survey === undefined || key.field === undefined) {
    const property = key.property ?? "$identifier";
    return property === "$identifier" ? { is: "identifier" } : { is: "search", property };
  }
  const head = heads.get(target.survey);
  if (head?.identifier?.field === key.field) return { is: head.identifier.isSlug ? "slug" : "identifier" };
  if (head?.title === key.field) return { is: "search", property: "$title" };
  return { is: "search", property: head?.keys.get(key.field) ?? "$identifier" };
}
