import { z } from "zod";
import { UsageError } from "../../errors.js";
import { importOptions } from "../../options.js";

const ceiling = z.union([z.int().min(0), z.string().regex(/^\d+(\.\d+)?%?$/, "is a number or a percentage")], {
  error: "is a number or a percentage, such as 100 or 10%",
});

const comparing = {
  mode: z
    .enum(["merge", "override"], { error: "is merge or override" })
    .optional()
    .describe("what is compared and written: merge the mapped fields, override all; by default as the mapping says"),
  prune: z.boolean().default(false).describe("delete what the mapping owns and the sources no longer have"),
  maxDelete: z
    .array(ceiling)
    .default([])
    .describe("deletions allowed per blueprint: N, N% of those it owns, or both (repeatable) [100 and 10%]"),
};

/** Every option of a sync: an import's, and what deletes. */
export const syncOptions = importOptions.extend(comparing);
/** See {@link syncOptions}. */
export type SyncOptions = z.input<typeof syncOptions>;
/** {@link SyncOptions} with their defaults filled in. */
export type ResolvedSyncOptions = z.output<typeof syncOptions>;

/** Every option of a plan: a sync's, and where the plan goes. */
export const planOptions = syncOptions.extend({
  out: z.string().min(1).optional().describe("plan file to write, for portload apply"),
  detailedExitcode: z.boolean().default(false).describe("exit with 10 when there are changes"),
});
/** See {@link planOptions}. */
export type PlanOptions = z.input<typeof planOptions>;

/** Every option of applying a plan: an import's that have to do with writing. */
export const applyOptions = importOptions
  .omit({ sources: true, mapping: true, blueprints: true, only: true, limit: true, mode: true })
  .extend({ plan: z.string().min(1).describe("plan file that portload plan --out wrote") });
/** See {@link applyOptions}. */
export type ApplyOptions = z.input<typeof applyOptions>;

/** Options with their defaults. @throws {UsageError} with every option that does not fit */
export function resolveOptions<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new UsageError(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
}
