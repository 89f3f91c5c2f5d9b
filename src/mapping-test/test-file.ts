import { isMap, isSeq, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { Issue } from "../errors.js";
import { unknownKey } from "../map/mapping-text.js";
import type { SourceRecord } from "../record.js";
import { rejectCodes } from "../reject.js";
import type { SourceOptions } from "../source-options.js";
import { warningCodes } from "../warning.js";

const entity = z.strictObject({
  blueprint: z.string().describe("blueprint of the entity"),
  identifier: z.unknown().describe("identifier, or a search query"),
  title: z.unknown().optional().describe("title; left out where none is written"),
  icon: z.unknown().optional().describe("icon; left out where none is written"),
  team: z.unknown().optional().describe("team; left out where none is written"),
  properties: z.record(z.string(), z.unknown()).default({}).describe("all properties that are written"),
  relations: z.record(z.string(), z.unknown()).default({}).describe("all relations that are written"),
});

const reject = z.strictObject({
  record: z.int().min(1).optional().describe("position of the record, from 1"),
  code: z.enum(Object.keys(rejectCodes) as [keyof typeof rejectCodes]).describe("code of the reject"),
  path: z.string().optional().describe("column, line of the mapping, or property that is at fault"),
  blueprint: z.string().optional().describe("blueprint of the candidate"),
});

const test = z
  .strictObject({
    name: z.string().min(1).describe("what the test states, as a sentence"),
    kind: z.string().min(1).optional().describe("kind of the records; may be left out where the mapping has one kind"),
    records: z
      .array(z.record(z.string(), z.unknown()))
      .optional()
      .describe("records: objects, or for CSV an object of cells by column, all of them text"),
    text: z.string().optional().describe("the source's own text, read as the mapping says"),
    entities: z.array(entity).default([]).describe("every entity that is expected, whole, in read order"),
    rejects: z.array(reject).default([]).describe("every fault that is expected, in read order"),
    skipped: z.int().min(0).optional().describe("records that are expected to be skipped; not compared where left out"),
    warnings: z
      .array(z.enum(Object.keys(warningCodes) as [keyof typeof warningCodes]))
      .optional()
      .describe("codes of the warnings that are expected, each once; not compared where left out"),
  })
  .refine(({ records, text }) => (records === undefined) !== (text === undefined), "needs either records or text");

/** A file of mapping tests: `<mapping>.test.yaml`. */
export const testFile = z.strictObject({
  mapping: z
    .string()
    .min(1)
    .optional()
    .describe("mapping file, relative to this one; by default its own name without .test"),
  blueprints: z
    .string()
    .min(1)
    .optional()
    .describe("folder of blueprint files, relative to this one; with it entities are typed and checked"),
  mode: z
    .enum(["merge", "override", "create"])
    .optional()
    .describe("mode of the check; by default as the mapping says"),
  environment: z
    .record(z.string(), z.string())
    .default({})
    .describe("values of the environment variables that the mapping allows; a test sees no others"),
  tests: z.array(test).min(1).describe("the tests"),
});

/** See {@link testFile}. */
export type TestFile = z.output<typeof testFile>;
/** One test of a {@link TestFile}. */
export type MappingTest = TestFile["tests"][number];

/** A file of tests, parsed, with the line of each test. */
export interface ParsedTests {
  readonly file: TestFile;
  /** From 1. */
  readonly lines: readonly number[];
}

/** Parses a file of tests; every fault at once where it has some. */
export function parseTests(text: string): ParsedTests | { readonly issues: readonly Issue[] } {
  const counter = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/u, ""), { lineCounter: counter, prettyErrors: false });
  if (document.errors.length > 0)
    return {
      issues: document.errors.map(({ message, pos }) => ({ path: "", message, line: counter.linePos(pos[0]).line })),
    };
  const parsed = testFile.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success)
    return {
      issues: parsed.error.issues.map((issue) => {
        const offset = offsetOf(document.contents, issue.path);
        return {
          path: issue.path.join("."),
          message: messageOf(issue),
          ...(offset === undefined ? {} : { line: counter.linePos(offset).line }),
        };
      }),
    };
  const lines = parsed.data.tests.map(
    (_, index) => counter.linePos(offsetOf(document.contents, ["tests", index]) ?? 0).line,
  );
  return { file: parsed.data, lines };
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "unrecognized_keys") return issue.message;
  return issue.keys.map((key) => `${key} ${unknownKey(key, issue.path, testFile)}`).join("; ");
}

function offsetOf(root: unknown, path: readonly PropertyKey[]): number | undefined {
  let node = root;
  let offset: number | undefined;
  for (const step of path) {
    if (!isMap(node) && !isSeq(node)) break;
    node = node.get(step, true);
    const range = (node as { range?: readonly number[] } | undefined)?.range;
    if (range?.[0] === undefined) break;
    offset = range[0];
  }
  return offset;
}

/** The records of a test, or why it has none. */
export type TestRecords = { readonly records: readonly SourceRecord[] } | { readonly fault: string };

/** The columns of a kind: all that any record of the file's tests names, in order of appearance. */
export function columnsOfKind(
  tests: readonly MappingTest[],
  isOfKind: (test: MappingTest) => boolean,
): readonly string[] {
  const named = tests.filter(isOfKind).flatMap(({ records = [] }) => records.flatMap((record) => Object.keys(record)));
  return [...new Set(named)];
}

/**
 * Makes records of what a test states: rows of cells where the kind is read as CSV, JSON values else.
 *
 * @param named - the columns of the kind; a cell that is left out is empty
 */
export function testRecords(
  stated: NonNullable<MappingTest["records"]>,
  options: SourceOptions,
  named: readonly string[],
): TestRecords {
  const at = (index: number) => ({ source: 0, position: index + 1 });
  if (!isTabular(options)) return { records: stated.map((value, index) => ({ at: at(index), value })) };
  const columns = [...new Set([...named, ...Object.keys(options.columns ?? {})])];
  const records: SourceRecord[] = [];
  for (const [index, record] of stated.entries()) {
    const cells: string[] = [];
    for (const column of columns) {
      const cell = Object.hasOwn(record, column) ? record[column] : "";
      if (typeof cell !== "string")
        return {
          fault: `record ${index + 1}: the cell ${JSON.stringify(column)} is ${JSON.stringify(cell)}, and cells are text; put it in quotes`,
        };
      cells.push(cell);
    }
    records.push({ at: at(index), columns, cells });
  }
  return { records };
}

/** True where the mapping says that the kind is CSV or TSV. */
export function isTabular({ format, csv }: SourceOptions): boolean {
  return format === "csv" || format === "tsv" || (format === undefined && csv !== undefined);
}
