import type { Blueprint } from "../../blueprint.js";
import { checkEntities } from "../../check/check.js";
import type { Chunk } from "../../chunk.js";
import type { Candidate, Entity } from "../../entity.js";
import { MappingError } from "../../errors.js";
import { lintMapping } from "../../lint/lint-mapping.js";
import { compileMapping } from "../../map/compile-mapping.js";
import type { JqEngine } from "../../map/jq.js";
import { missingColumns } from "../../map/keys-read.js";
import { mapRecords } from "../../map/map.js";
import { type Mapping, parseMapping } from "../../map/mapping-file.js";
import type { SourceRecord } from "../../record.js";
import type { Reject } from "../../reject.js";
import { columnFindings, type FixableFinding, fixable, type Problem, problemsOf } from "./problems.js";
import { type Made, type Sample, type Traced, tracedOf } from "./sample.js";

/** What became of one record of the sample. */
export interface EvaluatedRecord {
  readonly position: number;
  readonly line?: number;
  readonly entities: readonly EvaluatedEntity[];
}

/** A candidate of a record, short. */
export interface EvaluatedEntity {
  readonly resource: number;
  readonly item: number;
  readonly blueprint: string;
  readonly fate: "entity" | "rejected";
  readonly identifier?: string;
  readonly title?: string;
}

/** What a mapping makes of a sample. */
export interface Evaluation {
  readonly findings: readonly FixableFinding[];
  /** True where a fault keeps the mapping from being tried. */
  readonly isBroken: boolean;
  readonly records: readonly EvaluatedRecord[];
  readonly problems: readonly Problem[];
  /** Blueprints that the mapping names. */
  readonly writes: readonly string[];
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
  readonly text: string;
  /** Its name, for findings. */
  readonly file: string;
  readonly sample: Sample;
  readonly engine: JqEngine;
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  /** Those of them that only the studio has proposed. */
  readonly proposed: ReadonlySet<string>;
  /** The record that is looked at. */
  readonly position?: number;
}

/** Lints the mapping text and maps and checks the sample by it, as an import would. */
export async function evaluate(input: EvaluateInput): Promise<Evaluation> {
  const { text, file, sample, engine, blueprints, proposed, position } = input;
  const linted = await lintMapping(text, file, {
    compile: (expression) => engine.compile(expression),
    ...(blueprints.size > 0 && { blueprints }),
  });
  const counts = { records: 0, entities: 0, skipped: 0, failed: 0 };
  const mapping = parsed(text, file);
  const findings = linted.map((finding) => fixable(finding, mapping, proposed));
  const nothing = { findings, isBroken: true, records: [], problems: [], writes: [], counts };
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
  const mapped = await collect(mapRecords(compiled, sample.kind, sample.name)(one(chunkOf(sample))));
  const checked = blueprints.size === 0 ? [] : await collect(checkedBy(mapped, mapping, blueprints));
  const entities: Made[] = (blueprints.size === 0 ? mapped : checked).flatMap(({ items }) => items.map(madeOf));
  const rejects = [...(blueprints.size === 0 ? mapped : checked).flatMap((chunk) => chunk.rejects)];
  const tally = mapped.reduce((sum, { tally: t }) => sum + t.skipped, 0);
  return {
    findings,
    isBroken: false,
    records: recordsOf(sample, entities, rejects),
    writes: [...new Set(mapping.resources.flatMap(({ blueprint }) => blueprint ?? []))],
    problems: problemsOf(rejects, mapping, sample, proposed),
    counts: {
      records: sample.records.length + sample.rejects.length,
      entities: entities.length,
      skipped: tally,
      failed: rejects.length,
    },
    ...(position !== undefined && (await tracedOf(sample, compiled, position, entities, rejects))),
  };
}

function parsed(text: string, file: string): Mapping | undefined {
  try {
    return parseMapping(text, file);
  } catch (error) {
    if (error instanceof MappingError) return undefined;
    throw error;
  }
}

/** Expressions whose compilation is remembered. */
const maxCompiled = 2000;

/** An engine that compiles each expression once: between two keys all but one of a mapping's are the same. */
export function withMemory(engine: JqEngine): JqEngine {
  const compiled = new Map<string, ReturnType<JqEngine["compile"]>>();
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
  };
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
  const { at, resource, item: element } = item;
  return "fields" in item
    ? { position: at.position, resource, item: element, blueprint: item.blueprint, body: item.fields }
    : { position: at.position, resource, item: element, blueprint: item.key.blueprint, body: item.body };
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

function recordsOf(
  { records, rejects: unread }: Sample,
  made: readonly Made[],
  rejects: readonly Reject[],
): readonly EvaluatedRecord[] {
  const byPosition = new Map<number, EvaluatedEntity[]>();
  const add = (position: number, entity: EvaluatedEntity): void => {
    const known = byPosition.get(position);
    if (known === undefined) byPosition.set(position, [entity]);
    else known.push(entity);
  };
  for (const { position, resource, item, blueprint, body } of made)
    add(position, {
      resource,
      item,
      blueprint,
      fate: "entity",
      identifier: typeof body.identifier === "string" ? body.identifier : JSON.stringify(body.identifier),
      ...(typeof body.title === "string" && { title: body.title }),
    });
  for (const { at, resource = 0, item = 0, blueprint = "", identifier, stage } of rejects)
    if (stage !== "read")
      add(at.position, {
        resource,
        item,
        blueprint,
        fate: "rejected",
        ...(identifier !== undefined && { identifier }),
      });
  return [...records.map(({ at }) => at), ...unread.map(({ at }) => at)]
    .sort((a, b) => a.position - b.position)
    .map(({ position, line }) => ({
      position,
      ...(line !== undefined && { line }),
      entities: byPosition.get(position) ?? [],
    }));
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
