import { type Issue, MappingError } from "../errors.js";
import type { Mapping } from "../map/mapping.js";
import { mappingOf } from "../map/mapping-file.js";
import { type MappingDocument, parseText } from "../map/mapping-text.js";

/** A mapping file as far as it can be understood. */
export interface Understood {
  /** Every fault of the file itself, in the order of its lines. */
  readonly issues: readonly Issue[];
  /** What is left when each faulty part is taken out; absent when nothing is. Paths are those of the file. */
  readonly mapping?: Mapping;
  /** True for a path at or below a part that was taken out or put in. */
  readonly isRepaired: (path: string) => boolean;
  /** The value at the file's root, as parsed. */
  readonly root?: unknown;
  readonly lineOf: (path: string) => number | undefined;
}

/** Rounds of taking out faulty parts: structure, then leaves, then rules across fields, with one to spare. */
const maxRounds = 5;

/**
 * Parses a mapping file and carries on where it is faulty: each faulty part is noted and taken out, so that the rest is checked in the same run.
 * @param file - its name, for messages
 */
export function parseTolerant(text: string, file: string): Understood {
  const document = parseText(text);
  if ("issues" in document) return { issues: document.issues, isRepaired: () => false, lineOf: () => undefined };
  const lineOf = (path: string): number | undefined => (path === "" ? 1 : document.lineOf(path.split(".")));
  const issues = new Map<string, Issue>();
  const repaired = new Set<string>();
  const isRepaired = (path: string): boolean =>
    [...repaired].some((part) => path === part || path.startsWith(`${part}.`));
  const found = { isRepaired, root: document.value, lineOf };
  let value = structuredClone(document.value);
  for (let round = 0; round < maxRounds; round++) {
    const parsed = tryParse({ value, lineOf: document.lineOf }, file);
    if ("mapping" in parsed) return { ...found, issues: byLine(issues), mapping: parsed.mapping };
    for (const issue of parsed.issues) {
      const line = lineOf(issue.path) ?? issue.line;
      if (!isRepaired(issue.path)) issues.set(issue.path, { ...issue, ...(line === undefined ? {} : { line }) });
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) break;
    for (const { path } of parsed.issues) value = repair(value, path.split("."), repaired);
  }
  return { ...found, issues: byLine(issues) };
}

function tryParse(document: MappingDocument, file: string): { mapping: Mapping } | { issues: readonly Issue[] } {
  try {
    return { mapping: mappingOf(document, file) };
  } catch (error) {
    if (error instanceof MappingError) return { issues: error.issues };
    throw error;
  }
}

function byLine(issues: ReadonlyMap<string, Issue>): Issue[] {
  return [...issues.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Replaces a resource that cannot be repaired, so that the ones after it keep their numbers. */
const placeholder = {
  kind: "(unreadable)",
  port: { entity: { mappings: { identifier: ".x", blueprint: ".x" } } },
} as const;

/** Removes the part at a path; a required one is replaced by a placeholder. */
function repair(root: unknown, given: readonly string[], repaired: Set<string>): unknown {
  let steps = given;
  let parent = at(root, steps.slice(0, -1));
  // An element is removed with its whole list, so that the others keep their numbers.
  while (steps.length > 3 && Array.isArray(parent)) {
    steps = steps.slice(0, -1);
    parent = at(root, steps.slice(0, -1));
  }
  const path = steps.join(".");
  const key = steps.at(-1) ?? "";
  const [head, index] = steps;
  if (head === "resources" && index !== undefined && /^\d+$/.test(index)) {
    const leaf = steps.slice(2).join(".");
    const substitute =
      leaf === "kind"
        ? placeholder.kind
        : /^port\.entity\.mappings\.(identifier|blueprint)$/.test(leaf)
          ? ".x"
          : undefined;
    const list = at(root, ["resources"]);
    if (isObject(parent) && substitute !== undefined) set(parent, key, substitute, path, repaired);
    else if (isObject(parent) && Object.hasOwn(parent, key) && !repaired.has(path)) remove(parent, key, path, repaired);
    else if (Array.isArray(list)) {
      list[Number(index)] = structuredClone(placeholder);
      repaired.add(`resources.${index}`);
    }
    return root;
  }
  if (head === "resources") {
    set(root as Record<string, unknown>, "resources", [structuredClone(placeholder)], "resources", repaired);
  } else if (head !== undefined && isObject(root)) {
    // Outside the resources every key has a default.
    if (steps.length > 1 && isObject(parent) && Object.hasOwn(parent, key)) remove(parent, key, path, repaired);
    else remove(root, head, head, repaired);
  }
  return root;
}

function set(parent: Record<string, unknown>, key: string, value: unknown, path: string, repaired: Set<string>): void {
  parent[key] = value;
  repaired.add(path);
}

function remove(parent: Record<string, unknown>, key: string, path: string, repaired: Set<string>): void {
  delete parent[key];
  repaired.add(path);
}

function at(root: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((value, step) => {
    const inner = Array.isArray(value) && value.length === 1 && !/^\d+$/.test(step) ? value[0] : value;
    return typeof inner === "object" && inner !== null && Object.hasOwn(inner, step)
      ? (inner as Record<string, unknown>)[step]
      : undefined;
  }, root);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
