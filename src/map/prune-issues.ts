import type { Issue } from "../errors.js";
import type { MappingFile } from "./mapping-schema.js";

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
    const message = `the resource maps no property or relation ${property}; what it owns must be told by one it maps`;
    return [issueAt(["resources", index, "prune", "where", "property"], message)];
  });
}
