import { stringify } from "yaml";
import type { SourceOptions } from "../source-options.js";
import { pathExpression } from "./names.js";
import type { ProposedLeaf, ProposedSearch, ResourceProposal } from "./proposal.js";
import { itemKey } from "./survey.js";

/** A proposal with what is written about its source. */
export interface WrittenProposal {
  readonly proposal: ResourceProposal;
  /** The options to read the source: only what was in doubt, or is not the default. */
  readonly source: SourceOptions;
  /** The source as people know it. */
  readonly name: string;
  /** True when there are more records than were looked at. */
  readonly isPart: boolean;
  /** Questions that the reading of the source raises. */
  readonly questions: readonly string[];
  /** What the proposal made of the sample, in lines; absent before it is tried. */
  readonly tried?: readonly string[];
}

/** Writes the mapping file of proposals, with what was seen as comments and open questions marked by `# ?`. */
export function writeMapping(proposals: readonly WrittenProposal[]): string {
  const [first] = proposals;
  const isOne = proposals.length === 1;
  const sources =
    isOne && first !== undefined
      ? headed("source:", sourceLines(first, 1))
      : headed(
          "sources:",
          proposals.flatMap((each) => headed(`  ${scalar(each.proposal.survey.kind)}:`, sourceLines(each, 2))),
        );
  const lines = [
    "# Proposed by `portload init`; what was seen is noted beside each line.",
    "# A line that begins with `# ?` is a question: change the line that it is about, or leave it as it is; then delete the question.",
    ...proposals.flatMap(({ name, proposal: { survey }, isPart, tried = [] }) => [
      `# ${oneLine(name)}: ${survey.records} ${survey.items === undefined ? "record" : "element"}${survey.records === 1 ? "" : "s"}${isPart ? ", the first ones only" : ""}${survey.refused.length === 0 ? "" : `, and some that cannot be read: ${survey.refused.join(", ")}`}`,
      ...tried.map((line) => `#   ${oneLine(line)}`),
    ]),
    "",
    ...sources,
    ...(sources.length === 0 ? [] : [""]),
    "duplicates: error                         # the identifier of each record is expected to be its own",
    "onNull: omit                              # a value that is gone stays in the catalog, and sync counts it; `clear` empties it",
    ...blankLines(proposals),
    "onError: reject                           # an expression that fails rejects its record; Port would write null",
    ...(proposals.some(({ proposal: { relations } }) => relations.length > 0)
      ? [
          "createMissingRelatedEntities: false       # a relation to what does not exist is reported; Port would make a bare entity",
        ]
      : []),
    "",
    "resources:",
    ...proposals.flatMap(resourceLines),
  ];
  return `${lines.join("\n")}\n`;
}

/** Most fields that a comment names. */
const maxNamed = 4;

/** Which fields have blanks, as it is there that `onNull` decides. */
function blankLines(proposals: readonly WrittenProposal[]): string[] {
  const paths = proposals.flatMap(({ proposal: { survey } }) =>
    survey.fields.flatMap(({ path, values }) =>
      values === 0 || values === survey.records ? [] : [pathExpression(path)],
    ),
  );
  const more = paths.length > maxNamed ? ` and ${paths.length - maxNamed} more` : "";
  return paths.length === 0
    ? []
    : [
        `#   Some records have no value in ${oneLine(paths.slice(0, maxNamed).join(", "))}${more}: are the sources to empty what the catalog has there? Then write clear.`,
      ];
}

/** A heading over lines; nothing where there are none. */
function headed(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines];
}

function sourceLines({ source, proposal: { survey, columns } }: WrittenProposal, depth: number): string[] {
  const pad = "  ".repeat(depth);
  const { json, ...rest } = source;
  const found = [...survey.blanks].sort((a, b) => b[1] - a[1]);
  const counted = found
    .map(([text, count]) => `${JSON.stringify(text)} ${count === 1 ? "once" : `${count} times`}`)
    .join(", ");
  return [
    ...Object.entries(rest).map(([key, value]) => `${pad}${key}: ${flow(value)}`),
    ...(json?.records === undefined
      ? []
      : [`${pad}# Where the records are; another list is named by its keys, with dots between.`]),
    ...(json === undefined ? [] : [`${pad}json: ${flow(json)}`]),
    ...(found.length === 0
      ? []
      : [
          `${pad}# These become null before an expression sees them; found ${counted}.`,
          `${pad}blanks: [${found.map(([text]) => JSON.stringify(text)).join(", ")}]`,
        ]),
    ...headed(
      `${pad}columns:`,
      Object.entries(columns).map(([column, format]) => `${pad}  ${scalar(column)}: ${flow(format)}`),
    ),
  ];
}

function resourceLines({ proposal, questions }: WrittenProposal): string[] {
  const { survey, blueprint, identifier, title, properties, relations } = proposal;
  return [
    `  - kind: ${scalar(survey.kind)}`,
    "    selector:",
    '      query: "true"                       # every record',
    "    port:",
    ...(survey.items === undefined
      ? []
      : [
          `      # An entity for each element of this list; the element is .${itemKey} below.`,
          `      itemsToParse: ${scalar(pathExpression([survey.items]))}`,
        ]),
    "      entity:",
    "        mappings:",
    ...(identifier === undefined ? [] : [`          # ${oneLine(identifier.seen)}.`]),
    `          identifier: ${scalar(identifier?.expression ?? ".id")}`,
    ...(title === undefined ? [] : [`          title: ${scalar(title)}`]),
    `          blueprint: ${scalar(JSON.stringify(blueprint))}`,
    ...group("properties", properties),
    ...group("relations", relations),
    ...[...questions, ...proposal.questions].map((question) => `          # ? ${oneLine(question)}`),
  ];
}

function group(name: string, leaves: readonly ProposedLeaf[]): string[] {
  if (leaves.length === 0) return [];
  const isEmpty = leaves.every(({ out }) => out !== undefined);
  return [
    `          ${name}:${isEmpty ? " {}" : ""}`,
    ...leaves.flatMap(({ key, expression, comment, out }) => {
      const [line = "", ...more] = leafLines(key, expression);
      if (out !== undefined)
        return [`            # ${line}   # ${oneLine(out)}`, ...more.map((each) => `            # ${each}`)];
      const first = comment === "" ? line : `${line.padEnd(44)}  # ${oneLine(comment)}`;
      return [`            ${first}`, ...more.map((each) => `            ${each}`)];
    }),
  ];
}

function leafLines(key: string, expression: string | ProposedSearch): string[] {
  if (typeof expression === "string") return [`${scalar(key)}: ${scalar(expression)}`];
  const { property, operator, value } = expression;
  return [
    `${scalar(key)}:`,
    `  combinator: ${scalar('"and"')}`,
    "  rules:",
    `    - property: ${scalar(JSON.stringify(property))}`,
    `      operator: ${scalar(JSON.stringify(operator))}`,
    `      value: ${scalar(value)}`,
  ];
}

/** A value as YAML on one line, braces and all. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => flow(item)).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${key}: ${flow(inner)}`)
      .join(", ")} }`;
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[A-Za-z](?:[\w./ -]*[\w./-])?$/.test(value) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value)
    ? value
    : JSON.stringify(value);
}

/** An expression or name as a YAML scalar on one line. */
function scalar(text: string): string {
  return stringify(text, {
    lineWidth: 0,
    singleQuote: text.includes('"') && !text.includes("'"),
    defaultStringType: "PLAIN",
  }).trimEnd();
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
