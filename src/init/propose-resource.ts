import type { Blueprint, Property } from "../blueprint.js";
import type { FieldStats } from "./field-stats.js";
import { fitField } from "./fit-field.js";
import { blueprintName, inWords, normalName, pathExpression, propertyKey } from "./names.js";
import { proposeField } from "./propose-field.js";
import { type IdentifierProposal, proposeIdentifier } from "./propose-identifier.js";
import type { Survey } from "./survey.js";

/** One line of the proposed mapping. */
export interface ProposedLeaf {
  readonly key: string;
  readonly expression: string;
  readonly comment: string;
  /** Why it stands there as a comment only. */
  readonly out?: string;
}

/** The proposed mapping of one kind. */
export interface ResourceProposal {
  readonly survey: Survey;
  readonly blueprint: string;
  readonly identifier: IdentifierProposal | undefined;
  readonly title?: string;
  readonly properties: readonly ProposedLeaf[];
  readonly relations: readonly ProposedLeaf[];
  /** Formats of numeric dates, by column. */
  readonly dates: Readonly<Record<string, string>>;
  readonly questions: readonly string[];
  /** The blueprint that fits the mapping, where none was given. */
  readonly made?: Blueprint;
}

/** Fields that an import of the proposal refused, by their path (`properties.x`), with why. */
export type Refused = ReadonlyMap<string, string>;

/** Proposes how a source's records become entities of a blueprint that is made for them. */
export function proposeResource(survey: Survey, refused: Refused): ResourceProposal {
  const { fields, kind } = survey;
  const { identifier, title, rest, head } = proposeHead(survey);
  const keys = new Set<string>();
  const properties: ProposedLeaf[] = [];
  const questions = [...head];
  const schema: Record<string, Property> = {};
  const dates: Record<string, string> = {};
  for (const field of rest) {
    const key = freeKey(propertyKey(field.path), keys, fields.indexOf(field));
    const proposal = proposeField(field, survey);
    if (proposal === undefined) {
      properties.push({ key, expression: pathExpression(field.path), comment: "", out: "has no value in any record" });
      continue;
    }
    const why = refused.get(`properties.${key}`);
    if (why !== undefined) {
      schema[key] = { type: "string", title: proposal.property.title ?? key };
      properties.push({
        key,
        expression: `${pathExpression(field.path)} | values | if type == "string" then . else tojson end`,
        comment: `as text, since not all fit: ${why}`,
      });
      continue;
    }
    schema[key] = proposal.property;
    properties.push({ key, expression: proposal.expression, comment: proposal.seen });
    if (proposal.date !== undefined && field.path[0] !== undefined) dates[field.path[0]] = proposal.date;
    if (proposal.question !== undefined) questions.push(proposal.question);
  }
  const blueprint = blueprintName(kind);
  const made: Blueprint = {
    identifier: blueprint,
    title: inWords(blueprint).slice(0, 100),
    schema: { properties: schema, required: [] },
    relations: {},
  };
  return {
    survey,
    blueprint,
    identifier,
    ...(title !== undefined && { title }),
    properties,
    relations: [],
    dates,
    questions,
    made,
  };
}

/** Proposes how a source's records become entities of a given blueprint: fields are matched by name, and typed by the blueprint. */
export function matchResource(survey: Survey, blueprint: Blueprint, refused: Refused): ResourceProposal {
  const { identifier, title, rest, head } = proposeHead(survey);
  const left = new Set(rest);
  const questions = [...head];
  const dates: Record<string, string> = {};
  const required = new Set(blueprint.schema.required);
  const properties: ProposedLeaf[] = [];
  for (const [key, property] of Object.entries(blueprint.schema.properties)) {
    const field = findField(left, [key, property.title ?? ""]);
    if (field === undefined) {
      if (required.has(key))
        questions.push(
          `property "${key}" is required, and no ${survey.isTabular ? "column" : "key"} has its name; what gives it?`,
        );
      continue;
    }
    left.delete(field);
    const { expression, comment, date } = fitField(field, property, survey.records);
    const why = refused.get(`properties.${key}`);
    properties.push({ key, expression, comment, ...(why !== undefined && { out: why }) });
    if (why !== undefined) questions.push(`${pathExpression(field.path)} does not fit the property "${key}": ${why}`);
    else if (date !== undefined && field.path[0] !== undefined) dates[field.path[0]] = date;
  }
  const relations: ProposedLeaf[] = [];
  for (const [key, relation] of Object.entries(blueprint.relations ?? {})) {
    const field = findField(left, [key, relation.title ?? ""]) ?? findField(left, [relation.target]);
    if (field === undefined) {
      if (relation.required)
        questions.push(
          `relation "${key}" is required, and no ${survey.isTabular ? "column" : "key"} has its name; what gives it?`,
        );
      continue;
    }
    left.delete(field);
    const { expression, comment } = fitField(
      field,
      relation.many ? { type: "array" } : { type: "string" },
      survey.records,
    );
    const why = refused.get(`relations.${key}`);
    relations.push({
      key,
      expression,
      comment: `${comment}; targets are entities of "${relation.target}"`,
      ...(why !== undefined && { out: why }),
    });
    questions.push(
      why === undefined
        ? `are the values of ${pathExpression(field.path)} identifiers of "${relation.target}", and are those in the catalog before?`
        : `${pathExpression(field.path)} does not fit the relation "${key}": ${why}`,
    );
  }
  for (const { path, values } of left)
    if (values > 0) questions.push(`${pathExpression(path)} has no property in the blueprint; is it wanted?`);
  return {
    survey,
    blueprint: blueprint.identifier,
    identifier,
    ...(title !== undefined && { title }),
    properties,
    relations,
    dates,
    questions,
  };
}

function proposeHead(survey: Survey) {
  const identifier = proposeIdentifier(survey);
  const titled = survey.fields.find(
    (field) =>
      field.types.has("string") &&
      field.types.size === 1 &&
      ["name", "title", "displayname", "label"].includes(normalName(field.path.join(" "))),
  );
  const title = titled ?? identifier?.field;
  const rest = survey.fields.filter(
    (field) => field !== titled && (field !== identifier?.field || identifier.expression.includes("scan(")),
  );
  const head = [
    ...(identifier === undefined ? ["nothing tells the records apart; which expression gives the identifier?"] : []),
    ...(identifier?.question === undefined ? [] : [identifier.question]),
  ];
  return { identifier, title: title === undefined ? undefined : pathExpression(title.path), rest, head };
}

/** The field of one of the names; a field whose name goes on (`Owner Team` for `owner`) where none has it. */
function findField(fields: ReadonlySet<FieldStats>, names: readonly string[]): FieldStats | undefined {
  const wanted = names.map(normalName).filter((name) => name !== "");
  const all = [...fields].filter(({ values }) => values > 0);
  const exact = all.find(
    ({ path }) => wanted.includes(normalName(path.join(" "))) || wanted.includes(normalName(path.at(-1) ?? "")),
  );
  return (
    exact ??
    all.find(({ path }) => wanted.some((name) => name.length > 3 && normalName(path.join(" ")).startsWith(name)))
  );
}

function freeKey(key: string, taken: Set<string>, index: number): string {
  const base = key === "" ? `column${index + 1}` : key;
  let free = base;
  for (let more = 2; taken.has(free); more++) free = `${base}${more}`;
  taken.add(free);
  return free;
}
