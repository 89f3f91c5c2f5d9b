import { type LeafTrace, traceRecords } from "../../authoring/trace-records.js";
import type { CompiledMapping } from "../../map/compile-mapping.js";
import { keysRead } from "../../map/keys-read.js";
import type { Reject } from "../../reject.js";
import type { Sample } from "./sample.js";

/** One value of an entity, with what it came from. */
export interface TracedValue extends Omit<LeafTrace, "outputs"> {
  readonly resource: number;
  readonly item: number;
  /** What the expression gave first; absent where it gave nothing. */
  readonly value?: unknown;
  /** Keys of the record that the expression reads; absent where it may read any. */
  readonly reads?: readonly string[];
}

/** An entity as it would be sent, or why it would not. */
export interface Payload {
  readonly resource: number;
  readonly item: number;
  readonly blueprint: string;
  readonly body?: unknown;
  readonly faults: readonly { readonly code: string; readonly message: string; readonly path?: string }[];
}

/** One record with every value of its entities, and the entities as they would be sent. */
export interface Traced {
  readonly position: number;
  readonly values: readonly TracedValue[];
  readonly payloads: readonly Payload[];
}

/** An entity that was made of the sample. */
export interface Made {
  readonly position: number;
  readonly resource: number;
  readonly item: number;
  readonly blueprint: string;
  readonly body: { readonly identifier: unknown; readonly title?: unknown };
}

/** Traces one record of the sample: what each expression gave, and what became of its entities. */
export async function tracedOf(
  sample: Sample,
  compiled: CompiledMapping,
  position: number,
  made: readonly Made[],
  rejects: readonly Reject[],
): Promise<{ readonly traced?: Traced }> {
  const record = sample.records.find(({ at }) => at.position === position);
  if (record === undefined) return {};
  const [trace] = await traceRecords(compiled, sample.kind, [record], sample.name);
  const values = (trace?.candidates ?? []).flatMap(({ resource, item, leaves }) =>
    leaves.map(({ outputs, ...leaf }): TracedValue => {
      const reads = keysRead(leaf.expression);
      return {
        ...leaf,
        resource,
        item,
        ...(outputs.length > 0 && { value: outputs[0] }),
        ...(reads !== undefined && { reads: [...reads] }),
      };
    }),
  );
  const payloads = [
    ...made
      .filter((one) => one.position === position)
      .map(({ resource, item, blueprint, body }): Payload => ({ resource, item, blueprint, body, faults: [] })),
    ...rejects
      .filter(({ at }) => at.position === position)
      .map(
        ({ resource = 0, item = 0, blueprint = "", code, message, path, also = [] }): Payload => ({
          resource,
          item,
          blueprint,
          faults: [{ code, message, ...(path !== undefined && { path }) }, ...also],
        }),
      ),
  ];
  return { traced: { position, values, payloads } };
}
