import { z } from "zod";
import { importOptions, type ResolvedImportOptions } from "../../options.js";

type Overrides = {
  readonly [K in keyof ResolvedImportOptions]-?: z.ZodOptional<z.ZodType<NonNullable<ResolvedImportOptions[K]>>>;
};

/** Any option of an import, without its default: what is not given stays as an earlier import had it. */
const overrides = Object.fromEntries(
  Object.entries(importOptions.shape).map(([name, schema]) => {
    const given: z.ZodType = schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;
    return [name, z.optional(given).describe(schema.description ?? "")];
  }),
) as unknown as Overrides;

/** Options of a resume: those of the import it takes up, and any of an import's in their place. */
export const resumeOptions = z.strictObject({
  ...overrides,
  importId: z.string().min(1).optional().describe("import to go on with; by default the latest that did not finish"),
  acceptChanges: z
    .boolean()
    .default(false)
    .describe("go on although sources, mapping, options or target changed; what they changed is sent again"),
});
/** See {@link resumeOptions}. */
export type ResumeOptions = z.input<typeof resumeOptions>;

/** Options of a retry: those of the import whose rejects it feeds, and any of an import's in their place. */
export const retryOptions = z.strictObject({
  ...overrides,
  importId: z.string().min(1).optional().describe("import whose rejects to feed; by default the latest that has any"),
});
/** See {@link retryOptions}. */
export type RetryOptions = z.input<typeof retryOptions>;
