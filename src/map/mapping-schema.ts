import { z } from "zod";
import type { Issue } from "../errors.js";
import type { RawLeaf } from "../mapping-object.js";
import { sourceOptions } from "../source-options.js";
import { doubleQuotes, isFetched, refusalOf, variablesIn } from "./tokens.js";

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

/** What a resource owns of its blueprint: all of it, or what a property says. */
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

/** What happens to an entity whose target exists neither in the import nor in the catalog, by relation. */
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

/** The mapping file. Unknown keys are faults, except for {@link ignoredKeys} and what a selector holds beside `query`. */
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

/** A place in the mapping: keys from the root on. */
type KeyPath = readonly (string | number)[];

/**
 * The faults of all leaves of a file, whether or not its structure is right: empty expressions, refused words, numbers that lose digits.
 *
 * @param value - the whole file, as parsed
 */
export function leafIssues(value: object, lineOf: (path: KeyPath) => number | undefined): Issue[] {
  const issues: Issue[] = [];
  const leaves = [...rawLeaves(value)];
  const environment = allowedVariables(value);
  const missing = missingVariables(leaves, environment);
  for (const { path, leaf } of leaves) {
    const refusal = faultOf(leaf, environment);
    if (refusal === undefined) continue;
    const readsMore =
      typeof leaf === "string" && variablesIn(doubleQuotes(leaf)).some((name) => missing.includes(name));
    const message = readsMore ? `${refusal}; ${allowing([...environment, ...missing])}` : refusal;
    const line = lineOf(path);
    issues.push({ path: path.join("."), message, ...(line === undefined ? {} : { line }) });
  }
  return issues;
}

/** Paths of keys named `__proto__`, anywhere in the file. */
export function* prototypeKeys(value: unknown, path: KeyPath = []): Generator<KeyPath> {
  if (typeof value !== "object" || value === null || path.length > maxDepth) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__") yield [...path, key];
    yield* prototypeKeys(inner, [...path, key]);
  }
}

/** Most levels that a leaf's lists and objects may have. */
const maxDepth = 64;

/** The environment variables that a file allows, whether or not its structure is right. */
export function allowedVariables(value: unknown): readonly string[] {
  const names = child(value, "allowedEnvironmentVariablesInJQ");
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

function missingVariables(leaves: readonly { readonly leaf: unknown }[], allowed: readonly string[]): string[] {
  const read = leaves.flatMap(({ leaf }) => (typeof leaf === "string" ? variablesIn(doubleQuotes(leaf)) : []));
  return [...new Set(read)].filter((name) => !allowed.includes(name));
}

/** The line that allows environment variables, to be pasted. */
function allowing(names: readonly string[]): string {
  return `write \`allowedEnvironmentVariablesInJQ: [${names.join(", ")}]\` at the root of the mapping`;
}

function faultOf(leaf: unknown, environment: readonly string[]): string | undefined {
  if (typeof leaf === "string") return isFetched(leaf) ? undefined : refusalOf(doubleQuotes(leaf), { environment });
  if (typeof leaf === "boolean" || leaf === null) return undefined;
  if (typeof leaf !== "number") return "is neither an expression nor a constant";
  if (!Number.isFinite(leaf)) return "is not a number that JSON knows";
  return Number.isInteger(leaf) && !Number.isSafeInteger(leaf)
    ? "loses digits as a number; write it as text: '\"…\"'"
    : undefined;
}

function* rawLeaves(value: object): Generator<{ path: KeyPath; leaf: unknown }> {
  const resources = child(value, "resources");
  if (!Array.isArray(resources)) return;
  for (const [index, resource] of resources.entries()) {
    const base = ["resources", index];
    const query = child(child(resource, "selector"), "query");
    if (typeof query === "string") yield { path: [...base, "selector", "query"], leaf: query };
    const port = child(resource, "port");
    const items = child(port, "itemsToParse");
    if (typeof items === "string") yield { path: [...base, "port", "itemsToParse"], leaf: items };
    const listed = child(child(port, "entity"), "mappings");
    const mappings = Array.isArray(listed) && listed.length === 1 ? listed[0] : listed;
    for (const key of entityFields) {
      const at = [...base, "port", "entity", "mappings", key];
      const leaf = child(mappings, key);
      if (leaf === undefined) continue;
      if ((key === "properties" || key === "relations") && leaf === null) continue;
      yield* leavesBelow(leaf, at);
    }
  }
}

const entityFields = ["identifier", "title", "icon", "team", "blueprint", "properties", "relations"];

function* leavesBelow(value: unknown, path: KeyPath): Generator<{ path: KeyPath; leaf: unknown }> {
  if (typeof value !== "object" || value === null || path.length > maxDepth) {
    yield { path, leaf: value };
    return;
  }
  for (const [key, inner] of Object.entries(value)) yield* leavesBelow(inner, [...path, key]);
}

function child(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** Faults of `prune`: what a resource owns must be a property or relation that it maps, so that every entity can be held to it. */
export function pruneIssues(
  file: MappingFile,
  issueAt: (path: readonly PropertyKey[], message: string) => Issue,
): readonly Issue[] {
  return file.resources.flatMap(({ prune, port }, index) => {
    if (prune === undefined || prune === "all") return [];
    const { properties, relations } = port.entity.mappings;
    const { property } = prune.where;
    if (Object.hasOwn(properties, property) || Object.hasOwn(relations, property)) return [];
    const message = `the resource maps no property or relation ${property}; what it owns must be named by one it maps`;
    return [issueAt(["resources", index, "prune", "where", "property"], message)];
  });
}
