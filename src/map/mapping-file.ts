import { type Issue, MappingError } from "../errors.js";
import type { MappingObject, RawLeaf } from "../mapping-object.js";
import type { SourceOptions } from "../source-options.js";
import type { Warning } from "../warning.js";
import { columnIssues } from "./columns.js";
import { leavesOf, type Mapping, type RawMappings, type Resource } from "./mapping.js";
import {
  ignoredKeys,
  leafIssues,
  type MappingFile,
  mappingFile,
  prototypeKeys,
  pruneIssues,
} from "./mapping-schema.js";
import { type IssueAt, type MappingDocument, parseText, schemaIssues } from "./mapping-text.js";
import { plainOf, setOwn } from "./plain.js";
import { doubleQuotes, isFetched } from "./tokens.js";

export { type Mapping, type Resource, sourceOptionsFor } from "./mapping.js";

/**
 * Parses a mapping and checks all that can be checked without jq and blueprints.
 *
 * @param given - the file's content, YAML or JSON, or what it would hold
 * @throws {MappingError} with every fault at once, each with dotted path and line; `file` is what it calls the mapping
 */
export function parseMapping(given: string | MappingObject, file: string): Mapping {
  const document = typeof given === "string" ? parseText(given) : { value: given, lineOf: () => undefined };
  if ("issues" in document) throw new MappingError(file, document.issues);
  return mappingOf(document, file);
}

/** The mapping of a parsed text. @throws {MappingError} as {@link parseMapping} does */
export function mappingOf({ value, lineOf }: MappingDocument, file: string): Mapping {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new MappingError(file, [
      { path: "", message: value === null ? "the mapping is empty" : "the mapping is not an object", line: 1 },
    ]);
  const issueAt = (path: readonly PropertyKey[], message: string): Issue => {
    const line = lineOf(path);
    return { path: path.join("."), message, ...(line === undefined ? {} : { line }) };
  };
  const notes: Warning[] = [];
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (ignoredKeys.has(key)) notes.push(ignored(key));
    else setOwn(kept, key, inner);
  }
  const issues = [...prototypeKeys(value)].map((path) => issueAt(path, "`__proto__` may not be a key"));
  issues.push(...leafIssues(value, lineOf));
  const parsed = mappingFile.safeParse(kept);
  if (parsed.success) issues.push(...rules(parsed.data, issueAt));
  else issues.push(...parsed.error.issues.flatMap((issue) => schemaIssues(issue, value, mappingFile, issueAt)));
  if (!parsed.success || issues.length > 0) throw new MappingError(file, sorted(issues));
  return normalise(parsed.data, file, lineOf, notes);
}

/** By line, each path once: a key may be refused on two grounds. */
function sorted(issues: readonly Issue[]): Issue[] {
  const paths = new Set<string>();
  const once = issues.filter(({ path }) => !paths.has(path) && paths.add(path));
  return once.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Rules across fields, checked once the structure is right. */
function rules(file: MappingFile, issueAt: IssueAt): Issue[] {
  const issues: Issue[] = [];
  const kinds = new Set(file.resources.map(({ kind }) => kind));
  for (const kind of Object.keys(file.sources)) {
    if (!kinds.has(kind))
      issues.push(issueAt(["sources", kind], `is not a kind of this mapping; its kinds are ${[...kinds].join(", ")}`));
  }
  const policies = new Map<string, string>();
  for (const policy of ["clear", "omit", "reject"] as const) {
    for (const [index, field] of file[policy].entries()) {
      const other = policies.get(field);
      if (!isMapped(file, field)) issues.push(issueAt([policy, index], `no resource maps ${field}`));
      else if (other !== undefined) issues.push(issueAt([policy, index], `${field} is under ${other} too`));
      policies.set(field, policy);
    }
  }
  const sources: [readonly PropertyKey[], SourceOptions][] = [[["source"], file.source]];
  for (const [kind, options] of Object.entries(file.sources)) sources.push([["sources", kind], options]);
  for (const [path, options] of sources)
    for (const { column, message } of columnIssues(options.columns))
      issues.push(issueAt([...path, "columns", column], message));
  issues.push(...pruneIssues(file, issueAt));
  for (const [index, { onMissingTarget, port }] of file.resources.entries())
    for (const relation of Object.keys(onMissingTarget))
      if (!Object.hasOwn(port.entity.mappings.relations, relation))
        issues.push(
          issueAt(["resources", index, "onMissingTarget", relation], "is not a relation that this resource maps"),
        );
  return issues;
}

function isMapped({ resources }: MappingFile, field: string): boolean {
  const [group, ...name] = field.split(".");
  return resources.some(({ port: { entity } }) => {
    if (group !== "properties" && group !== "relations") return entity.mappings[group as "title"] !== undefined;
    return Object.hasOwn(entity.mappings[group], name.join("."));
  });
}

function normalise(
  file: MappingFile,
  name: string,
  lineOf: (path: readonly PropertyKey[]) => number | undefined,
  notes: Warning[],
): Mapping {
  const resources = file.resources.map((raw, index): Resource => {
    for (const key of Object.keys(raw.selector ?? {})) {
      if (key !== "query") notes.push(ignored(`resources.${index}.selector.${key}`));
    }
    for (const key of Object.keys(raw.port.entity)) {
      if (key !== "mappings") notes.push(ignored(`resources.${index}.port.entity.${key}`, "is beside `mappings`"));
    }
    const properties = withoutFetched(raw.port.entity.mappings.properties, index, notes);
    const entity = quoted({ ...raw.port.entity.mappings, properties } as RawLeaf) as unknown as RawMappings;
    const blueprint = plainOf(entity.blueprint);
    const constant = blueprint !== undefined && "constant" in blueprint ? blueprint.constant : undefined;
    return {
      index,
      kind: raw.kind,
      selector: quoted(String(raw.selector?.query ?? "true")) as string,
      ...(raw.port.itemsToParse == null ? {} : { itemsToParse: quoted(raw.port.itemsToParse) as string }),
      itemsToParseName: raw.port.itemsToParseName,
      itemsToParseTopLevelTransform: raw.port.itemsToParseTopLevelTransform,
      ...(typeof constant === "string" && constant !== "" ? { blueprint: constant } : {}),
      ...(raw.prune === undefined ? {} : { prune: raw.prune }),
      onMissingTarget: raw.onMissingTarget,
      properties: Object.keys(entity.properties),
      relations: Object.keys(entity.relations),
      entity,
    };
  });
  const lines = new Map<string, number>();
  for (const resource of resources) {
    for (const { path } of leavesOf(resource)) {
      const line = lineOf(path.split("."));
      if (line !== undefined) lines.set(path, line);
    }
  }
  const { duplicates, enableMergeEntity, entityDeletionThreshold, ...rest } = file;
  return {
    file: name,
    ...rest,
    ...(duplicates === undefined ? {} : { duplicates }),
    ...(enableMergeEntity === undefined ? {} : { enableMergeEntity }),
    ...(entityDeletionThreshold === undefined ? {} : { entityDeletionThreshold }),
    resources,
    notes,
    lines,
  };
}

/** A leaf with Port's rule for single quotes applied to each expression in it. */
function quoted(leaf: RawLeaf): RawLeaf {
  if (typeof leaf === "string") return doubleQuotes(leaf);
  if (typeof leaf !== "object" || leaf === null) return leaf;
  if (Array.isArray(leaf)) return leaf.map((inner: RawLeaf) => quoted(inner));
  return Object.fromEntries(Object.entries(leaf).map(([key, inner]) => [key, quoted(inner)]));
}

/** Properties whose value another integration fetches are null here. */
function withoutFetched(properties: Record<string, RawLeaf>, index: number, notes: Warning[]): Record<string, RawLeaf> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, leaf]) => {
      if (typeof leaf !== "string" || !isFetched(leaf)) return [key, leaf];
      notes.push(
        ignored(`resources.${index}.port.entity.mappings.properties.${key}`, "is fetched by another integration"),
      );
      return [key, null];
    }),
  );
}

function ignored(path: string, why = "steers another integration"): Warning {
  return { code: "ignored_key", message: `\`${path}\` ${why} and has no effect here`, path, count: 1 };
}
