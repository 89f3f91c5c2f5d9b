import { searchesNull } from "../entity.js";
import type { Cell } from "../record.js";
import type { CompiledMapping, CompiledResource, Node } from "./compile-mapping.js";
import type { JqRow } from "./jq-compile.js";
import { follow, PathFault, setOwn } from "./plain.js";
import { type Blanks, isBlank, objectOfCells } from "./prepare.js";

/** What the expressions of a resource see as their record. */
export type Shape =
  | { readonly is: "cells"; readonly columns: readonly string[]; readonly blanks: Blanks | undefined }
  | { readonly is: "value" }
  /** Pairs of the parent and one element, the element under `name`. */
  | { readonly is: "item"; readonly name: string };

/** Takes what happens on the way: a leaf that failed, a leaf whose long integer was kept as text. */
export interface Notes {
  failed(leaf: number, message: string): void;
  long(leaf: number): void;
}

/** Evaluates a value of the mapping. `root` is of the bound shape: an array of cells, a JSON value, or a pair of parent and element; what `runJob` evaluated is taken from `row`. */
export type Read = (root: unknown, row: JqRow | undefined, notes: Notes) => unknown;

/** A resource bound to a shape: every leaf a closure. */
export interface BoundResource {
  readonly compiled: CompiledResource;
  /** Undefined where the selector is the constant true. */
  readonly selector: Read | undefined;
  readonly items: Read | undefined;
  readonly identifier: Read;
  /** The constant, or what reads it. */
  readonly blueprint: string | Read;
  readonly rest: readonly BoundField[];
  readonly properties: FieldGroup;
  readonly relations: FieldGroup;
  /** True where the mapping lets a field have no null. */
  readonly refusesNull: boolean;
}

/** A field, and what becomes of its null. */
export interface BoundField {
  readonly key: string;
  readonly read: Read;
  readonly onNull: "omit" | "clear" | "reject";
}

/** Named fields, and an object with all their keys and no values: a copy of it is many times cheaper than an object that gets key after key. */
export interface FieldGroup {
  readonly fields: readonly BoundField[];
  readonly template: Readonly<Record<string, undefined>>;
}

/** Binds a resource's leaves to the shape of its records. With itemsToParse, `shape` is the parent's and the leaves are bound to its pairs. */
export function bindResource(compiled: CompiledResource, { mapping }: CompiledMapping, shape: Shape): BoundResource {
  const { resource, items } = compiled;
  const inner: Shape = items === undefined ? shape : { is: "item", name: resource.itemsToParseName };
  const onNull = (field: string): BoundField["onNull"] =>
    (["reject", "clear", "omit"] as const).find((policy) => mapping[policy].includes(field)) ?? mapping.onNull;
  const named = (group: "properties" | "relations"): FieldGroup => {
    const bindLeaf = group === "relations" ? bindName : bindNode;
    const fields = compiled[group].map(([key, node]): BoundField => {
      return { key, read: bindLeaf(node, inner), onNull: onNull(`${group}.${key}`) };
    });
    return { fields, template: templateOf(fields.map(({ key }) => key)) };
  };
  const rest = (["title", "icon", "team"] as const).flatMap((key): BoundField[] => {
    const node = compiled[key];
    return node === undefined
      ? []
      : [{ key, read: (key === "team" ? bindName : bindNode)(node, inner), onNull: onNull(key) }];
  });
  const always = compiled.selector.is === "constant" && compiled.selector.value === true;
  return {
    compiled,
    selector: always ? undefined : bindNode(compiled.selector, inner),
    items: items === undefined ? undefined : bindNode(items.node, shape),
    identifier: bindName(compiled.identifier, inner),
    blueprint: resource.blueprint ?? bindNode(compiled.blueprint, inner),
    rest,
    properties: named("properties"),
    relations: named("relations"),
    refusesNull: mapping.reject.length > 0,
  };
}

/** The resource without some of its fields, by their paths. */
export function withoutFields(bound: BoundResource, paths: ReadonlySet<string>): BoundResource {
  const rest = (group: FieldGroup, lead: string): FieldGroup => ({
    ...group,
    fields: group.fields.filter(({ key }) => !paths.has(`${lead}${key}`)),
  });
  const nothing = (): undefined => undefined;
  return {
    ...bound,
    ...(paths.has("identifier") && { identifier: nothing }),
    ...(paths.has("blueprint") && { blueprint: nothing }),
    rest: bound.rest.filter(({ key }) => !paths.has(key)),
    properties: rest(bound.properties, "properties."),
    relations: rest(bound.relations, "relations."),
  };
}

/** What names an entity; a search for null names none. */
function bindName(node: Node, shape: Shape): Read {
  const read = bindNode(node, shape);
  if (node.is === "path" || node.is === "constant") return read;
  return (root, row, notes) => {
    const value = read(root, row, notes);
    return searchesNull(value) ? null : value;
  };
}

/** JSON.parse makes an object with room for all its keys; one that gets more than sixteen one by one becomes a slow hash table. */
function templateOf(keys: readonly string[]): Record<string, undefined> {
  const template = JSON.parse(`{${keys.map((key) => `${JSON.stringify(key)}:null`).join(",")}}`);
  for (const key of keys) template[key] = undefined;
  return template;
}

function bindNode(node: Node, shape: Shape): Read {
  switch (node.is) {
    case "constant":
      return () => node.value;
    case "jq":
      return (_root, row, notes) => {
        const cell = row?.[node.slot];
        if (cell?.error !== undefined) notes.failed(node.leaf, cell.error);
        if (cell?.long === true) notes.long(node.leaf);
        return cell?.value ?? null;
      };
    case "list": {
      const reads = node.nodes.map((inner) => bindNode(inner, shape));
      return (root, row, notes) => reads.map((read) => read(root, row, notes));
    }
    case "object": {
      const reads = node.nodes.map(([key, inner]) => [key, bindNode(inner, shape)] as const);
      return (root, row, notes) => {
        const object: Record<string, unknown> = {};
        for (const [key, read] of reads) setOwn(object, key, read(root, row, notes));
        return object;
      };
    }
    default:
      return bindPath(node, shape);
  }
}

function bindPath({ steps, leaf }: Extract<Node, { is: "path" }>, shape: Shape): Read {
  const settle = (value: unknown, notes: Notes): unknown => {
    if (!(value instanceof PathFault)) return value;
    notes.failed(leaf, value.message);
    return null;
  };
  const [first] = steps;
  if (shape.is === "value") return (root, _row, notes) => settle(follow(root, steps), notes);
  if (shape.is === "item") {
    const { name } = shape;
    if (first?.key === name) return (root, _row, notes) => settle(follow((root as Pair)[1], steps, 1), notes);
    if (first !== undefined) return (root, _row, notes) => settle(follow((root as Pair)[0], steps), notes);
    return (root) => withItem(root as Pair, name);
  }
  const { columns, blanks } = shape;
  if (first === undefined) return (root) => objectOfCells(columns, root as readonly Cell[], blanks);
  // An index into the record, which is an object: jq's own message for it.
  if (typeof first.key === "number") return (_root, _row, notes) => settle(follow({}, steps), notes);
  const index = columns.indexOf(first.key);
  if (index < 0) return () => null;
  if (steps.length === 1) {
    if (blanks === undefined) return (root) => (root as readonly Cell[])[index];
    const { longest, texts } = blanks;
    return (root) => {
      const cell = (root as readonly Cell[])[index];
      return typeof cell === "string" && cell.length <= longest && texts.has(cell) ? null : cell;
    };
  }
  return (root, _row, notes) => {
    const cell = (root as readonly Cell[])[index] as Cell;
    return settle(follow(isBlank(cell, blanks) ? null : cell, steps, 1), notes);
  };
}

/** A parent and one element of its array. */
export type Pair = readonly [parent: unknown, element: unknown];

/** The object that expressions see after itemsToParse: the parent's keys, and the element under its name. */
export function withItem([parent, element]: Pair, name: string): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  if (typeof parent === "object" && parent !== null) {
    for (const [key, value] of Object.entries(parent)) setOwn(object, key, value);
  }
  setOwn(object, name, element);
  return object;
}
