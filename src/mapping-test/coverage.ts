import type { RecordTrace } from "../authoring/trace-records.js";
import type { CompiledLeaf } from "../map/compile-mapping.js";

/** What a leaf did over all records of the tests: how often it gave a value, null, or failed. */
export interface LeafCoverage {
  readonly path: string;
  readonly line?: number;
  readonly expression: string;
  readonly value: number;
  readonly null: number;
  readonly failed: number;
}

/** Counts what leaves did. Constants are left out: they cannot but give their value. */
export interface Coverage {
  add(traces: readonly RecordTrace[]): void;
  leaves(): readonly LeafCoverage[];
}

/** Opens the coverage of a mapping's leaves, all at nought. */
export function openCoverage(leaves: readonly CompiledLeaf[]): Coverage {
  const counts = new Map<string, { -readonly [K in keyof LeafCoverage]: LeafCoverage[K] }>(
    leaves.flatMap(({ path, line, expression, by }) =>
      by === "constant"
        ? []
        : [
            [
              path,
              { path, ...(line === undefined ? {} : { line }), expression, value: 0, null: 0, failed: 0 },
            ] as const,
          ],
    ),
  );
  const count = (path: string, first: unknown, error: string | undefined): void => {
    const own = counts.get(path);
    if (own === undefined) return;
    if (first !== undefined && first !== null) own.value++;
    else if (error !== undefined) own.failed++;
    else own.null++;
  };
  return {
    add(traces) {
      for (const { items, candidates } of traces) {
        for (const { path, outputs, error } of items) count(path, outputs[0], error);
        for (const { leaves: own } of candidates) {
          const selector = own.find(({ path }) => path.endsWith(".selector.query"));
          // Behind a selector that is not true no leaf is evaluated.
          const reached = selector === undefined || selector.outputs[0] === true ? own : [selector];
          for (const { path, outputs, error } of reached) count(path, outputs[0], error);
        }
      }
    },
    leaves: () => [...counts.values()].map((own) => ({ ...own })),
  };
}
