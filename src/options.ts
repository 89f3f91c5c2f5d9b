import { z } from "zod";
import { wholeNumber } from "./whole-number.js";

const countOrShare = z.union(
  [z.int().min(0), z.string().regex(/^\d+(\.\d+)?%$/, "is a number or a percentage, such as 100 or 2%")],
  {
    error: "is a number or a percentage, such as 100 or 2%",
  },
);

/** Options of every command that reads sources through a mapping. A description is the flag's help text, too. */
const readingOptions = {
  sources: z
    .array(z.string().min(1))
    .min(1)
    .describe("files, directories, globs, or - for stdin; <kind>=<path> binds one to a kind"),
  mapping: z.string().min(1).describe("path of the mapping file (YAML or JSON)"),
  blueprints: z
    .string()
    .min(1)
    .optional()
    .describe("folder of blueprint files; without it blueprints come from the API"),
  only: z.array(z.string().min(1)).default([]).describe("kind or blueprint to take (repeatable); all by default"),
  limit: wholeNumber(0).optional().describe("first N records of each source"),
};

const share = z
  .string()
  .regex(/^\d+(\.\d+)?%$/, "is a percentage, such as 50%")
  .refine((text) => Number.parseFloat(text) > 0 && Number.parseFloat(text) <= 100, "is above 0% and at most 100%");

const duration = z.string().regex(/^\d+(\.\d+)?(ms|s|m)$/, "is a duration, such as 500ms, 30s or 5m");

/** Options of every command that talks to the API. */
export const apiOptions = {
  apiUrl: z
    .string()
    .min(1)
    .optional()
    .describe("address of the API; /v1 is added when the path is empty [PORT_API_URL, or PORT_REGION eu|us]"),
  rate: z
    .union([z.literal("auto"), z.literal("off"), z.number().positive()], { error: "is auto, off or a number above 0" })
    .default("auto")
    .describe("bulk requests per second: auto follows the quota, off never waits"),
  quotaShare: share
    .optional()
    .describe("share of the organisation's quota to use, such as 50%; the rest is kept for others"),
  pace: z
    .string()
    .min(1)
    .optional()
    .describe("redis://host:6379, through which several jobs share one quota; needs ioredis [PORTLOAD_PACE]"),
  paceFallback: share
    .optional()
    .describe("share of the quota to go on with alone when that Redis is lost; without it the import stops"),
  timeout: duration.default("30s").describe("longest wait for the answer to one attempt"),
  requestTimeout: duration.default("15m").describe("longest time for one request with all its attempts and waits"),
  runId: z.string().min(1).optional().describe("action run that the writes are recorded under in the audit log"),
};

/** Every option of an import, once: the CLI's flags and the library's argument are both parsed by this schema. */
export const importOptions = z.strictObject({
  ...readingOptions,
  ...apiOptions,
  mode: z
    .enum(["merge", "override", "create"])
    .optional()
    .describe("how an entity meets one that exists; by default as the mapping's enableMergeEntity says, else merge"),
  maxErrors: countOrShare
    .optional()
    .describe("rejects allowed before the import stops: N, or N% judged from 1,000 records on"),
  concurrency: z
    .union([z.literal("auto"), z.int().min(1).max(256)], { error: "is auto or a number from 1 to 256" })
    .default("auto")
    .describe("requests in flight, 1 to 256; auto grows while latency holds and halves on trouble"),
  allowRejects: z
    .string()
    .min(1)
    .optional()
    .describe("file of known rejects, such as an earlier reasons.ndjson: they count, and do not set exit code 1"),
  report: z
    .array(z.string().min(1))
    .default([])
    .describe("further report file (repeatable): .json .md .html .xml .prom"),
  stateDir: z.string().min(1).optional().describe("folder of import folders, ./.portload by default [PORTLOAD_STATE]"),
  keep: wholeNumber(1).default(30).describe("finished import folders to keep, the newest first"),
});
/** See {@link importOptions}. */
export type ImportOptions = z.input<typeof importOptions>;
/** {@link ImportOptions} with its defaults filled in. */
export type ResolvedImportOptions = z.output<typeof importOptions>;

/** Options of the command import: an import's, and whether it is only tried. */
export const importCommandOptions = importOptions.extend({
  dryRun: z.boolean().default(false).describe("have the API check every write, and write nothing"),
});
/** See {@link importCommandOptions}. */
export type ImportCommandOptions = z.input<typeof importCommandOptions>;

/** Options of a preview: what reading, mapping and, with blueprints, checking make of the sources. */
export const previewOptions = z.strictObject({
  ...readingOptions,
  blueprints: readingOptions.blueprints.describe(
    "folder of blueprint files, by which values are typed; without it entities are as the expressions give them",
  ),
});
/** See {@link previewOptions}. */
export type PreviewOptions = z.input<typeof previewOptions>;

/** Options of lint. */
export const lintOptions = z.strictObject({
  mappings: z.array(z.string().min(1)).min(1).describe("mapping files to check"),
  blueprints: readingOptions.blueprints.describe(
    "folder of blueprint files; without it names and types are not checked",
  ),
  source: z
    .array(z.string().min(1))
    .default([])
    .describe("source whose columns are compared (repeatable); <kind>=<path> binds it to a kind"),
  sample: wholeNumber(1).default(10_000).describe("records of each source to look at"),
});
/** See {@link lintOptions}. */
export type LintOptions = z.input<typeof lintOptions>;

/** Options of mapping tests. */
export const testOptions = z.strictObject({
  files: z
    .array(z.string().min(1))
    .min(1)
    .describe("files of tests, each beside its mapping: services.test.yaml for services.yaml"),
  junit: z.string().min(1).optional().describe("file to write the results to as JUnit XML"),
  update: z.boolean().default(false).describe("rewrite what tests that fail expect, and show each change"),
});
/** See {@link testOptions}. */
export type TestOptions = z.input<typeof testOptions>;

/** Options of the proposal of a mapping. */
export const initOptions = z.strictObject({
  sources: z
    .array(z.string().min(1))
    .min(1)
    .describe("files, addresses or - for stdin to propose from, each a kind; <kind>=<path> names it"),
  blueprint: z.string().min(1).optional().describe("blueprint to map to: a file, or its identifier in the catalog"),
  catalog: z.boolean().default(false).describe("look for relations to entities of the catalog, too"),
  out: z.string().min(1).optional().describe("mapping file to write; stdout by default"),
  blueprintsOut: z.string().min(1).optional().describe("folder to write the proposed blueprints to"),
  limit: wholeNumber(1).default(100_000).describe("records of each source to look at"),
  yes: z.boolean().default(false).describe("overwrite files that exist"),
});
/** See {@link initOptions}. */
export type InitOptions = z.input<typeof initOptions>;

/** Options of an explanation. */
export const explainOptions = z.strictObject({
  source: z.string().min(1).describe("file, or - for stdin; <kind>=<path> binds it to a kind"),
  mapping: readingOptions.mapping,
  record: wholeNumber(1).describe("position of the record in its source, from 1"),
  blueprints: readingOptions.blueprints,
  mode: importOptions.shape.mode,
  apiUrl: apiOptions.apiUrl,
});
/** See {@link explainOptions}. */
export type ExplainOptions = z.input<typeof explainOptions>;
