/** How much a lint finding weighs: an `error` would stop or spoil an import and ends lint with exit code 3; a `warning` may be meant; a `note` is for information. */
export type Severity = "error" | "warning" | "note";

/** Every code of lint, with its severity and meaning. docs/lint.md has a row for each, by test. */
export const lintCodes = {
  not_readable: { severity: "error", means: "the file is missing, or no YAML or JSON" },
  unknown_key: { severity: "error", means: "a key that is not allowed there" },
  missing_key: { severity: "error", means: "a required key is missing" },
  wrong_value: { severity: "error", means: "a key's value is not of its kind, or breaks a rule of the file" },
  refused_expression: { severity: "error", means: "an expression that reaches beyond its record, or is not jq at all" },
  jq_syntax: { severity: "error", means: "an expression that jq does not compile" },
  bare_word: { severity: "error", means: "a bare word that was meant as text" },
  bare_function: { severity: "warning", means: "a bare word that is a function of jq, and was likely meant as text" },
  unknown_blueprint: { severity: "error", means: "there is no such blueprint" },
  unknown_property: { severity: "error", means: "the blueprint has no such property" },
  property_left_out: {
    severity: "warning",
    means: "the blueprint has no such property, and the mapping says unknownProperties: warn",
  },
  unknown_relation: { severity: "error", means: "the blueprint has no such relation" },
  read_only_property: { severity: "error", means: "a property that Port fills itself" },
  type_mismatch: { severity: "error", means: "an expression whose value can never be of the property's type" },
  value_refused: { severity: "error", means: "a constant that the property refuses: enum, format, bounds" },
  required_missing: {
    severity: "error",
    means: "a required property or relation that the mapping gives no value, in mode override",
  },
  required_unmapped: {
    severity: "warning",
    means: "the same in mode merge: entities that do not exist yet are refused",
  },
  team_inherited: { severity: "error", means: "a team for a blueprint that inherits its team" },
  team_without_ownership: { severity: "warning", means: "a team for a blueprint without ownership" },
  identifier_constant: { severity: "warning", means: "a constant identifier: all records become one entity" },
  selector_not_boolean: { severity: "error", means: "a selector that can give neither true nor false" },
  items_not_array: { severity: "error", means: "an itemsToParse that can never give an array" },
  relation_target_unknown: { severity: "warning", means: "the relation's target is none of the blueprints given" },
  relation_without_resource: { severity: "note", means: "no resource of this mapping writes the relation's target" },
  blueprint_not_constant: {
    severity: "note",
    means: "the blueprint depends on the record, so its expressions are not checked",
  },
  path_into_text: { severity: "error", means: "a path into a CSV cell, which is text and has no keys" },
  date_as_is: {
    severity: "warning",
    means: "a CSV cell is written to a date-time as it is; days without time and zone are refused",
  },
  ambiguous_date: { severity: "error", means: "days and months of a column can be read either way" },
  date_format: { severity: "error", means: "dates of a column are not RFC 3339, and their reading is proven" },
  missing_column: { severity: "error", means: "an expression reads a column that the source does not have" },
  missing_field: { severity: "warning", means: "an expression reads a key that no sampled record has" },
  unused_column: { severity: "note", means: "no expression reads this column or key" },
  entities_merged: {
    severity: "note",
    means: "several resources write one blueprint: entities of one identifier become one",
  },
  ignored_key: { severity: "note", means: "a key that steers another integration" },
  reversed_default: { severity: "note", means: "a default that differs from Port's" },
} satisfies Readonly<Record<string, { readonly severity: Severity; readonly means: string }>>;

/** A code of {@link lintCodes}. */
export type LintCode = keyof typeof lintCodes;

/** One finding of lint. */
export interface LintFinding {
  readonly file: string;
  /** From 1; absent where it is not known. */
  readonly line?: number;
  /** Dotted path in the file; empty for the file as a whole. */
  readonly path: string;
  readonly code: LintCode;
  readonly severity: Severity;
  /** What is wrong, a sentence without place. */
  readonly message: string;
  /** What to do. */
  readonly fix: string;
}

/** Receives a finding; the caller adds file, line and severity. */
export type ReportFinding = (code: LintCode, path: string, message: string, fix: string) => void;

/** How many findings of each weight there are. */
export function countFindings(findings: readonly LintFinding[]): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}

/** A form of lint's findings, ending in a line end where it is not empty. */
export type LintForm = (findings: readonly LintFinding[]) => string;

const text: LintForm = (findings) =>
  findings
    .map(({ file, line, severity, code, path, message, fix }) => {
      const place = `${file}${line === undefined ? "" : `:${line}`}`;
      return `${place}  ${severity}  ${code}${path === "" ? "" : `  ${path}`}\n    ${message}\n    fix: ${fix}\n`;
    })
    .join("");

const json: LintForm = (findings) => `${JSON.stringify({ schemaVersion: 1, ...countFindings(findings), findings })}\n`;

/** Source: GitHub, "Workflow commands": `::error file=…,line=…,title=…::message` */
const github: LintForm = (findings) =>
  findings
    .map(({ file, line, severity, code, path, message, fix }) => {
      const command = severity === "note" ? "notice" : severity;
      const properties = [
        `file=${escapeProperty(file)}`,
        ...(line === undefined ? [] : [`line=${line}`]),
        `title=${escapeProperty(`portload ${code}`)}`,
      ];
      const said = `${path === "" ? "" : `${path}: `}${message}; fix: ${fix}`;
      return `::${command} ${properties.join(",")}::${escapeData(said)}\n`;
    })
    .join("");

/** Every form of lint's findings, by the value of `--output`. */
export const lintForms = { text, json, github } satisfies Readonly<Record<string, LintForm>>;

function escapeData(value: string): string {
  return value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(value: string): string {
  return escapeData(value).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
