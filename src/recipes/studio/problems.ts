import type { Issue } from "../../errors.js";
import type { LintFinding } from "../../lint/codes.js";
import type { Mapping } from "../../map/mapping-file.js";
import type { Reject } from "../../reject.js";
import { faultAndFix } from "../../report/words.js";
import { type Fix, fixesOf, type ProposedProperty } from "./fixes.js";
import type { Sample } from "./sample.js";

/** A finding of lint, with fixes to click. */
export interface FixableFinding extends LintFinding {
  readonly fixes: readonly Fix[];
}

/** Adds what can be clicked to a finding. */
export function fixable(
  finding: LintFinding,
  mapping?: Mapping,
  proposed: ReadonlySet<string> = new Set(),
): FixableFinding {
  const [, index, path] = /^resources\.(\d+)\.port\.entity\.mappings\.(.*)$/s.exec(finding.path) ?? [];
  const blueprint = mapping?.resources[Number(index)]?.blueprint;
  const property = proposedProperty(proposed, blueprint, path);
  const fixes = fixesOf({ ...finding, leaf: finding.path, ...(property && { proposed: property }) });
  const isUnknown = finding.code === "unknown_blueprint" && path === "blueprint" && blueprint !== undefined;
  return { ...finding, fixes: isUnknown ? [...renames(mapping, proposed, blueprint), ...fixes] : fixes };
}

/** Proposed blueprints that no resource names any more, so that the name that is not known may be meant for one of them. */
function renames(mapping: Mapping | undefined, proposed: ReadonlySet<string>, to: string): readonly Fix[] {
  const named = new Set(mapping?.resources.map(({ blueprint }) => blueprint));
  const free = named.has(undefined) ? [] : [...proposed].filter((name) => !named.has(name));
  return free.map((name) => ({
    label: `Rename the proposed blueprint ${free.length === 1 ? "" : `${name} `}to ${to}`,
    edit: { kind: "renameBlueprint", blueprint: name, to },
  }));
}

/** A property of a blueprint that is only proposed; its path is `properties.tier`. */
function proposedProperty(
  proposed: ReadonlySet<string>,
  blueprint: string | undefined,
  path: string | undefined,
): ProposedProperty | undefined {
  const [, property] = /^properties\.(.+)$/s.exec(path ?? "") ?? [];
  if (property === undefined || blueprint === undefined || !proposed.has(blueprint)) return undefined;
  return { blueprint, property };
}

/** Columns that the mapping reads and the source lacks, as findings: they would end an import before anything is sent. */
export function columnFindings(
  file: string,
  issues: readonly Issue[],
  lines: Mapping["lines"],
): readonly LintFinding[] {
  return issues.map(({ path, message, line = lines.get(path) }) => {
    const [, fault = message, fix = "correct the name"] =
      /^(.*?); ((?:did you mean|it has|write) .*)$/s.exec(message) ?? [];
    const place = line === undefined ? {} : { line };
    return { file, ...place, path, code: "missing_column", severity: "error", message: fault, fix };
  });
}

/** Faults of one cause in the sample. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly blueprint?: string;
  readonly path?: string;
  readonly count: number;
  /** Records of the first few, to be looked at. */
  readonly positions: readonly number[];
  readonly value?: string;
  /** Line in the mapping of the expression that gave the value. */
  readonly line?: number;
  readonly fixes: readonly Fix[];
}

/** Positions kept of a problem. */
const maxPositions = 5;

/** Groups the faults of rejects by cause, further ones of one refused thing among them, the most frequent first. */
export function problemsOf(
  rejects: readonly Reject[],
  mapping: Mapping,
  sample: Pick<Sample, "records">,
  proposed: ReadonlySet<string>,
): readonly Problem[] {
  const groups = new Map<string, { first: Reject & { value?: string }; count: number; positions: number[] }>();
  for (const reject of rejects)
    for (const finding of [reject, ...(reject.also ?? [])]) {
      const fault = { ...reject, ...finding };
      const key = JSON.stringify([fault.code, reject.blueprint, fault.path]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { first: fault, count: 1, positions: [reject.at.position] });
      else {
        group.count++;
        if (group.positions.length < maxPositions) group.positions.push(reject.at.position);
      }
    }
  return [...groups.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ first, count, positions }) => {
      const leaf = leafOf(mapping, first);
      const line = leaf === undefined ? undefined : mapping.lines.get(leaf);
      const property = proposedProperty(proposed, first.blueprint, first.path);
      const { fault, fix } = faultAndFix(first);
      return {
        code: first.code,
        message: fault,
        fix,
        fixes: fixesOf({
          ...{ ...first, fix, isCell: isCell(first, sample) },
          ...(leaf !== undefined && { leaf }),
          ...(property !== undefined && { proposed: property }),
        }),
        ...(first.blueprint !== undefined && { blueprint: first.blueprint }),
        ...(first.path !== undefined && { path: first.path }),
        count,
        positions,
        ...(first.value !== undefined && { value: first.value }),
        ...(line !== undefined && { line }),
      };
    });
}

/** The mapping's leaf that gave what was refused. */
function leafOf({ lines }: Mapping, { leaf, path, resource }: Reject): string | undefined {
  const names = [leaf, path, `resources.${resource}.port.entity.mappings.${path}`];
  return names.find((name) => name !== undefined && lines.has(name));
}

/** Whether a refused value is in its record unchanged, and was not made by an expression. */
function isCell({ at, value }: Reject & { readonly value?: string }, { records }: Pick<Sample, "records">): boolean {
  const record = records.find((one) => one.at.position === at.position);
  if (record === undefined || value === undefined) return false;
  return record.cells?.includes(value) ?? JSON.stringify(record.value).includes(JSON.stringify(value));
}
