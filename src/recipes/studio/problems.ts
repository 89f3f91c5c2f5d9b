import type { Mapping } from "../../map/mapping-file.js";
import type { Reject } from "../../reject.js";
import { advice } from "../../report/advice.js";

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
}

/** Positions kept of a problem. */
const maxPositions = 5;

/** Groups the faults of rejects by cause, further ones of one refused thing among them, the most frequent first. */
export function problemsOf(rejects: readonly Reject[], mapping: Mapping): readonly Problem[] {
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
      const line = lineOf(mapping, first);
      return {
        code: first.code,
        message: first.message,
        fix: advice[first.code],
        ...(first.blueprint !== undefined && { blueprint: first.blueprint }),
        ...(first.path !== undefined && { path: first.path }),
        count,
        positions,
        ...(first.value !== undefined && { value: first.value }),
        ...(line !== undefined && { line }),
      };
    });
}

function lineOf({ lines }: Mapping, { leaf, path, resource }: Reject): number | undefined {
  const names = [leaf, path, `resources.${resource}.port.entity.mappings.${path}`];
  return names.map((name) => (name === undefined ? undefined : lines.get(name))).find((line) => line !== undefined);
}
