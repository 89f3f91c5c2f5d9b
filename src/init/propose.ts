import type { Blueprint, Property, Relation } from "../blueprint.js";
import type { ColumnOptions } from "../source-options.js";
import { type FieldStats, trimmedPath } from "./field-stats.js";
import { findRelations, proposeRelation, targetsOf } from "./find-relations.js";
import { inWords, pathExpression, propertyKey, stemOf } from "./names.js";
import type {
  FoundRelation,
  ProposedHead,
  ProposedLeaf,
  RefusedFields,
  RelationTarget,
  ResourceProposal,
} from "./proposal.js";
import { proposeField } from "./propose-field.js";
import {
  type IdentifierProposal,
  isBesideDisplay,
  proposeIdentifier,
  proposeTitle,
  rankOf,
  shownPath,
} from "./propose-identifier.js";
import type { Survey } from "./survey.js";

/** Chooses title and keys beside an identifier; a field that is neither identifier nor title becomes a property. */
export function headOf(survey: Survey, identifier: IdentifierProposal | undefined): ProposedHead {
  const titled = proposeTitle(survey, identifier);
  const taken = new Set<string>();
  const keys = new Map<FieldStats, string>();
  for (const [index, field] of survey.fields.entries()) {
    if (field === titled || (field === identifier?.field && !identifier.isSlug)) continue;
    keys.set(field, freeKey(propertyKey(shownPath(field.name)), taken, index));
  }
  return { identifier, title: titled ?? identifier?.field, keys };
}

/** Proposes how a source's records become entities of a blueprint that is made for them. */
function proposeResource(
  survey: Survey,
  head: ProposedHead,
  relations: readonly FoundRelation[],
  heads: ReadonlyMap<Survey, ProposedHead>,
  refused: RefusedFields,
): ResourceProposal {
  const { identifier, title, keys } = head;
  const questions = [...headQuestions(head), ...kindQuestions(survey)];
  const properties: ProposedLeaf[] = [];
  const schema: Record<string, Property> = {};
  const columns: Record<string, ColumnOptions> = {};
  const links: ProposedLeaf[] = [];
  const related: Record<string, Relation> = {};
  const fieldKeys = new Set(keys.values());
  const taken = new Set<string>();
  for (const found of relations) {
    const key = relationKey(keys.get(found.field) ?? propertyKey([found.target.blueprint]), fieldKeys, taken);
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
    const [column] = field.path;
    if (proposal.column !== undefined && column !== undefined) columns[column] = proposal.column;
    if (proposal.question !== undefined) questions.push(proposal.question);
  }
  const { blueprint } = survey;
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
    questions,
    made,
  };
}

/** The questions that identifier and title raise. */
export function headQuestions({ identifier }: ProposedHead): string[] {
  if (identifier === undefined) return ["nothing tells the records apart; which expression gives the identifier?"];
  return identifier.question === undefined ? [] : [identifier.question];
}

/** Documents that say of themselves what they are, as Backstage's and Kubernetes' do, may be of several blueprints. */
function kindQuestions({ fields, isTabular }: Survey): string[] {
  const [kind] = isTabular ? [] : fields.filter(({ path }) => path.length === 1 && path[0] === "kind");
  const words = [...(kind?.distinct.keys() ?? [])];
  if (words.length < 2 || words.length > 12) return [];
  return [
    `does each kind (${words.join(", ")}) deserve a blueprint of its own? Then give each a resource with the selector .kind == ${JSON.stringify(words[0])}`,
  ];
}

/** The expression of a title: text, whatever the field holds. */
export function titleOf(field: FieldStats): string {
  return field.types.has("number") ? `${pathExpression(field.path)} | values | tostring` : trimmedPath(field);
}

/** A relation is called after what it leads to: `asset` for `assetId`, where no other field or relation has that name. */
function relationKey(key: string, fields: ReadonlySet<string>, taken: Set<string>): string {
  const stem = key.replace(/(?<=[a-z])(?:SysId|Ids?|Uuid|Identifiers?|Key|Value)$/, "");
  return freeKey(fields.has(stem) || taken.has(stem) ? key : stem, taken, 0);
}

function freeKey(key: string, taken: Set<string>, index: number): string {
  const base = key === "" ? `column${index + 1}` : key;
  let free = base;
  for (let more = 2; taken.has(free); more++) free = `${base}${more}`;
  taken.add(free);
  return free;
}

/**
 * Proposes the mapping of all sources of a call together: their identifiers, the relations between them and into the catalog, and a blueprint for each.
 *
 * @returns one proposal a source, targets of relations first
 */
export function proposeAll(
  surveys: readonly Survey[],
  catalog: readonly RelationTarget[],
  refused: RefusedFields,
): ResourceProposal[] {
  const targets = [...targetsOf(surveys), ...catalog];
  const relations = new Map(
    surveys.map((survey) => [survey, withoutEchoes(withoutAddresses(findRelations(survey, targets)))]),
  );
  const referenced = new Set(
    [...relations.values()].flat().flatMap(({ key }) => (key.field === undefined ? [] : [key.field])),
  );
  const heads = new Map<Survey, ProposedHead>(
    surveys.map((survey) => [survey, headOf(survey, proposeIdentifier(survey, referenced))]),
  );
  return targetsFirst(surveys, relations).map((survey) =>
    proposeResource(survey, heads.get(survey) as ProposedHead, relations.get(survey) ?? [], heads, refused),
  );
}

/** An e-mail address beside another link to the same target is a contact: it stays a property. */
function withoutAddresses(relations: readonly FoundRelation[]): readonly FoundRelation[] {
  const linked = new Set(relations.filter((found) => !isByAddress(found)).map(({ target }) => target));
  return relations.filter((found) => !isByAddress(found) || !linked.has(found.target));
}

/** Of `owner_id` and `owner_name`, which name the same entity, the likelier identifier is the relation; the other one stays a property. */
function withoutEchoes(relations: readonly FoundRelation[]): readonly FoundRelation[] {
  const rank = ({ key, target, different }: FoundRelation): number =>
    key.field === undefined
      ? key.property === "$identifier"
        ? 40
        : 0
      : rankOf(key.field, target.from) + different / 1e6;
  return relations.filter((found) =>
    relations.every(
      (other) =>
        other === found ||
        other.target !== found.target ||
        stemOf(other.field.name) !== stemOf(found.field.name) ||
        rank(other) <= rank(found),
    ),
  );
}

function isByAddress({ field }: FoundRelation): boolean {
  return (field.fits.get("email") ?? 0) > field.values / 2;
}

function targetsFirst(
  surveys: readonly Survey[],
  relations: ReadonlyMap<Survey, readonly FoundRelation[]>,
): readonly Survey[] {
  const ordered = new Set<Survey>();
  const entered = new Set<Survey>();
  const visit = (survey: Survey): void => {
    if (entered.has(survey)) return;
    entered.add(survey);
    for (const { target } of relations.get(survey) ?? []) if (target.survey !== undefined) visit(target.survey);
    ordered.add(survey);
  };
  surveys.forEach(visit);
  return [...ordered];
}
