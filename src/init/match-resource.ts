import { provenDates } from "../authoring/date-readings.js";
import type { Blueprint, Property } from "../blueprint.js";
import type { ColumnOptions } from "../source-options.js";
import { type FieldStats, listDelimiters, splitExpression, trimmedPath } from "./field-stats.js";
import { normalName, pathExpression } from "./names.js";
import { numberExpression, numberWriting } from "./numbers.js";
import type { FieldProposal, ProposedLeaf, RefusedFields, ResourceProposal } from "./proposal.js";
import { headOf, headQuestions, titleOf } from "./propose.js";
import { withoutSoft } from "./propose-field.js";
import { proposeIdentifier } from "./propose-identifier.js";
import type { Survey } from "./survey.js";
import { booleanExpression, booleanWords, dateExpression, days } from "./value-forms.js";

/** Proposes how a source's records become entities of a given blueprint: fields are matched by name, and typed by the blueprint. */
export function matchResource(survey: Survey, blueprint: Blueprint, refused: RefusedFields): ResourceProposal {
  const { kind, records, isTabular } = survey;
  const head = headOf(survey, proposeIdentifier(survey));
  const left = new Set(head.keys.keys());
  const questions = headQuestions(head);
  const columns: Record<string, ColumnOptions> = {};
  const what = isTabular ? "column" : "key";
  const match = (group: "properties" | "relations", key: string, names: readonly string[], wanted: WantedField) => {
    const field = findField(left, names);
    if (field === undefined) return undefined;
    left.delete(field);
    const { expression, comment, column, question } = fitField(field, wanted, records);
    const why = refused.get(`${kind} ${group}.${key}`);
    const [name] = field.path;
    if (why !== undefined)
      questions.push(
        `${pathExpression(field.path)} does not fit the ${group === "properties" ? "property" : "relation"} "${key}": ${why}`,
      );
    else {
      if (column !== undefined && name !== undefined) columns[name] = column;
      if (question !== undefined) questions.push(question);
    }
    return { field, leaf: { key, expression, comment, ...(why !== undefined && { out: why }) } };
  };
  const properties: ProposedLeaf[] = [];
  const required = new Set(blueprint.schema.required);
  for (const [key, property] of Object.entries(blueprint.schema.properties)) {
    const matched = match("properties", key, [key, property.title ?? ""], property);
    if (matched !== undefined) properties.push(matched.leaf);
    else if (required.has(key))
      questions.push(`property "${key}" is required, and no ${what} has its name; what gives it?`);
  }
  const relations: ProposedLeaf[] = [];
  for (const [key, relation] of Object.entries(blueprint.relations ?? {})) {
    const wanted: WantedField = relation.many ? { type: "array" } : { type: "string" };
    const matched =
      match("relations", key, [key, relation.title ?? ""], wanted) ??
      match("relations", key, [relation.target], wanted);
    if (matched === undefined) {
      if (relation.required)
        questions.push(`relation "${key}" is required, and no ${what} has its name; what gives it?`);
      continue;
    }
    const { leaf, field } = matched;
    relations.push({ ...leaf, comment: `${leaf.comment}; targets are entities of "${relation.target}"` });
    if (leaf.out === undefined)
      questions.push(
        `are the values of ${pathExpression(field.path)} identifiers of "${relation.target}", and are those in the catalog before?`,
      );
  }
  for (const { path, values } of left)
    if (values > 0) questions.push(`${pathExpression(path)} has no property in the blueprint; is it wanted?`);
  return {
    survey,
    blueprint: blueprint.identifier,
    identifier: head.identifier,
    ...(head.title !== undefined && { title: titleOf(head.title) }),
    properties,
    relations,
    columns,
    questions,
  };
}

/** Formats in which no word is a value. */
const wordless: readonly string[] = ["date-time", "url", "email", "ipv4", "ipv6"];

type WantedField = Pick<Property, "type" | "format">;

/** How a field's values are brought to a given property. Whether all of them fit is found by a trial, not here. */
function fitField(stats: FieldStats, wanted: WantedField, records: number): Fitted {
  const fitted = fitValues(stats, wanted, records);
  const isTyped = wanted.type === "number" || wanted.type === "boolean" || wordless.includes(wanted.format ?? "");
  const soft = [...stats.soft.values()].reduce((sum, { count }) => sum + count, 0);
  return isTyped && soft > 0 && soft < stats.values ? { ...fitted, ...withoutSoft(stats, fitted) } : fitted;
}

type Fitted = Pick<FieldProposal, "expression" | "column" | "question"> & { readonly comment: string };

function fitValues(stats: FieldStats, { type, format }: WantedField, records: number): Fitted {
  const path = pathExpression(stats.path);
  const isColumn = stats.path.length === 1;
  const given = (expression: string, comment: string, column?: ColumnOptions) => ({
    expression,
    comment: `${comment}, ${stats.values} of ${records}`,
    ...(column !== undefined && { column }),
  });
  if (type === "array") {
    if (stats.types.has("array")) return given(path, "lists");
    const held = (delimiter: string): number => stats.lists.get(delimiter)?.held ?? 0;
    const delimiter = listDelimiters.find(
      (each) => held(each) > 0 && listDelimiters.every((other) => held(other) <= held(each) || each.startsWith(other)),
    );
    if (delimiter === undefined) return given(`${path} | values | [.]`, "one value each");
    const comment = `lists by ${JSON.stringify(delimiter)}`;
    return isColumn
      ? given(path, comment, { split: delimiter.trim() })
      : given(`${path} | values | ${splitExpression(delimiter)}`, comment);
  }
  if (format === "date-time" && stats.values > 0) {
    const { isoDay, clear, full } = stats.dates;
    if (isoDay >= stats.values / 2 && clear === 0 && full === 0) return given(`${path} | values + "T00:00:00Z"`, days);
    const proven = full < stats.values / 2 ? provenDates(stats.dates) : undefined;
    const comment = `dates as ${proven?.format}`;
    const expression = proven === undefined || isColumn ? path : dateExpression(path, proven.format);
    if (proven !== undefined && isColumn)
      return given(path, comment, { date: proven.format, ...(!proven.hasOffset && { zone: "UTC" }) });
    if (proven !== undefined && expression !== undefined) return given(expression, comment);
    if (stats.epochs.seconds === stats.values)
      return given(`${path} | values | tonumber | todate`, "seconds since 1970");
    if (stats.epochs.milliseconds === stats.values)
      return given(`${path} | values | tonumber / 1000 | floor | todate`, "milliseconds since 1970");
  }
  if (type === "number" && stats.types.has("string")) {
    const writing = numberWriting(stats.numbers)?.writing;
    if (writing !== undefined && Object.keys(writing).length > 0)
      return isColumn
        ? given(path, "numbers", { number: writing })
        : given(numberExpression(stats.path, writing), "numbers");
  }
  if (type === "boolean" && stats.types.has("string")) {
    const words = booleanWords(stats.distinct, stats.values);
    if (words !== undefined && !words.isUnderstood)
      return isColumn
        ? given(path, "true or false", { true: words.true, false: words.false })
        : given(booleanExpression(path, words), "true or false");
  }
  if (type === "string" && (stats.types.has("number") || stats.types.has("boolean")))
    return given(`${path} | values | tostring`, "as text");
  return given(trimmedPath(stats), [...stats.types.keys()].join(" and ") || "no value");
}

/** The field of one of the names; a field whose name has more words (`Owner Team` for `owner`) where none has it. */
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
