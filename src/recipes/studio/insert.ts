import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import type { Blueprint } from "../../blueprint.js";
import { UsageError } from "../../errors.js";
import { normalName, pathExpression, propertyKey } from "../../init/names.js";
import { scalar } from "./fixes.js";

/** A change of the mapping's text at one place, and where the cursor is then. */
export interface Insertion {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly cursor: number;
}

/** What is to be inserted, and where one is. */
export interface ColumnToInsert {
  /** Keys from the record's root. */
  readonly path: readonly string[];
  readonly cursor: number;
  /** The resource that is looked at. */
  readonly resource: number;
}

/**
 * Puts a column into a mapping: its path where the cursor is in an expression, else a line at the end of the resource's properties.
 *
 * @throws {UsageError} where the text has no resource to write into
 */
export function insertionOf(
  text: string,
  { path, cursor, resource }: ColumnToInsert,
  blueprints: ReadonlyMap<string, Blueprint>,
): Insertion {
  const document = parseDocument(text);
  const expression = pathExpression(path);
  const within = leafAt(document, cursor, text);
  if (within !== undefined) return intoLeaf(text, within, cursor, expression);
  const mappings = mappingsOf(document, resource);
  if (document.errors.length > 0 || mappings?.range == null)
    throw new UsageError("the mapping has no resource that a line could be written into", {
      hint: "Correct its faults first, or put the cursor into an expression.",
    });
  const properties = pairOf(mappings, "properties");
  const names = isMap(properties?.value) ? properties.value.items.map(({ key }) => nameOf(key)) : [];
  const key = freeName(keyFor(path, blueprintOf(mappings, blueprints)), names);
  const line = `${scalar(key)}: ${scalar(expression)}`;
  if (isMap(properties?.value) && properties.value.items.length > 0)
    return behindLast(text, properties.value, line, key, expression);
  const indent = " ".repeat(columnOf(text, startOf(mappings)));
  if (properties !== undefined && isNode(properties.key) && properties.key.range != null) {
    // `properties:` with nothing in it, or with `{}`.
    const to = isNode(properties.value) ? (properties.value.range?.[1] ?? 0) : 0;
    const from = text.indexOf(":", properties.key.range[1]) + 1;
    return replaced(from, Math.max(from, isMap(properties.value) ? to : from), `\n${indent}  ${line}`);
  }
  return behindLast(text, mappings, `properties:\n${indent}  ${line}`, key, expression);
}

function replaced(from: number, to: number, text: string): Insertion {
  return { from, to, text, cursor: from + text.length };
}

/** Writes after the last pair of a map: on a line of its own, or before the brace. */
function behindLast(text: string, map: YAMLMap, line: string, key: string, expression: string): Insertion {
  if (map.flow === true) {
    const end = (map.range?.[1] ?? 0) - 1;
    const at = text.slice(0, end).trimEnd().length;
    return replaced(at, at, `, ${JSON.stringify(key)}: ${JSON.stringify(expression)}`);
  }
  const end = endOf(map.items.at(-1));
  const last = text[end - 1] === "\n" ? end - 1 : end;
  const next = text.indexOf("\n", last);
  const at = next < 0 ? text.length : next;
  return replaced(at, at, `\n${" ".repeat(columnOf(text, startOf(map)))}${line}`);
}

/** The scalar that the cursor is in, where it is an expression: the value of a leaf, of the selector or of the items. */
function leafAt(document: Document, cursor: number, text: string): { from: number; to: number } | undefined {
  const { contents } = document;
  const resources = isMap(contents) ? pairOf(contents, "resources")?.value : undefined;
  for (const resource of isSeq(resources) ? resources.items : []) {
    if (!isMap(resource)) continue;
    const roots = [resource.get("selector", true), resource.get("port", true)];
    for (const pair of roots.flatMap(pairsIn)) {
      const name = nameOf(pair.key);
      if (isMap(pair.value) || isSeq(pair.value) || !isNode(pair.key) || pair.key.range == null) continue;
      if (["entity", "mappings", "properties", "relations", "selector"].includes(name)) continue;
      const colon = text.indexOf(":", pair.key.range[1]);
      const range = isScalar(pair.value) && pair.value.value !== null ? pair.value.range : undefined;
      const lineEnd = text.indexOf("\n", colon) < 0 ? text.length : text.indexOf("\n", colon);
      if (range == null && cursor > colon && cursor <= lineEnd && text.slice(cursor, lineEnd).trim() === "")
        return { from: cursor, to: cursor };
      if (range == null || cursor < range[0]) continue;
      // Blanks after a value are not part of it, and one continues typing there.
      const end =
        cursor <= lineEnd && text.slice(range[1], lineEnd).trim() === "" ? Math.max(range[1], cursor) : range[1];
      if (cursor <= end) return { from: range[0], to: /["']/.test(text[range[0]] ?? "") ? range[1] : end };
    }
  }
  return undefined;
}

function intoLeaf(
  text: string,
  { from, to }: { from: number; to: number },
  cursor: number,
  expression: string,
): Insertion {
  const old = text.slice(from, to);
  const quote = old[0] === '"' || old[0] === "'" ? old[0] : "";
  const isBlock = old.includes("\n");
  if (quote === "" && !isBlock) {
    const at = cursor - from;
    const space = old === "" && !/\s/.test(text[cursor - 1] ?? " ") ? " " : "";
    const value = old.slice(0, at) + expression + old.slice(at);
    const written = scalar(value);
    const end = written === value ? at + expression.length : written.length;
    return { from, to, text: space + written, cursor: from + space.length + end };
  }
  const at = quote === "" ? cursor : Math.min(Math.max(cursor, from + 1), to - 1);
  const inQuotes = quote === "'" ? expression.replaceAll("'", "''") : JSON.stringify(expression).slice(1, -1);
  return replaced(at, at, quote === "" ? expression : inQuotes);
}

function pairsIn(node: unknown): Pair[] {
  if (isMap(node)) return node.items.flatMap((pair) => [pair, ...pairsIn(pair.value)]);
  return isSeq(node) ? node.items.flatMap(pairsIn) : [];
}

function mappingsOf(document: Document, resource: number): YAMLMap | undefined {
  const found = document.getIn(["resources", resource, "port", "entity", "mappings"], true);
  const one = isSeq(found) ? found.items[0] : found;
  return isMap(one) ? one : undefined;
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => nameOf(key) === name);
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function startOf(map: YAMLMap): number {
  const first = map.items[0]?.key;
  return (isNode(first) ? first.range?.[0] : undefined) ?? map.range?.[0] ?? 0;
}

/** Where a pair's text ends, without what follows it. */
function endOf(pair: Pair | undefined): number {
  const value = pair?.value;
  if (isMap(value) && value.flow !== true && value.items.length > 0) return endOf(value.items.at(-1));
  if (isSeq(value) && value.flow !== true && value.items.length > 0) {
    const last = value.items.at(-1);
    return isMap(last) && last.items.length > 0 ? endOf(last.items.at(-1)) : rangeEnd(last);
  }
  return isNode(value) && value.range != null ? value.range[1] : rangeEnd(isPair(pair) ? pair.key : undefined);
}

function rangeEnd(node: unknown): number {
  return isNode(node as Node) ? ((node as Node).range?.[1] ?? 0) : 0;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf("\n", offset - 1) + 1);
}

/** The blueprint that a resource names as a constant. */
function blueprintOf(mappings: YAMLMap, blueprints: ReadonlyMap<string, Blueprint>): Blueprint | undefined {
  return blueprints.get(String(mappings.get("blueprint")).replaceAll('"', ""));
}

/** The property that a column is of: one of the blueprint with its name, else its name as a key. */
function keyFor(path: readonly string[], blueprint: Blueprint | undefined): string {
  const own = Object.keys(blueprint?.schema.properties ?? {});
  return own.find((name) => normalName(name) === normalName(path.join(" "))) ?? (propertyKey(path) || "column");
}

function freeName(key: string, taken: readonly string[]): string {
  let name = key;
  for (let count = 2; taken.includes(name); count++) name = `${key}${count}`;
  return name;
}
