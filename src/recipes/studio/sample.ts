import { type LeafTrace, traceRecords } from "../../authoring/trace-records.js";
import { PortloadError } from "../../errors.js";
import { type FieldStats, maxDistinct } from "../../init/field-stats.js";
import { surveyRecords } from "../../init/survey.js";
import type { CompiledMapping } from "../../map/compile-mapping.js";
import { keysRead } from "../../map/keys-read.js";
import type { BoundSource } from "../../read/bind.js";
import { readSource } from "../../read/read.js";
import { receiptText } from "../../read/receipt.js";
import type { SourceRecord } from "../../record.js";
import type { Reject } from "../../reject.js";
import type { SourceOptions } from "../../source-options.js";

/** Records of a source that are mapped while the mapping is typed. */
const sampleRecords = 200;
/** Records that a column's facts are counted over. */
const surveyedRecords = 5000;
/** Most columns, or paths of keys, that are shown. */
const maxColumns = 500;
const maxExamples = 5;

/** What the values of a column, or of a path of keys, are like. */
export interface ColumnFacts {
  /** Keys from the record's root; one for a column. */
  readonly path: readonly string[];
  /** The expression that reads it. */
  readonly expression: string;
  readonly type: string;
  /** Records in which it is empty, of those looked at. */
  readonly blank: number;
  /** Distinct values; more than {@link maxDistinct} are not counted. */
  readonly distinct: number;
  readonly isManyDistinct: boolean;
  readonly examples: readonly string[];
}

/** The beginning of a source. */
export interface Sample {
  readonly name: string;
  readonly kind: string;
  /** The options that it was read with, as text. */
  readonly reading: string;
  /** How it is read, in one line. */
  readonly receipt: string;
  /** Why it cannot be read, with what to do; the rest is then what came before. */
  readonly fault?: { readonly message: string; readonly hint?: string };
  readonly isTabular: boolean;
  readonly columns: readonly ColumnFacts[];
  readonly records: readonly SourceRecord[];
  readonly rejects: readonly Reject[];
  /** Records that the facts of columns are counted over. */
  readonly surveyed: number;
}

/** Reads the beginning of a source: its first records, and what its columns hold. Memory does not grow with the source. */
export async function sampleOf(source: BoundSource, options: SourceOptions): Promise<Sample> {
  let receipt = "";
  const records: SourceRecord[] = [];
  const rejects: Reject[] = [];
  let fault: Sample["fault"];
  async function* kept() {
    try {
      const io = {
        limit: surveyedRecords,
        onReceipt: (one: Parameters<typeof receiptText>[0]) => (receipt = receiptText(one)),
      };
      for await (const chunk of readSource(source, options, io)) {
        for (const record of chunk.items) if (records.length < sampleRecords) records.push(record);
        for (const reject of chunk.rejects) if (rejects.length < sampleRecords) rejects.push(reject);
        yield chunk;
      }
    } catch (error) {
      if (!(error instanceof PortloadError)) throw error;
      fault = { message: error.message, ...(error.hint !== undefined && { hint: error.hint }) };
    }
  }
  const survey = await surveyRecords(source.kind, kept());
  const { name, kind } = source;
  return {
    name,
    kind,
    reading: JSON.stringify(options),
    receipt,
    ...(fault && { fault }),
    isTabular: survey.isTabular,
    columns: survey.fields.slice(0, maxColumns).map((field) => factsOf(field, survey.records)),
    records,
    rejects,
    surveyed: survey.records,
  };
}

function factsOf(field: FieldStats, records: number): ColumnFacts {
  const { path, values, distinct } = field;
  return {
    path,
    expression: expressionOf(path),
    type: typeOf(field),
    blank: records - values,
    distinct: distinct.size,
    isManyDistinct: distinct.size >= maxDistinct,
    examples: [...distinct.keys()]
      .slice(0, maxExamples)
      .map((text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text)),
  };
}

/** The format that every text has, else the JSON types of the values. */
function typeOf({ types, fits, values }: FieldStats): string {
  if (types.size === 1 && types.has("string"))
    for (const format of ["number", "boolean", "date-time", "url", "email", "ipv4", "ipv6"])
      if (fits.get(format) === values)
        return format === "number" || format === "boolean" ? `${format} as text` : format;
  if (values === 0) return "empty";
  return [...types.keys()].map((type) => (type === "string" ? "text" : type)).join(" or ");
}

/** The jq expression that reads a path of keys. */
function expressionOf(path: readonly string[]): string {
  return path.map((key) => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `.${JSON.stringify(key)}`)).join("");
}

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

/** An entity that was made of the record that is looked at. */
export interface Made {
  readonly resource: number;
  readonly item: number;
  readonly blueprint: string;
  readonly body: { readonly identifier: unknown; readonly title?: unknown };
}

/** Traces one record of the sample: what each expression gave. */
export async function traceOf(
  sample: Sample,
  compiled: CompiledMapping,
  position: number,
): Promise<Omit<Traced, "payloads"> | undefined> {
  const record = sample.records.find(({ at }) => at.position === position);
  if (record === undefined) return undefined;
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
  return { position, values };
}

/** Adds what became of a traced record's entities. */
export function tracedOf(
  traced: Omit<Traced, "payloads"> | undefined,
  made: readonly Made[],
  rejects: readonly Reject[],
): { readonly traced?: Traced } {
  if (traced === undefined) return {};
  const { position } = traced;
  const payloads = [
    ...made.map(({ resource, item, blueprint, body }): Payload => ({ resource, item, blueprint, body, faults: [] })),
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
  return { traced: { ...traced, payloads } };
}
