import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { traceRecords } from "../authoring/trace-records.js";
import type { Blueprints } from "../blueprint.js";
import { type CheckOptions, checkEntities } from "../check/check.js";
import { type Chunk, eachItem, type Stage } from "../chunk.js";
import type { Candidate, Entity, Mode } from "../entity.js";
import { BlueprintError, MappingError, PortloadError } from "../errors.js";
import { startJq } from "../map/jq.js";
import { type CompiledMapping, compileMapping, mapRecords } from "../map/map.js";
import { parseMapping, sourceOptionsFor } from "../map/mapping-file.js";
import { compareTest, type Got, type StatedEntity, updateTests } from "../mapping-test/expectations.js";
import {
  type Coverage,
  type FileResult,
  formatTestJunit,
  openCoverage,
  type TestResult,
} from "../mapping-test/results.js";
import {
  columnsOfKind,
  isTabular,
  type MappingTest,
  type ParsedTests,
  parseTests,
  testRecords,
} from "../mapping-test/test-file.js";
import { type TestOptions, testOptions } from "../options/authoring.js";
import { parseOptions } from "../options/option.js";
import { writeOutputFile } from "../output-file.js";
import { readSource } from "../read/read.js";
import type { SourceRecord } from "../record.js";
import { loadBlueprintFolder } from "./run/blueprints.js";

/**
 * Runs the tests of mapping files offline: records in, entities or codes of rejects out. Writes the JUnit file and, where asked, the expectations of tests
 * that failed.
 *
 * A file that cannot be run is a result, too: no fault of a test is thrown.
 */
export async function testMappings(given: TestOptions): Promise<readonly FileResult[]> {
  const options = parseOptions(testOptions, given);
  const results: FileResult[] = [];
  for (const file of options.files) results.push(await testFileOf(file, options.update));
  if (options.junit !== undefined) await writeOutputFile(options.junit, "--junit", formatTestJunit(results));
  return results;
}

async function testFileOf(file: string, update: boolean): Promise<FileResult> {
  const engine = startJq();
  try {
    const text = await readFile(file, "utf8");
    const tests = parseTests(text);
    if ("issues" in tests) throw new MappingError(file, tests.issues);
    const path = join(dirname(file), tests.file.mapping ?? mappingBeside(file));
    const mapping = parseMapping(await readFile(path, "utf8"), path);
    const compiled = await compileMapping(mapping, engine, { env: tests.file.environment, isPublic: true });
    const folder = tests.file.blueprints;
    const catalog =
      folder === undefined
        ? undefined
        : new Map(
            (await loadBlueprintFolder(join(dirname(file), folder), "any")).map((each) => [each.identifier, each]),
          );
    return await runTests({ file, text, update, tests, path, compiled, ...(catalog && { catalog }) });
  } catch (error) {
    const why =
      error instanceof PortloadError
        ? error.message
        : (error as NodeJS.ErrnoException).code === "ENOENT"
          ? `there is no file ${(error as NodeJS.ErrnoException).path ?? ""}`
          : undefined;
    if (why === undefined) throw error;
    return { file, error: why, tests: [], coverage: [] };
  } finally {
    await engine.close();
  }
}

function mappingBeside(file: string): string {
  const name = file.split(/[\\/]/).at(-1) ?? file;
  return name.replace(/\.test(?=\.[^.]+$)/, "");
}

interface TestSetup {
  readonly file: string;
  readonly text: string;
  readonly update: boolean;
  readonly tests: ParsedTests;
  readonly path: string;
  readonly compiled: CompiledMapping;
  readonly catalog?: Blueprints;
}

async function runTests(setup: TestSetup): Promise<FileResult> {
  const { file, text, update, tests, path, compiled } = setup;
  const coverage = openCoverage(compiled.leaves);
  const results: TestResult[] = [];
  const came = new Map<number, Got>();
  for (const [index, test] of tests.file.tests.entries()) {
    const started = performance.now();
    const outcome = await runTest(setup, test, coverage);
    const base = { name: test.name, line: tests.lines[index] ?? 1, durationMs: performance.now() - started };
    if ("error" in outcome) {
      results.push({ ...base, is: "failed", differences: [], error: outcome.error });
      continue;
    }
    const differences = compareTest(test, outcome);
    const is = differences.length === 0 ? "passed" : update ? "updated" : "failed";
    if (is === "updated") came.set(index, outcome);
    results.push({ ...base, is, differences });
  }
  if (came.size > 0) await writeFile(file, updateTests(text, came));
  return { file, tests: results, mapping: path, coverage: coverage.leaves() };
}

async function runTest(
  setup: TestSetup,
  test: MappingTest,
  coverage: Coverage,
): Promise<Got | { readonly error: string }> {
  const { mapping } = setup.compiled;
  const kinds = [...new Set(mapping.resources.map(({ kind }) => kind))];
  const kind = test.kind ?? (kinds.length === 1 ? kinds[0] : undefined);
  if (kind === undefined || !kinds.includes(kind))
    return {
      error: `${test.kind === undefined ? "names no kind" : `names the kind "${test.kind}"`}; the mapping's kinds are ${kinds.join(", ")}`,
    };
  try {
    const chunks = await chunksOf(test, kind, setup);
    if ("fault" in chunks) return { error: chunks.fault };
    coverage.add(
      await traceRecords(
        setup.compiled,
        kind,
        chunks.flatMap(({ items }) => items),
        "the test's records",
      ),
    );
    return await mapAndCheck(setup, kind, chunks);
  } catch (error) {
    if (error instanceof PortloadError && !(error instanceof BlueprintError)) return { error: error.message };
    throw error;
  }
}

async function chunksOf(
  test: MappingTest,
  kind: string,
  { compiled: { mapping }, tests }: TestSetup,
): Promise<readonly Chunk<SourceRecord>[] | { readonly fault: string }> {
  const options = sourceOptionsFor(mapping, kind);
  if (test.records !== undefined) {
    const made = testRecords(
      test.records,
      options,
      columnsOfKind(tests.file.tests, (each) => (each.kind ?? kind) === kind),
    );
    if ("fault" in made) return made;
    const { length } = made.records;
    return [
      { items: made.records, rejects: [], warnings: [], tally: { read: length, mapped: 0, skipped: 0, rejected: 0 } },
    ];
  }
  const format = options.format ?? (isTabular(options) ? "csv" : undefined);
  const source = { index: 0, kind, path: "-", name: "the test's text" };
  const io = { stdin: Readable.from([Buffer.from(test.text ?? "")]) };
  const chunks: Chunk<SourceRecord>[] = [];
  for await (const chunk of readSource(source, { ...options, ...(format && { format }) }, io)) chunks.push(chunk);
  return chunks;
}

async function mapAndCheck(
  { compiled, catalog, tests }: TestSetup,
  kind: string,
  chunks: readonly Chunk<SourceRecord>[],
): Promise<Got> {
  const { mapping } = compiled;
  const mode: Mode = tests.file.mode ?? (mapping.enableMergeEntity === false ? "override" : "merge");
  const { unknownProperties } = mapping;
  const finish = catalog === undefined ? asMapped : asChecked(catalog, { mode, unknownProperties });
  const got = {
    entities: [] as StatedEntity[],
    rejects: [] as Got["rejects"][number][],
    skipped: 0,
    warnings: new Set<Got["warnings"][number]>(),
  };
  for await (const { items, rejects, warnings, tally } of finish(
    mapRecords(compiled, kind, "the test's records")(each(chunks)),
  )) {
    got.entities.push(...items);
    got.skipped += tally.skipped;
    for (const { code } of warnings) got.warnings.add(code);
    for (const { at, code, path, blueprint, also = [] } of rejects)
      for (const finding of [{ code, path }, ...also])
        got.rejects.push({
          record: at.position,
          code: finding.code,
          ...(finding.path === undefined ? {} : { path: finding.path }),
          ...(blueprint === undefined ? {} : { blueprint }),
        });
  }
  return { ...got, warnings: [...got.warnings] };
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

const asMapped: Stage<Candidate, StatedEntity> = eachItem(({ blueprint, fields }) => plain({ blueprint, ...fields }));

function asChecked(catalog: Blueprints, options: CheckOptions): Stage<Candidate, StatedEntity> {
  const stated = eachItem(({ key, body }: Entity) => plain({ blueprint: key.blueprint, ...body }));
  return (chunks) => stated(checkEntities(catalog, options)(chunks));
}

/** As JSON has it: nothing undefined. */
function plain(entity: object): StatedEntity {
  return JSON.parse(JSON.stringify(entity)) as StatedEntity;
}
