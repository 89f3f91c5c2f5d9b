import type { Blueprint, Property, Relation } from "../blueprint.js";
import type { ColumnOptions } from "../source-options.js";
import type { FieldStats } from "./field-stats.js";
import type { FoundRelation } from "./find-relations.js";
import { blueprintName, inWords, normalName, pathExpression, propertyKey, stemOf } from "./names.js";
import type { Head, ProposedLeaf, Refused, ResourceProposal } from "./proposal.js";
import { proposeField } from "./propose-field.js";
import type { IdentifierProposal } from "./propose-identifier.js";
import { proposeRelation } from "./propose-relation.js";
import type { Survey } from "./survey.js";

/** Chooses title and keys beside an identifier; a field that is neither identifier nor title becomes a property. */
export function headOf(survey: Survey, identifier: IdentifierProposal | undefined): Head {
  const titled = titleField(survey, identifier);
  const taken = new Set<string>();
  const keys = new Map<FieldStats, string>();
  for (const [index, field] of survey.fields.entries()) {
    if (field === titled || (field === identifier?.field && !identifier.isSlug)) continue;
    keys.set(field, freeKey(propertyKey(shownPath(field.path)), taken, index));
  }
  return { identifier, title: titled ?? identifier?.field, keys };
}

/** The field that people call a record by: `name`, then `asset_name` beside `asset_id` or of assets, then the only name, then a summary. */
function titleField({ fields, kind }: Survey, identifier: IdentifierProposal | undefined): FieldStats | undefined {
  const texts = fields.filter(
    ({ types, longest, values, fits }) =>
      types.size === 1 && types.has("string") && longest <= maxTitle && values > 0 && !fits.has("lines"),
  );
  const nameOf = ({ path }: FieldStats): string =>
    normalName(
      shownPath(path)
        .join(" ")
        .replace(/^metadata /, ""),
    );
  const called = (...names: readonly string[]): FieldStats | undefined =>
    texts.find((field) => names.includes(nameOf(field)));
  const singular = normalName(blueprintName(kind));
  const stem = identifier === undefined ? "" : stemOf(identifier.field.path);
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
    called(...of("name"), ...of("title"), ...of("displayname"), ...of("label")) ??
    called("hostname", "computername", "fqdn", "fullname") ??
    (names.length === 1 ? names[0] : undefined) ??
    called("shortdescription", "summary", "subject")
  );
}

/** Longest text of a title. */
const maxTitle = 200;

/** A path without ServiceNow's `display_value`, which its field is known by. */
function shownPath(path: readonly string[]): readonly string[] {
  return path.length > 1 && path.at(-1) === "display_value" ? path.slice(0, -1) : path;
}

/** True for what ServiceNow sends beside `display_value`: the stored value, and the address of what is referred to. */
function isBesideDisplay({ path }: FieldStats, { fields }: Survey): boolean {
  const last = path.at(-1);
  if (path.length < 2 || (last !== "value" && last !== "link")) return false;
  const display = JSON.stringify([...path.slice(0, -1), "display_value"]);
  return fields.some((other) => JSON.stringify(other.path) === display);
}

/** Proposes how a source's records become entities of a blueprint that is made for them. */
export function proposeResource(
  survey: Survey,
  head: Head,
  relations: readonly FoundRelation[],
  heads: ReadonlyMap<Survey, Head>,
  refused: Refused,
): ResourceProposal {
  const { identifier, title, keys } = head;
  const questions = headQuestions(head);
  const properties: ProposedLeaf[] = [];
  const schema: Record<string, Property> = {};
  const columns: Record<string, ColumnOptions> = {};
  const blanks = new Set<string>();
  const links: ProposedLeaf[] = [];
  const related: Record<string, Relation> = {};
  const taken = new Set(keys.values());
  for (const found of relations) {
    const key = relationKey(keys.get(found.field) ?? found.target.blueprint, taken);
    const link = proposeRelation(found, key, heads);
    const why = refused.get(`${survey.kind} relations.${key}`);
    links.push({ ...link.leaf, ...(why !== undefined && { out: why }) });
    related[key] = link.relation;
    Object.assign(columns, link.columns);
    questions.push(...link.questions);
  }
  const linked = new Set(relations.map(({ field }) => field));
  for (const [field, key] of keys) {
    if (linked.has(field) || isBesideDisplay(field, survey)) continue;
    const proposal = proposeField(field, survey);
    if (proposal === undefined) {
      properties.push({ key, expression: pathExpression(field.path), comment: "", out: "has no value in any record" });
      continue;
    }
    const why = refused.get(`${survey.kind} properties.${key}`);
    if (why !== undefined) {
      schema[key] = { type: "string", title: proposal.property.title ?? key };
      const expression = `${pathExpression(field.path)} | values | if type == "string" then . else tojson end`;
      properties.push({ key, expression, comment: `as text, since too many do not fit: ${why}` });
      continue;
    }
    schema[key] = proposal.property;
    properties.push({ key, expression: proposal.expression, comment: proposal.seen });
    for (const blank of proposal.blanks ?? []) blanks.add(blank);
    const [column] = field.path;
    if (proposal.column !== undefined && column !== undefined) columns[column] = proposal.column;
    if (proposal.question !== undefined) questions.push(proposal.question);
  }
  const blueprint = blueprintName(survey.kind);
  const made: Blueprint = {
    identifier: blueprint,
    title: inWords(blueprint).slice(0, 100),
    schema: { properties: schema, required: [] },
    relations: related,
  };
  return {
    survey,
    blueprint,
    identifier,
    ...(title !== undefined && { title: titleOf(title) }),
    properties,
    relations: links,
    columns,
    blanks: [...blanks].filter((blank) => !isValueElsewhere(blank, survey, schema, keys)),
    questions,
    made,
  };
}

/** The questions that identifier and title raise. */
export function headQuestions({ identifier }: Head): string[] {
  if (identifier === undefined) return ["nothing tells the records apart; which expression gives the identifier?"];
  return identifier.question === undefined ? [] : [identifier.question];
}

/** The expression of a title: text, whatever the field holds. */
export function titleOf({ path, types }: FieldStats): string {
  return types.has("number") ? `${pathExpression(path)} | values | tostring` : pathExpression(path);
}

/** A word that some field of words holds as a value cannot be a blank of the whole source. */
function isValueElsewhere(
  blank: string,
  survey: Survey,
  schema: Readonly<Record<string, Property>>,
  keys: ReadonlyMap<FieldStats, string>,
): boolean {
  return survey.fields.some((field) => {
    const property = schema[keys.get(field) ?? ""];
    const isText = property === undefined || (property.type === "string" && property.format === undefined);
    return isText && field.seen.has(blank);
  });
}

/** A relation is called after what it leads to: `asset` for `assetId`, where no other field has that name. */
function relationKey(key: string, taken: Set<string>): string {
  const stem = key.replace(/(?<=[a-z])(?:SysId|Ids?|Uuid|Identifiers?|Key|Value)$/, "");
  const free = taken.has(stem) ? key : stem;
  taken.add(free);
  return free;
}

function freeKey(key: string, taken: Set<string>, index: number): string {
  const base = key === "" ? `column${index + 1}` : key;
  let free = base;
  for (let more = 2; taken.has(free); more++) free = `${base}${more}`;
  taken.add(free);
  return free;
}
