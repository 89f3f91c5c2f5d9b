import type { z } from "zod";
import type { Issue } from "../errors.js";
import { didYouMean } from "../nearest.js";

/** Makes an issue with the line of its place. */
export type IssueAt = (path: readonly PropertyKey[], message: string) => Issue;

/** A fault that a schema finds in a file's value, as issues: a key that may not stand there with the nearest one, what is missing. */
export function schemaIssues(issue: z.core.$ZodIssue, value: object, file: unknown, issueAt: IssueAt): Issue[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => issueAt([...issue.path, key], unknownKey(key, issue.path, file)));
  return [issueAt(issue.path, valueAt(value, issue.path) === undefined ? "is missing" : issue.message)];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    if (Array.isArray(at) && typeof step !== "number" && at.length === 1) at = at[0];
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

/** Says of a key that a file may not have at a place which one is near, else which ones may stand there. */
export function unknownKey(key: string, path: readonly PropertyKey[], file: unknown): string {
  const known = keysAt(path, file);
  const others = known.length === 0 ? "" : `; keys here are ${known.join(", ")}`;
  return `is not a key that may stand here${didYouMean(key, known) || others}`;
}

/** The keys that may stand at a place of a file; none where any may, or none. */
function keysAt(path: readonly PropertyKey[], file: unknown): readonly string[] {
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
