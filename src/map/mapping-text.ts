import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from "yaml";
import type { z } from "zod";
import type { Issue } from "../errors.js";
import { didYouMean } from "../nearest.js";

/** A YAML or JSON text, parsed, with the line of every place in it. */
export interface MappingDocument {
  readonly value: unknown;
  /** Line of a path, from 1; of the nearest place above it where it is missing. A list of one may be left out of the path. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** Parses a mapping's text; JSON is a part of YAML. Duplicate keys, `__proto__` and aliases that blow up are issues. */
export function parseText(text: string): MappingDocument | { readonly issues: readonly Issue[] } {
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/u, ""), {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
  });
  const unquoted = unquotedAt(text, document.errors[0], lines) ?? colonlessAt(text, document.errors[0], lines);
  if (unquoted !== undefined) return { issues: [unquoted] };
  const { errors } = document;
  // Keys that occur twice are faults of their own; after a fault of syntax all others are further signs of it, and of a tab first.
  const [fault] = [...errors.filter(isTab), ...errors.filter(({ code }) => code !== "DUPLICATE_KEY")];
  const issues: Issue[] = (fault === undefined ? errors : [fault]).map((error) => ({
    path: "",
    ...beginOf(document, error, lines),
    ...(isTab(error) && { message: "a tab begins the line: indent with spaces" }),
  }));
  if (issues.length > 0) return { issues };
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), lineOf: (path) => lineIn(document.contents, path, lines) };
  } catch (error) {
    return { issues: [{ path: "", message: error instanceof Error ? error.message : String(error) }] };
  }
}

const isTab = ({ code }: YAMLParseError): boolean => code === "TAB_AS_INDENT";

/** What is wrong, at the line where the broken value begins: the parser notices lines below it that a quote or a bracket is not closed, or that a file is one text. */
function beginOf(document: Document, { code, message, pos }: YAMLParseError, lines: LineCounter) {
  const [offset] = pos;
  const { contents } = document;
  if (code === "UNEXPECTED_TOKEN" && isScalar(contents) && contents.range != null && contents.range[0] < offset) {
    const [word = ""] = String(contents.value).split(/\s/);
    const what = `${JSON.stringify(word)} begins a line that is no \`key: value\`, so that nothing below it can be read`;
    return { message: what, line: lines.linePos(contents.range[0]).line };
  }
  let begin = offset;
  visit(document, {
    Node(_, node) {
      const isOpen = isScalar(node) ? node.type?.startsWith("QUOTE") : isCollection(node) && node.flow === true;
      if (isOpen && node.range != null && node.range[0] < offset && offset <= node.range[2]) begin = node.range[0];
    },
  });
  return { message, line: lines.linePos(begin).line };
}

/** An expression that YAML takes for a list, an object or a text of its own; what else is wrong with the text follows from it. */
function unquotedAt(text: string, error: YAMLParseError | undefined, lines: LineCounter): Issue | undefined {
  if (error === undefined) return undefined;
  const { line } = lines.linePos(error.pos[0]);
  const [, key = "", value] =
    /^\s*(?:- +)*([^\s:#'"][^:]*:) +([[{"].*\S)\s*$/.exec(text.split(/\r?\n/)[line - 1] ?? "") ?? [];
  if (value === undefined || !/\||\.[\p{L}_"]/u.test(value)) return undefined;
  const message = `an expression that begins with ${value.slice(0, 1)} goes into single quotes: ${key} '${value.replaceAll("'", "''")}'`;
  return { path: "", message, line };
}

/** A line that lacks the colon after its key. */
function colonlessAt(text: string, error: YAMLParseError | undefined, lines: LineCounter): Issue | undefined {
  if (error?.code !== "MULTILINE_IMPLICIT_KEY" && error?.code !== "MISSING_CHAR") return undefined;
  const { line } = lines.linePos(error.pos[0]);
  const written = (text.split(/\r?\n/)[line - 1] ?? "").replace(/\s#.*$/, "").trim();
  const [, key, value] = /^(?:- +)*([\w@$.-]+) +(\S.*)$/.exec(written) ?? [];
  if (key === undefined || value === undefined || /:(?:\s|$)/.test(written)) return undefined;
  return { path: "", message: `${JSON.stringify(written)} has no colon after its key: write ${key}: ${value}`, line };
}

function lineIn(root: Node | null, path: readonly PropertyKey[], lines: LineCounter): number | undefined {
  let node: unknown = root;
  let offset = root?.range?.[0];
  for (const step of path) {
    if (isSeq(node) && !/^\d+$/u.test(String(step)) && node.items.length === 1) node = node.items[0];
    if (isSeq(node)) {
      node = node.items[Number(step)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(step));
      if (isScalar(pair?.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair?.value;
    } else {
      break;
    }
    if (node === undefined) break;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

/** Makes an issue with the line of its place. */
export type IssueAt = (path: readonly PropertyKey[], message: string) => Issue;

/** A fault that a schema finds in a file's value, as issues: a key that is not allowed there with the nearest one, what is missing. */
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

/** Says of a key that a file may not have at a place which one is near, else which ones are allowed there. */
export function unknownKey(key: string, path: readonly PropertyKey[], file: unknown): string {
  const known = keysAt(path, file);
  const others = known.length === 0 ? "" : `; keys here are ${known.join(", ")}`;
  return `is not a key that is allowed here${didYouMean(key, known) || others}`;
}

/** The keys allowed at a place of a file; none where any is, or none. */
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
