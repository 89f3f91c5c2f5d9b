import { z } from "zod";
import { sourceOptions } from "../source-options.js";
import type { RawLeaf } from "./mapping.js";

/** Structure is checked here, the content of leaves by `leafIssues`, which knows the line of each. */
const leaf = z.custom<RawLeaf>((value) => value !== undefined, { error: "is missing" });
const expression = z.string();
/** A search in place of a name: `{combinator, rules}`, each part an expression. @source API reference, `def-5` */
const query = z.record(z.string(), leaf);
const fields = z.preprocess((value) => value ?? {}, z.record(z.string(), leaf));

const mappings = z.strictObject({
  identifier: z.union([expression, query], { error: "must be an expression or a search query" }),
  blueprint: expression,
  title: leaf.optional(),
  icon: leaf.optional(),
  team: leaf.optional(),
  properties: fields,
  relations: fields,
});

/** What a resource owns of its blueprint: all of it, or what a property tells. */
const prune = z.union(
  [
    z.literal("all"),
    z.strictObject({
      where: z.strictObject({
        /** Key of a property or relation that the resource maps. */
        property: z.string().min(1),
        value: z.union([z.string(), z.number(), z.boolean()]),
      }),
    }),
  ],
  { error: "is all, or where with property and value" },
);

/** What becomes of an entity whose target exists neither in the import nor in the catalog, by relation. */
const onMissingTarget = z
  .record(z.string(), z.enum(["reject", "omit", "create"], { error: "is reject, omit or create" }))
  .default({});

const resource = z.strictObject({
  kind: z.string().min(1),
  prune: prune.optional(),
  onMissingTarget,
  /** Other keys of a selector steer another integration's fetching. */
  selector: z
    .looseObject({ query: z.union([expression, z.boolean()], { error: "must be an expression" }).optional() })
    .nullish(),
  port: z.strictObject({
    entity: z.strictObject({
      /** A list of one is how some files write it. */
      mappings: z.preprocess((value) => (Array.isArray(value) && value.length === 1 ? value[0] : value), mappings),
      /** Port does not look at these, and the default mapping of one of its integrations has them. */
      properties: z.unknown().optional(),
      relations: z.unknown().optional(),
    }),
    itemsToParse: expression.nullish(),
    itemsToParseName: z.string().min(1).default("item"),
    itemsToParseTopLevelTransform: z.boolean().default(true),
  }),
});

const fieldList = z
  .array(
    z
      .string()
      .regex(
        /^(?:title|icon|team|(?:properties|relations)\..+)$/su,
        "must be title, icon, team, properties.x or relations.x",
      ),
  )
  .default([]);

/** The mapping file. Unknown keys are faults, but for {@link ignoredKeys} and what a selector holds beside `query`. */
export const mappingFile = z.strictObject({
  source: sourceOptions.default({}),
  sources: z.record(z.string(), sourceOptions).default({}),
  duplicates: z.enum(["first", "last", "error", "merge", "off"]).optional(),
  onNull: z.enum(["omit", "clear"]).default("omit"),
  clear: fieldList,
  omit: fieldList,
  reject: fieldList,
  onError: z.preprocess((value) => (value === null ? "null" : value), z.enum(["null", "reject"])).default("null"),
  enableMergeEntity: z.boolean().optional(),
  createMissingRelatedEntities: z.boolean().default(false),
  deleteDependentEntities: z.boolean().default(false),
  entityDeletionThreshold: z.number().min(0).max(1).optional(),
  unknownProperties: z.enum(["refuse", "warn"]).default("refuse"),
  allowedEnvironmentVariablesInJQ: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of one environment variable; no pattern"))
    .default([]),
  resources: z.array(resource).min(1),
});
/** The keys that may stand at a place of a file; none where any may, or none. */
export function keysAt(path: readonly PropertyKey[], file: z.ZodType = mappingFile): readonly string[] {
  let at: unknown = file;
  for (const step of path) at = within(at, step);
  const { shape } = definitionOf(at);
  return shape === undefined ? [] : Object.keys(shape);
}

/** What is looked at of a schema's definition, whichever kind it is of. */
interface Definition {
  readonly shape?: Readonly<Record<PropertyKey, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly innerType?: unknown;
  readonly out?: unknown;
  readonly options?: readonly unknown[];
}

/** The definition of a schema without what wraps it; of several, that of an object. */
function definitionOf(schema: unknown): Definition {
  const { def = {} } = (schema ?? {}) as { readonly def?: Definition };
  const inner = def.innerType ?? def.out ?? def.options?.find((option) => definitionOf(option).shape !== undefined);
  return inner === undefined ? def : definitionOf(inner);
}

function within(schema: unknown, step: PropertyKey): unknown {
  const { shape, element, valueType } = definitionOf(schema);
  return shape?.[step] ?? element ?? valueType;
}
/** See {@link mappingFile}. */
export type MappingFile = z.output<typeof mappingFile>;

/**
 * Keys at the root that steer what another of Port's integrations fetches or how it writes.
 *
 * @source Ocean 607beada, classes derived from `PortAppConfig` (azure-devops, github, gitlab, gitlab-v2); port-k8s-exporter, `IntegrationAppConfig`
 */
export const ignoredKeys: ReadonlySet<string> = new Set([
  "allowAllEnvironmentVariablesInJQ",
  "branch",
  "crdsToDiscover",
  "deleteDependents",
  "filterOwnedProjects",
  "includeAuthenticatedUser",
  "organizations",
  "overwriteCRDsActions",
  "overwriteCrdsActions",
  "projectVisibilityFilter",
  "repositoryType",
  "sendRawDataExamples",
  "specPath",
  "updateEntityOnlyOnDiff",
  "useDefaultBranch",
  "visibility",
]);
