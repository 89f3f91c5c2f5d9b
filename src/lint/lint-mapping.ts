import type { SourceSample } from "../authoring/trace-records.js";
import type { Blueprints } from "../blueprint.js";
import type { Issue } from "../errors.js";
import { duplicatesOf, type Mapping } from "../map/mapping.js";
import { allowedVariables } from "../map/mapping-schema.js";
import { doubleQuotes, refusalOf } from "../map/tokens.js";
import { nearest } from "../nearest.js";
import { type LintCode, type LintFinding, lintCodes, type ReportFinding } from "./codes.js";
import { keyDescriptions } from "./json-schema.js";
import { type Compile, lintExpressions } from "./lint-expressions.js";
import { lintFit } from "./lint-fit.js";
import { lintSources } from "./lint-sources.js";
import { lintTargets } from "./lint-targets.js";
import { parseTolerant, type Understood } from "./parse-tolerant.js";

/** What a mapping is checked with. */
export interface LintInput {
  /** Compiles an expression without running it. */
  readonly compile: Compile;
  /** Without them names and types are not checked. */
  readonly blueprints?: Blueprints;
  /** Asked for once the mapping is understood; without sources columns are not checked. */
  readonly sample?: (mapping: Mapping) => Promise<readonly SourceSample[]>;
}

/**
 * Checks a mapping file and reports every fault at once, in the order of its lines: a fault in one part does not keep the others from being checked.
 *
 * @param file - its name, for the findings
 */
export async function lintMapping(text: string, file: string, input: LintInput): Promise<readonly LintFinding[]> {
  return lintUnderstood(parseTolerant(text, file), file, input);
}

/** Checks a mapping file that was parsed before. */
export async function lintUnderstood(
  understood: Understood,
  file: string,
  input: LintInput,
): Promise<readonly LintFinding[]> {
  const { issues, mapping, root, lineOf } = understood;
  const findings = issues.map((issue) => findingOf(issue, file, root));
  if (mapping === undefined) return findings;
  const report: ReportFinding = (code, path, message, fix) => {
    if (understood.isRepaired(path)) return;
    const line = path === "" ? undefined : lineOf(path);
    findings.push({
      file,
      ...(line === undefined ? {} : { line }),
      path,
      code,
      severity: lintCodes[code].severity,
      message,
      fix,
    });
  };
  const right = await lintExpressions(mapping, input.compile, report);
  const { blueprints } = input;
  if (blueprints !== undefined) lintTargets(mapping, blueprints, right, report);
  lintFit(mapping, blueprints ?? new Map(), (path) => right.has(path), report);
  const samples = (await input.sample?.(mapping)) ?? [];
  lintSources(mapping, blueprints ?? new Map(), samples, report);
  lintMerges(mapping, report);
  lintDefaults(mapping, root, report);
  return inOrder(findings);
}

const weights = { error: 0, warning: 1, note: 2 } as const;

/** By line; notes that concern the file as a whole last. */
function inOrder(findings: readonly LintFinding[]): readonly LintFinding[] {
  const isWhole = ({ code }: LintFinding): number => (code === "reversed_default" ? 1 : 0);
  return [...findings].sort(
    (a, b) => isWhole(a) - isWhole(b) || (a.line ?? 0) - (b.line ?? 0) || weights[a.severity] - weights[b.severity],
  );
}

function findingOf({ path, message, line }: Issue, file: string, root: unknown): LintFinding {
  const [code, fix, shown = message] = codeOf(path, message, root);
  return { file, ...(line === undefined ? {} : { line }), path, code, severity: "error", message: shown, fix };
}

function codeOf(path: string, message: string, root: unknown): [code: LintCode, fix: string, message?: string] {
  if (path === "" || path === "(file)") return ["not_readable", "fix the file; a mapping is an object in YAML or JSON"];
  const value = valueAt(root, path);
  if (typeof value === "string" && /^resources\.\d+\.(?:selector|port)\./.test(path)) {
    const refusal = refusalOf(doubleQuotes(value), { environment: allowedVariables(root) });
    if (message === refusal)
      return [
        "refused_expression",
        value.trim() === "" ? "write an expression, or take the line out" : "write an expression over the record alone",
      ];
    if (refusal !== undefined && message.startsWith(`${refusal}; `))
      return ["refused_expression", message.slice(refusal.length + 2), refusal];
  }
  const [unknown] = /^is not a key that is allowed here/.exec(message) ?? [];
  if (unknown !== undefined) {
    const key = path.split(".").at(-1) ?? "";
    if (knownKeys.includes(key)) return ["unknown_key", "move it; docs/mapping.md shows where it belongs", unknown];
    const near = nearest(key, knownKeys);
    const fix = near === undefined ? "take it out; docs/mapping.md lists every key" : `write \`${near}\``;
    return ["unknown_key", fix, unknown];
  }
  if (message === "is missing") return ["missing_key", "add it; docs/mapping.md shows where"];
  return ["wrong_value", "docs/mapping.md says which values are allowed here"];
}

/** Keys of the file that a typing mistake may have meant. */
const knownKeys: readonly string[] = [
  ...new Set(Object.keys(keyDescriptions).map((path) => path.split(".").at(-1) ?? "")),
];

function valueAt(root: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, step) => {
    const inner = Array.isArray(value) && value.length === 1 && !/^\d+$/.test(step) ? value[0] : value;
    return typeof inner === "object" && inner !== null && Object.hasOwn(inner, step)
      ? (inner as Record<string, unknown>)[step]
      : undefined;
  }, root);
}

/** Reports where the entities of several resources become one, once for each blueprint. */
function lintMerges(mapping: Mapping, report: ReportFinding): void {
  const policyOf = duplicatesOf(mapping);
  const writers = new Map<string, number[]>();
  for (const { blueprint, index } of mapping.resources)
    if (blueprint !== undefined) writers.set(blueprint, [...(writers.get(blueprint) ?? []), index]);
  for (const [blueprint, indexes] of writers) {
    if (indexes.length === 1 || policyOf(blueprint) !== "merge") continue;
    report(
      "entities_merged",
      `resources.${indexes[1]}.port.entity.mappings.blueprint`,
      `${indexes.map((index) => `resources.${index}`).join(", ")} write ${blueprint}: their entities of one identifier become one with the fields of all, and two values for one field are a reject`,
      "nothing, if each brings a part; else set duplicates: first, last or error",
    );
  }
}

/** Defaults that differ from those of Port's integrations (their `PortAppConfig`), each with why, and where it matters. */
const reversed: readonly (readonly [
  key: string,
  value: string,
  why: string,
  matters: (resource: Mapping["resources"][number]) => boolean,
])[] = [
  [
    "createMissingRelatedEntities",
    "false",
    "false (Port: true, which hides typing errors as bare entities)",
    ({ relations }) => relations.length > 0,
  ],
  [
    "deleteDependentEntities",
    "false",
    "false (Port: true, so that a deletion also deletes dependents)",
    ({ prune }) => prune !== undefined,
  ],
  [
    "entityDeletionThreshold",
    "0.1",
    "0.1, and at most 100 entities of a blueprint (Port: 0.9)",
    ({ prune }) => prune !== undefined,
  ],
];

/** Reports the defaults that differ from Port's where they matter and the file leaves them out, and keys without effect here. */
export function lintDefaults(mapping: Mapping, root: unknown, report: ReportFinding): void {
  for (const { path = "", message } of mapping.notes)
    report("ignored_key", path, message, "leave it where the file serves both, else take it out");
  const given = typeof root === "object" && root !== null ? root : {};
  const left = reversed.filter(([key, , , matters]) => !Object.hasOwn(given, key) && mapping.resources.some(matters));
  if (left.length === 0) return;
  const listed = left.map(([key, , why]) => `${key} is ${why}`).join("; ");
  report(
    "reversed_default",
    "",
    `defaults that differ from Port's: ${listed}`,
    `say at the root which is meant, then this note goes: ${left.map(([key, value]) => `\`${key}: ${value}\``).join(", ")}`,
  );
}
