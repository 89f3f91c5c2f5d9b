import {
  Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { MappingTest } from "./test-file.js";

/** An entity as a test states it, whole. */
export type StatedEntity = MappingTest["entities"][number];

/** A fault as a test states it. */
export type StatedReject = MappingTest["rejects"][number];

/** What a test's records became. */
export interface Got {
  readonly entities: readonly StatedEntity[];
  readonly rejects: readonly StatedReject[];
  readonly skipped: number;
  /** Codes, each once, in the order of their first warning. */
  readonly warnings: readonly NonNullable<MappingTest["warnings"]>[number][];
}

/** One difference between what a test states and what the mapping gave. An absent side has no such value. */
export interface Difference {
  /** Path within the test: `entities[0].properties.tier`. */
  readonly path: string;
  readonly expected?: unknown;
  readonly got?: unknown;
}

/** Compares what a test states with what the mapping gave; nothing when they agree. The order of entities and faults counts, the order of keys does not. */
export function compareTest(test: MappingTest, got: Got): readonly Difference[] {
  return [
    ...entityDifferences(test.entities, got.entities),
    ...rejectDifferences(test.rejects, got.rejects),
    ...(test.skipped === undefined ? [] : differences("skipped", test.skipped, got.skipped)),
    ...(test.warnings === undefined ? [] : differences("warnings", test.warnings, got.warnings)),
  ];
}

function nameOf({ blueprint, identifier }: StatedEntity): string {
  return `${blueprint}/${typeof identifier === "string" ? identifier : JSON.stringify(identifier)}`;
}

/** Entities are paired by name, so that one that is missing does not make all after it differ. */
function entityDifferences(stated: readonly StatedEntity[], came: readonly StatedEntity[]): Difference[] {
  const left = came.map((entity, index) => ({ entity, index, name: nameOf(entity) }));
  const found: Difference[] = [];
  const order: number[] = [];
  for (const [index, entity] of stated.entries()) {
    const at = left.findIndex(({ name }) => name === nameOf(entity));
    const [pair] = at < 0 ? [] : left.splice(at, 1);
    if (pair === undefined) found.push({ path: `entities[${index}]`, expected: entity });
    else {
      order.push(pair.index);
      found.push(...differences(`entities[${index}]`, entity, pair.entity));
    }
  }
  for (const { entity, index } of left) found.push({ path: `entities[${index}]`, got: entity });
  const isInOrder = order.every((place, index) => index === 0 || place > (order[index - 1] ?? 0));
  if (found.length === 0 && !isInOrder)
    found.push({ path: "entities", expected: stated.map(nameOf), got: came.map(nameOf) });
  return found;
}

/** Only what the test states of a fault is compared. */
function rejectDifferences(stated: readonly StatedReject[], came: readonly StatedReject[]): Difference[] {
  const left = came.map((reject, index) => ({ reject, index }));
  const found: Difference[] = [];
  for (const [index, reject] of stated.entries()) {
    const at = left.findIndex((each) => fits(reject, each.reject));
    if (at < 0) found.push({ path: `rejects[${index}]`, expected: reject });
    else left.splice(at, 1);
  }
  for (const { reject, index } of left) found.push({ path: `rejects[${index}]`, got: reject });
  return found;
}

function fits(stated: StatedReject, came: StatedReject): boolean {
  return Object.entries(stated).every(
    ([key, value]) => value === undefined || came[key as keyof StatedReject] === value,
  );
}

/** Goes into objects and lists of one length; all else differs as a whole. */
function differences(path: string, expected: unknown, got: unknown): Difference[] {
  if (isObject(expected) && isObject(got)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(got)]);
    return [...keys].flatMap((key) => {
      const [a, b] = [own(expected, key), own(got, key)];
      return differences(`${path}.${key}`, a, b);
    });
  }
  if (Array.isArray(expected) && Array.isArray(got) && expected.length === got.length)
    return expected.flatMap((value, index) => differences(`${path}[${index}]`, value, got[index]));
  if (expected === undefined && got === undefined) return [];
  if (expected !== undefined && JSON.stringify(expected) === JSON.stringify(got)) return [];
  return [{ path, ...(expected === undefined ? {} : { expected }), ...(got === undefined ? {} : { got }) }];
}

function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** True for an object that is not a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Rewrites what tests expect to what the mapping gave, and leaves all else exactly as it is: tests that are not named, records, comments. Within an
 * expectation the comments of what stays are kept.
 *
 * @param text - the file of tests
 * @param came - what came, by index of the test
 */
export function updateTests(text: string, came: ReadonlyMap<number, Got>): string {
  const document = parseDocument(text);
  const edits: Replacement[] = [];
  for (const [index, got] of came) {
    const test = document.getIn(["tests", index], true);
    if (!isMap(test)) continue;
    const entities = entitiesNode(document, test, got.entities);
    if (entities !== undefined) edits.push(editOf(text, test, "entities", entities));
    for (const key of ["rejects", "skipped", "warnings"] as const) {
      const node = test.get(key, true) as Node | undefined;
      const isUnstated = node === undefined && (key !== "rejects" || got.rejects.length === 0);
      if (!isUnstated)
        edits.push(
          editOf(text, test, key, node === undefined ? document.createNode(got[key]) : adapt(document, node, got[key])),
        );
    }
  }
  // From the end, so that earlier offsets stay right; insertions at one offset keep the order of the keys.
  return edits
    .sort((a, b) => b.start - a.start || b.order - a.order)
    .reduce((rest, { start, end, put }) => rest.slice(0, start) + put + rest.slice(end), text);
}

/** A part of the text, and what takes its place. */
interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly put: string;
  readonly order: number;
}

const keyOrder: readonly string[] = ["entities", "rejects", "skipped", "warnings"];

function editOf(text: string, test: YAMLMap, key: string, node: Node): Replacement {
  const order = keyOrder.indexOf(key);
  // A comment after a scalar or a flow collection is not part of what is replaced.
  if (isScalar(node) || ((isMap(node) || isSeq(node)) && node.flow === true)) node.comment = null;
  const column = columnOf(text, startOf(test.items[0]));
  const put = new Document({ [key]: node })
    .toString({ lineWidth: 0 })
    .trimEnd()
    .replaceAll(/\n(?=.)/g, `\n${" ".repeat(column)}`);
  const pair = test.items.find((each) => keyOf(each.key) === key);
  if (pair !== undefined) return { start: startOf(pair), end: endOf(text, pair), put, order };
  const last = Math.max(...test.items.map((each) => endOf(text, each)));
  const lineEnd = text.indexOf("\n", last);
  const end = lineEnd < 0 ? text.length : lineEnd;
  return { start: end, end, put: `\n${" ".repeat(column)}${put}`, order };
}

function startOf(pair: Pair | undefined): number {
  return (pair?.key as Node | undefined)?.range?.[0] ?? 0;
}

/** Where a pair's own text ends, white space and comments after it left aside. */
function endOf(text: string, { key, value }: Pair): number {
  const end = (value as Node | null)?.range?.[1] ?? (key as Node).range?.[1] ?? 0;
  return text.slice(0, end).trimEnd().length;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf("\n", offset - 1) + 1);
}

/** The list of entities; each keeps the node, and so the comments, of the one with its name. Undefined where there is nothing to say. */
function entitiesNode(document: Document, test: YAMLMap, entities: readonly StatedEntity[]): Node | undefined {
  const list = test.get("entities", true) as Node | undefined;
  if (!isSeq(list))
    return entities.length === 0 && list === undefined ? undefined : document.createNode(entities.map(shown));
  const old = [...list.items];
  list.items = entities.map((entity) => {
    const at = old.findIndex(
      (node) =>
        isMap(node) && node.get("blueprint") === entity.blueprint && node.get("identifier") === entity.identifier,
    );
    const [node] = at < 0 ? [] : old.splice(at, 1);
    return node === undefined ? document.createNode(shown(entity)) : adapt(document, node as Node, shown(entity));
  });
  list.flow = list.items.length === 0;
  return list;
}

/** An entity as a person would write it: without what is empty. */
function shown(entity: StatedEntity): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(entity).filter(([key, value]) => !((key === "properties" || key === "relations") && isEmpty(value))),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** Changes a node as little as a value needs. */
function adapt(document: Document, node: Node, value: unknown): Node {
  if (isMap(node) && isObject(value)) {
    for (const { key } of [...node.items]) if (!Object.hasOwn(value, keyOf(key))) node.delete(key);
    for (const [key, inner] of Object.entries(value)) {
      const own = node.get(key, true) as Node | undefined;
      node.set(key, own === undefined ? document.createNode(inner) : adapt(document, own, inner));
    }
    return node;
  }
  if (isSeq(node) && Array.isArray(value)) return adaptList(document, node, value);
  if (isScalar(node) && !isObject(value) && !Array.isArray(value)) {
    if (node.value === value) return node;
    const made = document.createNode(value);
    if (node.comment != null) made.comment = node.comment;
    if (node.commentBefore != null) made.commentBefore = node.commentBefore;
    return made;
  }
  return document.createNode(value);
}

function adaptList(document: Document, list: YAMLSeq, values: readonly unknown[]): Node {
  const old = list.items;
  list.items = values.map((value, index) =>
    old[index] === undefined ? document.createNode(value) : adapt(document, old[index] as Node, value),
  );
  if (values.length > 0 && old.length === 0) list.flow = false;
  return list;
}

function keyOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}
