import type { LintFinding, Severity } from "./codes.js";

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
export const lintForms = { text, json, github } as const satisfies Readonly<Record<string, LintForm>>;

function escapeData(value: string): string {
  return value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(value: string): string {
  return escapeData(value).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
