import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Issue } from "../errors.js";

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
  const lineAt = (offset: number | undefined): { line: number } | Record<never, never> =>
    offset === undefined ? {} : { line: lines.linePos(offset).line };
  // What follows a tab, or an end that is missing, are further signs of the same fault.
  const tabs = document.errors.filter(({ code }) => code === "TAB_AS_INDENT");
  const issues: Issue[] = (tabs.length > 0 ? tabs.slice(0, 1) : document.errors).map((error) => ({
    path: "",
    message: error.code === "TAB_AS_INDENT" ? "a tab begins the line: indent with spaces" : error.message,
    ...lineAt(error.pos[0]),
  }));
  if (issues.length > 0) return { issues };
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), lineOf: (path) => lineIn(document.contents, path, lines) };
  } catch (error) {
    return { issues: [{ path: "", message: error instanceof Error ? error.message : String(error) }] };
  }
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
