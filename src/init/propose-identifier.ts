import type { FieldStats } from "./field-stats.js";
import { normalName, pathExpression } from "./names.js";
import type { Survey } from "./survey.js";

/** What tells records apart. */
export interface IdentifierProposal {
  readonly field: FieldStats;
  readonly expression: string;
  readonly seen: string;
  readonly question?: string;
}

const likelyNames = ["id", "identifier", "key", "slug", "code", "uuid", "name"];

/** Proposes the identifier: the field whose values are all there, all different and fit to be identifiers, else the one that comes nearest. */
export function proposeIdentifier({ fields, records, kind }: Survey): IdentifierProposal | undefined {
  const able = fields.filter(
    ({ types, values }) => values > 0 && !types.has("array") && !types.has("object") && !types.has("boolean"),
  );
  const ranked = [...able].sort((a, b) => rank(b, kind) - rank(a, kind));
  const perfect = ranked.find((field) => field.values === records && field.repeated === 0 && field.unfit === 0);
  if (perfect !== undefined)
    return {
      field: perfect,
      expression: expressionOf(perfect),
      seen: `${name(perfect)} has ${records} different values in ${records} records, all of them fit for identifiers`,
    };
  const near = ranked.find(
    (field) => rank(field, kind) > 0 && field.values - field.repeated - field.unfit >= 0.9 * records,
  );
  if (near !== undefined) return faulty(near, records);
  const slugged = ranked.find(
    (field) =>
      field.types.has("string") &&
      field.values === records &&
      slugsOf(field).size === records &&
      !slugsOf(field).has(""),
  );
  if (slugged !== undefined)
    return {
      field: slugged,
      expression: `${pathExpression(slugged.path)} | ascii_downcase | [scan("[a-z0-9]+")] | join("-")`,
      seen: `${name(slugged)} tells records apart, but not every value fits for an identifier, so that it is put in lower case with hyphens`,
      question: `is there a better identifier than the hyphened ${name(slugged)}?`,
    };
  const [first] = [...ranked].sort((a, b) => distinctShare(b) - distinctShare(a));
  return first === undefined ? undefined : faulty(first, records);
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
    seen: `${name(field)} tells most records apart: ${faults}`,
    question: `${name(field)} does not identify every record (${faults}; records ${lost.join(", ")}${lost.length === 5 ? ", …" : ""}); they are rejected or count as duplicates. Are they mistakes?`,
  };
}

function expressionOf({ path, types }: FieldStats): string {
  const expression = pathExpression(path);
  return types.has("number") ? `${expression} | tostring` : expression;
}

function name({ path }: FieldStats): string {
  return JSON.stringify(path.join("."));
}

function distinctShare({ values, repeated }: FieldStats): number {
  return values - repeated;
}

/** How likely a name is that of an identifier; deeper fields are less so. */
function rank({ path }: FieldStats, kind: string): number {
  const own = normalName(path.join(" "));
  const singular = normalName(kind).replace(/s$/, "");
  const at = likelyNames.findIndex(
    (word) => own === word || own === `${singular}${word}` || own === `${word}${singular}`,
  );
  const ends = /(?:id|key|code|name)$/.test(own) ? 2 : 0;
  return (at < 0 ? ends : 20 - at) - (path.length - 1) * 5;
}

function slugsOf({ seen }: FieldStats): ReadonlySet<string> {
  return new Set(
    [...seen].map((text) =>
      (text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()).match(/[a-z0-9]+/g) ?? []).join("-"),
    ),
  );
}
