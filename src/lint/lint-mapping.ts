import { keyWords } from "../editor/key-words.js";
import type { Issue } from "../errors.js";
import type { Mapping } from "../map/mapping.js";
import { doubleQuotes, refusalOf } from "../map/words.js";
import type { SourceSample } from "../sample/sample-source.js";
import { type LintCode, type LintFinding, lintCodes, type Tell } from "./codes.js";
import { lintDefaults } from "./lint-defaults.js";
import { type Compile, lintExpressions } from "./lint-expressions.js";
import { lintFit } from "./lint-fit.js";
import { lintSources } from "./lint-sources.js";
import { type Blueprints, lintTargets } from "./lint-targets.js";
import { nearestName } from "./nearest-name.js";
import { parseTolerant } from "./parse-tolerant.js";

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
 * Checks a mapping file and tells every fault at once, in the order of its lines: what is wrong in one part keeps no other part from being checked.
 *
 * @param file - its name, for the findings
 */
export async function lintMapping(text: string, file: string, input: LintInput): Promise<readonly LintFinding[]> {
  const understood = parseTolerant(text, file);
  const { issues, mapping, root, lineOf } = understood;
  const findings = issues.map((issue) => findingOf(issue, file, root));
  if (mapping === undefined) return findings;
  const tell: Tell = (code, path, message, mend) => {
    if (understood.isMended(path)) return;
    const line = path === "" ? undefined : lineOf(path);
    findings.push({
      file,
      ...(line === undefined ? {} : { line }),
      path,
      code,
      severity: lintCodes[code].severity,
      message,
      mend,
    });
  };
  const right = await lintExpressions(mapping, input.compile, tell);
  const { blueprints } = input;
  if (blueprints !== undefined) lintTargets(mapping, blueprints, right, tell);
  lintFit(mapping, blueprints ?? new Map(), (path) => right.has(path), tell);
  const samples = (await input.sample?.(mapping)) ?? [];
  lintSources(mapping, blueprints ?? new Map(), samples, tell);
  lintDefaults(mapping, root, tell);
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
  const [code, mend] = codeOf(path, message, root);
  return { file, ...(line === undefined ? {} : { line }), path, code, severity: "error", message, mend };
}

function codeOf(path: string, message: string, root: unknown): [LintCode, string] {
  if (path === "" || path === "(file)")
    return ["not_readable", "mend the file; a mapping is an object in YAML or JSON"];
  const value = valueAt(root, path);
  if (
    typeof value === "string" &&
    /^resources\.\d+\.(?:selector|port)\./.test(path) &&
    refusalOf(doubleQuotes(value)) === message
  )
    return [
      "refused_expression",
      value.trim() === "" ? "write an expression, or take the leaf out" : "write an expression over the record alone",
    ];
  if (/is not a key that may stand here/.test(message)) {
    const key = path.split(".").at(-1) ?? "";
    if (knownKeys.includes(key)) return ["unknown_key", "move it; docs/mapping.md shows where it stands"];
    const near = nearestName(key, knownKeys);
    return ["unknown_key", near === undefined ? "take it out; docs/mapping.md lists every key" : `write \`${near}\``];
  }
  if (message === "is missing") return ["missing_key", "add it; docs/mapping.md shows where"];
  return ["wrong_value", "docs/mapping.md says what may stand here"];
}

/** Keys of the file that a slip of the pen may have meant. */
const knownKeys: readonly string[] = [...new Set(Object.keys(keyWords).map((path) => path.split(".").at(-1) ?? ""))];

function valueAt(root: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, step) => {
    const inner = Array.isArray(value) && value.length === 1 && !/^\d+$/.test(step) ? value[0] : value;
    return typeof inner === "object" && inner !== null && Object.hasOwn(inner, step)
      ? (inner as Record<string, unknown>)[step]
      : undefined;
  }, root);
}
