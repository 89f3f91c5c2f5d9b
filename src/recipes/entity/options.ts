import { z } from "zod";
import { apiOptions } from "../../options.js";
import { syncOptions } from "../sync/options.js";

const pair = z.string().regex(/^[^=]+=/, "is <name>=<value>");

const common = {
  blueprint: z.string().min(1).describe("blueprint of the entity"),
  apiUrl: apiOptions.apiUrl,
  timeout: apiOptions.timeout,
  requestTimeout: apiOptions.requestTimeout,
};

/** Options of reading one entity. */
export const entityGetOptions = z.strictObject({
  ...common,
  identifier: z.string().min(1).describe("identifier of the entity"),
  include: z.array(z.string().min(1)).default([]).describe("field to show, such as properties.version (repeatable)"),
  exclude: z.array(z.string().min(1)).default([]).describe("field to leave out (repeatable)"),
  attachTitles: z.boolean().default(false).describe("show relations with their titles"),
});
/** See {@link entityGetOptions}. */
export type EntityGetOptions = z.output<typeof entityGetOptions>;

/** Options of writing one entity. */
export const entityWriteOptions = z.strictObject({
  ...common,
  identifier: z.string().min(1).optional().describe("identifier; without it the body's, else Port makes one up"),
  title: z.string().min(1).optional().describe("title"),
  icon: z.string().min(1).optional().describe("icon"),
  team: z.array(z.string().min(1)).default([]).describe("team that owns it (repeatable)"),
  property: z
    .array(pair)
    .default([])
    .describe("<property>=<value>, typed by the blueprint; repeated for a list, or JSON text (repeatable)"),
  relation: z.array(pair).default([]).describe("<relation>=<identifier>; repeated for several targets (repeatable)"),
  clear: z
    .array(z.string().regex(/^(properties|relations)\../, "is properties.<name> or relations.<name>"))
    .default([])
    .describe("properties.<name> or relations.<name> to set to null (repeatable)"),
  file: z.string().min(1).optional().describe("JSON file of the entity, - for stdin; flags are laid over it"),
  createMissing: z.boolean().default(false).describe("create relation targets that are missing"),
  dryRun: z.boolean().default(false).describe("store nothing; the API says what it would refuse"),
  runId: apiOptions.runId,
});
/** See {@link entityWriteOptions}. */
export type EntityWriteOptions = z.output<typeof entityWriteOptions>;

/** Options of deleting entities by name. */
export const entityDeleteOptions = z.strictObject({
  ...common,
  identifiers: z.array(z.string().min(1)).min(1).describe("identifiers, or - for a list on stdin, one a line"),
  deleteDependents: z.boolean().default(false).describe("delete what requires them, too"),
  maxDelete: syncOptions.shape.maxDelete.describe(
    "of a list, deletions allowed: N, N% of the blueprint's entities, or both (repeatable) [100 and 10%]",
  ),
  runId: apiOptions.runId,
});
/** See {@link entityDeleteOptions}. */
export type EntityDeleteOptions = z.output<typeof entityDeleteOptions>;

/** Options of deleting all entities of a blueprint. */
export const entityDeleteAllOptions = z.strictObject({
  ...common,
  deleteBlueprint: z.boolean().default(false).describe("delete the blueprint, too"),
  yes: z.boolean().default(false).describe("do not ask"),
  runId: apiOptions.runId,
});
/** See {@link entityDeleteAllOptions}. */
export type EntityDeleteAllOptions = z.output<typeof entityDeleteAllOptions>;
