import { stringify } from "yaml";
import type { SourceOptions } from "../source-options.js";
import type { ProposedLeaf, ResourceProposal } from "./propose-resource.js";

/** A proposal and how its source is read, pinned. */
export interface PinnedProposal {
  readonly proposal: ResourceProposal;
  readonly source: SourceOptions;
  /** The source as people know it. */
  readonly name: string;
  /** True when there are more records than were looked at. */
  readonly isPart: boolean;
}

/** Writes the mapping file of proposals, with what was seen as comments and open questions marked by `# ?`. */
export function writeMapping(proposals: readonly PinnedProposal[]): string {
  const [first] = proposals;
  const isOne = proposals.length === 1;
  const lines = [
    "# Proposed by `portload init`; what was seen stands beside each line. Lines that begin with `# ?` are questions to you.",
    ...proposals.map(
      ({ name, proposal: { survey }, isPart }) =>
        `# ${name}: ${survey.records} records${isPart ? ", the first ones only" : ""}${survey.refused.length === 0 ? "" : `, and some that cannot be read: ${survey.refused.join(", ")}`}`,
    ),
    "",
    isOne ? "source:" : "sources:",
    ...(isOne && first !== undefined
      ? sourceLines(first, 1)
      : proposals.flatMap((each) => [`  ${scalar(each.proposal.survey.kind)}:`, ...sourceLines(each, 2)])),
    "",
    "duplicates: error                         # the identifier of each record is expected to be its own",
    "onNull: omit                              # a value that is gone stays in the catalog; `clear` empties it",
    "onError: reject                           # an expression that fails rejects its record; Port would write null",
    "",
    "resources:",
    ...proposals.flatMap(({ proposal }) => resourceLines(proposal)),
  ];
  return `${lines.join("\n")}\n`;
}

function sourceLines({ source, proposal: { survey, dates } }: PinnedProposal, depth: number): string[] {
  const pad = "  ".repeat(depth);
  const { format, encoding, csv, json } = source;
  const blanks = [...survey.blanks].sort((a, b) => b[1] - a[1]);
  const columns = Object.entries(dates);
  return [
    ...(format === undefined ? [] : [`${pad}format: ${format}`]),
    ...(encoding === undefined ? [] : [`${pad}encoding: ${encoding}`]),
    ...(csv === undefined
      ? []
      : [
          `${pad}csv: { ${Object.entries(csv)
            .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
            .join(", ")} }`,
        ]),
    ...(json?.records === undefined ? [] : [`${pad}json: { records: ${scalar(json.records)} }`]),
    ...(blanks.length === 0
      ? []
      : [
          `${pad}# These become null before an expression sees them; found ${blanks.map(([text, count]) => `${JSON.stringify(text)} ${count} times`).join(", ")}.`,
          `${pad}blanks: [${blanks.map(([text]) => JSON.stringify(text)).join(", ")}]`,
        ]),
    ...(columns.length === 0
      ? []
      : [
          `${pad}columns:`,
          ...columns.map(([column, date]) => `${pad}  ${scalar(column)}: { date: ${scalar(date)}, zone: UTC }`),
        ]),
  ];
}

function resourceLines({
  survey,
  blueprint,
  identifier,
  title,
  properties,
  relations,
  questions,
}: ResourceProposal): string[] {
  return [
    `  - kind: ${scalar(survey.kind)}`,
    "    selector:",
    '      query: "true"                       # every record',
    "    port:",
    "      entity:",
    "        mappings:",
    ...(identifier === undefined ? [] : [`          # ${oneLine(identifier.seen)}.`]),
    `          identifier: ${leaf(identifier?.expression ?? ".id")}`,
    ...(title === undefined ? [] : [`          title: ${leaf(title)}`]),
    `          blueprint: ${leaf(JSON.stringify(blueprint))}`,
    ...group("properties", properties),
    ...group("relations", relations),
    ...questions.map((question) => `          # ? ${oneLine(question)}`),
  ];
}

function group(name: string, leaves: readonly ProposedLeaf[]): string[] {
  if (leaves.length === 0) return [];
  const isEmpty = leaves.every(({ out }) => out !== undefined);
  return [
    `          ${name}:${isEmpty ? " {}" : ""}`,
    ...leaves.map(({ key, expression, comment, out }) => {
      const line = `${key}: ${leaf(expression)}`;
      return out === undefined
        ? `            ${line.padEnd(44)}  # ${oneLine(comment)}`
        : `            # ${line}   # ${oneLine(out)}`;
    }),
  ];
}

/** An expression as a YAML scalar on one line. */
function leaf(expression: string): string {
  return scalar(expression);
}

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
