import { isMap, isSeq, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { Issue } from "../errors.js";
import { rejectCodes } from "../reject.js";
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
  path: z.string().optional().describe("column, leaf of the mapping, or property that is at fault"),
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
  .refine(({ records, text }) => (records === undefined) !== (text === undefined), "has either records or text");

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
          message: issue.message,
          ...(offset === undefined ? {} : { line: counter.linePos(offset).line }),
        };
      }),
    };
  const lines = parsed.data.tests.map(
    (_, index) => counter.linePos(offsetOf(document.contents, ["tests", index]) ?? 0).line,
  );
  return { file: parsed.data, lines };
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
