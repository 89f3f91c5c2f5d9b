import type { Blueprint } from "../../blueprint.js";
import { checkEntities } from "../../check/check.js";
import type { Chunk } from "../../chunk.js";
import type { Candidate, Entity } from "../../entity.js";
import { lintUnderstood } from "../../lint/lint-mapping.js";
import type { Understood } from "../../lint/parse-tolerant.js";
import { compileMapping } from "../../map/compile-mapping.js";
import type { JqEngine } from "../../map/jq.js";
import type { JqCell } from "../../map/jq-compile.js";
import { mapRecords } from "../../map/map.js";
import type { Mapping } from "../../map/mapping-file.js";
import { missingColumns } from "../../map/missing-columns.js";
import type { SourceRecord } from "../../record.js";
import type { Reject } from "../../reject.js";
import { columnFindings, type FixableFinding, fixable, type Problem, problemsOf } from "./problems.js";
import { type Made, type Sample, type Traced, tracedOf, traceOf } from "./sample.js";

/** What a mapping makes of a sample. */
export interface Evaluation {
  readonly findings: readonly FixableFinding[];
  /** True where a fault keeps the mapping from being tried. */
  readonly isBroken: boolean;
  /** Positions of the records that could not be read, or of which an entity failed. */
  readonly failed: readonly number[];
  readonly problems: readonly Problem[];
  /** Blueprints that the mapping names. */
  readonly writes: readonly string[];
  /** Those of them that are not known, so that their entities are not checked. */
  readonly unchecked: readonly string[];
  readonly counts: {
    readonly records: number;
    readonly entities: number;
    readonly skipped: number;
    readonly failed: number;
  };
  /** Of the record looked at: every value, and the entities as they would be sent. */
  readonly traced?: Traced;
}

/** What a mapping is evaluated with. */
export interface EvaluateInput {
  readonly understood: Understood;
  /** The mapping's name, for findings. */
  readonly file: string;
  readonly sample: Sample;
  readonly engine: JqEngine;
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  /** Those of them that only the studio has proposed. */
  readonly proposed: ReadonlySet<string>;
  /** The record that is looked at. */
  readonly position?: number;
}

/** Lints the mapping and maps and checks the sample by it, as an import would. */
export async function evaluate(input: EvaluateInput): Promise<Evaluation> {
  const { understood, file, sample, engine, blueprints, proposed, position } = input;
  const linted = await lintUnderstood(understood, file, {
    compile: (expression) => engine.compile(expression),
    ...(blueprints.size > 0 && { blueprints }),
  });
  const counts = { records: 0, entities: 0, skipped: 0, failed: 0 };
  const mapping = understood.issues.length === 0 ? understood.mapping : undefined;
  const findings = linted.map((finding) => fixable(finding, mapping, proposed));
  const nothing = { findings, isBroken: true, failed: [], problems: [], writes: [], unchecked: [], counts };
  const isRefused = findings.some(({ severity, code }) => severity === "error" && breaking.has(code));
  if (isRefused || mapping === undefined) return nothing;
  const { name, kind, columns } = { ...sample, columns: sample.records[0]?.columns };
  const own = mapping.resources.filter((resource) => resource.kind === kind);
  const issues = columns === undefined ? [] : missingColumns(mapping, own, { name, kind, columns });
  if (issues.length > 0)
    return {
      ...nothing,
      findings: [...findings, ...columnFindings(file, issues, mapping.lines).map((one) => fixable(one))],
    };
  // The page shows what expressions give, and no value of the environment: their names take its place.
  const env = Object.fromEntries(mapping.allowedEnvironmentVariablesInJQ.map((name) => [name, name]));
  const compiled = await compileMapping(mapping, engine, { env });
  const tracing = position === undefined ? undefined : traceOf(sample, compiled, position);
  // Both wait for jq at once; where the trace fails, so does the sample, with better words.
  tracing?.catch(() => undefined);
  const mapped = await collect(mapRecords(compiled, sample.kind, sample.name)(one(chunkOf(sample))));
  const checked = blueprints.size === 0 ? [] : await collect(checkedBy(mapped, mapping, blueprints));
  const entities = (blueprints.size === 0 ? mapped : checked).flatMap(({ items }) => items);
  const rejects = [...(blueprints.size === 0 ? mapped : checked).flatMap((chunk) => chunk.rejects)];
  const tally = mapped.reduce((sum, { tally: t }) => sum + t.skipped, 0);
  const writes = [...new Set(mapping.resources.flatMap(({ blueprint }) => blueprint ?? []))];
  return {
    ...{ findings, isBroken: false, failed: failedOf(rejects), writes },
    unchecked: writes.filter((name) => !blueprints.has(name)),
    problems: problemsOf(rejects, mapping, sample, proposed),
    counts: {
      records: sample.records.length + sample.rejects.length,
      entities: entities.length,
      skipped: tally,
      failed: rejects.length,
    },
    ...tracedOf(await tracing, entities.filter(({ at }) => at.position === position).map(madeOf), rejects),
  };
}

/** Expressions whose compilation is remembered. */
const maxCompiled = 2000;

/** Inputs whose cells are cached: the sample, the record that is looked at, and what itemsToParse gives of both. */
const maxBatches = 8;

/** An engine that compiles each expression once, and runs on the same records only what it did not run on them the time before: between two keystrokes all expressions but one are the same. */
export function withMemory(engine: JqEngine): JqEngine {
  const compiled = new Map<string, ReturnType<JqEngine["compile"]>>();
  let batches: readonly RecordBatch[] = [];
  return {
    ...engine,
    compile(expression) {
      const known = compiled.get(expression);
      if (known !== undefined) return known;
      if (compiled.size === maxCompiled) compiled.clear();
      const fault = engine.compile(expression);
      compiled.set(expression, fault);
      return fault;
    },
    async run(leaves, records, environment) {
      const shown = JSON.stringify(environment);
      const isSame = (one: RecordBatch): boolean =>
        one.shown === shown &&
        one.records.length === records.length &&
        one.records.every((text, at) => text === records[at]);
      const before = batches.find(isSame)?.cells;
      const asked = [...new Set(leaves.filter((leaf) => before?.has(leaf) !== true))];
      const answer = asked.length === 0 ? { rows: [] } : await engine.run(asked, records, environment);
      if ("stuck" in answer)
        return { stuck: { ...answer.stuck, leaf: leaves.indexOf(asked[answer.stuck.leaf] ?? "") } };
      const made = new Map(asked.map((leaf, at) => [leaf, answer.rows.map((row) => row[at] as JqCell)]));
      const columns = leaves.map((leaf) => made.get(leaf) ?? (before?.get(leaf) as readonly JqCell[]));
      const cells = new Map(leaves.map((leaf, at) => [leaf, columns[at] as readonly JqCell[]]));
      batches = [{ shown, records, cells }, ...batches.filter((one) => !isSame(one))].slice(0, maxBatches);
      return { rows: records.map((_, record) => columns.map((column) => column[record] as JqCell)) };
    },
  };
}

/** What jq gave for some records the last time, a column for each expression. */
interface RecordBatch {
  readonly shown: string | undefined;
  readonly records: readonly string[];
  readonly cells: ReadonlyMap<string, readonly JqCell[]>;
}

/** Findings after which nothing can be mapped. */
const breaking = new Set([
  "not_readable",
  "unknown_key",
  "missing_key",
  "wrong_value",
  "refused_expression",
  "jq_syntax",
  "bare_word",
]);

function madeOf(item: Candidate | Entity): Made {
  const { resource, item: element } = item;
  return "fields" in item
    ? { resource, item: element, blueprint: item.blueprint, body: item.fields }
    : { resource, item: element, blueprint: item.key.blueprint, body: item.body };
}

/** Only blueprints that are known are checked by; candidates of others pass as they are mapped. */
async function* checkedBy(
  chunks: readonly Chunk<Candidate>[],
  mapping: Mapping,
  blueprints: ReadonlyMap<string, Blueprint>,
): AsyncGenerator<Chunk<Candidate | Entity>> {
  const check = checkEntities(blueprints, {
    mode: "merge",
    unknownProperties: mapping.unknownProperties,
  });
  for (const chunk of chunks) {
    const known = chunk.items.filter(({ blueprint }) => blueprints.has(blueprint));
    const unknown = chunk.items.filter(({ blueprint }) => !blueprints.has(blueprint));
    const remains = chunk.remains?.filter(({ item }) => blueprints.has(item.blueprint));
    for await (const one of check(each([{ ...chunk, items: known, remains }])))
      yield { ...one, items: [...one.items, ...unknown] };
  }
}

function failedOf(rejects: readonly Reject[]): readonly number[] {
  return [...new Set(rejects.map(({ at }) => at.position))].sort((a, b) => a - b);
}

function chunkOf({ records, rejects }: Sample): Chunk<SourceRecord> {
  const read = records.length + rejects.length;
  return { items: records, rejects, warnings: [], tally: { read, mapped: 0, skipped: 0, rejected: rejects.length } };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* one<T>(item: T): AsyncGenerator<T> {
  yield item;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
