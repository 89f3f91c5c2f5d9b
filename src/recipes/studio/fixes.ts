import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, visit } from "yaml";
import { UsageError } from "../../errors.js";
import type { BlueprintEdit, PropertyKind, Renamed } from "./blueprint-edit.js";

/** A change of the mapping's text that is made by one click. */
export type Edit =
  /** Appends a filter to an expression. */
  | { readonly kind: "append"; readonly path: string; readonly filter: string }
  /** Writes another path in an expression. */
  | { readonly kind: "rename"; readonly path: string; readonly from: string; readonly to: string }
  /** Takes a leaf out. */
  | { readonly kind: "remove"; readonly path: string }
  /** Gives a key a value. */
  | { readonly kind: "set"; readonly path: string; readonly value: string }
  /** Has resources write a blueprint by its new name. */
  | ({ readonly kind: "renameBlueprint" } & Renamed)
  /** Has a value read as no value. */
  | { readonly kind: "blank"; readonly value: string };

/** A fix to click. */
export interface Fix {
  readonly label: string;
  readonly edit: Edit | BlueprintEdit;
}

/** Faults of a value that may mean "no value". */
const readable = new Set([
  "wrong_type",
  "not_in_enum",
  "bad_format",
  "column_invalid",
  "identifier_invalid",
  "relation_invalid",
]);

/** The fixes that the messages of a fault name, as edits; none where only a person can decide. @param leaf - path of the expression in the mapping */
export function fixesOf(fault: {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly value?: string;
  readonly leaf?: string;
  /** Whether the value is a whole cell, unchanged. */
  readonly isCell?: boolean;
  /** The property that refuses the value, where its blueprint is only proposed. */
  readonly proposed?: ProposedProperty;
}): readonly Fix[] {
  const { code, message, fix, value, leaf } = fault;
  const fixes: Fix[] = [];
  const behind = /^write `(\|[^`]+)` after the expression/.exec(fix)?.[1];
  if (behind !== undefined && leaf !== undefined)
    fixes.push({ label: `Write ${behind} after it`, edit: { kind: "append", path: leaf, filter: behind } });
  const meant = /did you mean ("(?:[^"\\]|\\.)*")\?/.exec(fix)?.[1];
  if (code === "not_in_enum" && meant !== undefined && value !== undefined && leaf !== undefined) {
    const filter = `| if . == ${JSON.stringify(value)} then ${meant} else . end`;
    fixes.push({ label: `Take ${JSON.stringify(value)} as ${meant}`, edit: { kind: "append", path: leaf, filter } });
  }
  const lacks = /no column "((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  const near = /^did you mean (\.\S.*?)\?/.exec(fix)?.[1];
  if (lacks !== undefined && near !== undefined && leaf !== undefined)
    fixes.push({ label: `Write ${near}`, edit: { kind: "rename", path: leaf, from: lacks, to: near } });
  if (code === "ragged_row" && message.includes("shortRows"))
    fixes.push({
      label: "Fill short rows up",
      edit: { kind: "set", path: "source.csv.shortRows", value: "pad" },
    });
  if (code === "ragged_row" && message.includes("longRows"))
    fixes.push({
      label: "Leave out what is after the last column",
      edit: { kind: "set", path: "source.csv.longRows", value: "drop" },
    });
  if ((code === "unknown_property" || code === "unknown_relation" || code === "read_only_property") && leaf)
    fixes.push({ label: "Take it out of the mapping", edit: { kind: "remove", path: leaf } });
  const isList = /, got a list\b/.test(message) || /^gives a list\b/.test(message);
  const wholeText = /property is of type (?:text|string)\b|expects text/.test(message);
  if (isList && wholeText && leaf !== undefined && !fixes.some(({ edit }) => edit.kind === "append"))
    fixes.push({
      label: 'Join it with ", "',
      edit: { kind: "append", path: leaf, filter: '| values | map(tostring) | join(", ")' },
    });
  const sign = / \| split\(("[^"]+")\)`, or `\[/.exec(fix)?.[1];
  if (code === "type_mismatch" && sign !== undefined && leaf !== undefined)
    fixes.push(
      { label: `Split it at ${sign}`, edit: { kind: "append", path: leaf, filter: `| values | split(${sign})` } },
      { label: "Make it a list of one", edit: { kind: "append", path: leaf, filter: "| values | [.]" } },
    );
  const { proposed } = fault;
  if (proposed !== undefined && code === "unknown_property")
    fixes.unshift({
      label: "Add to the blueprint",
      edit: { kind: "addProperty", ...proposed, type: proposed.type ?? "text" },
    });
  if (proposed !== undefined && isList && wholeText)
    fixes.push({ label: "Make it a list in the blueprint", edit: { kind: "setType", ...proposed, type: "list" } });
  if (proposed !== undefined && code === "wrong_type" && / not a list or the JSON of one/.test(message))
    fixes.push({ label: "Make it text in the blueprint", edit: { kind: "setType", ...proposed, type: "text" } });
  // A list, an object, or text that holds several values, is never no value.
  const isOne = value !== undefined && !/^\s*[[{]/.test(value) && !/, got (?:a list|an object)/.test(message);
  if (isOne && fault.isCell === true && readable.has(code) && !/ \| split\(/.test(fix))
    fixes.push({ label: `Read ${JSON.stringify(value)} as no value`, edit: { kind: "blank", value } });
  return fixes;
}

/** A property of a proposed blueprint. */
export interface ProposedProperty {
  readonly blueprint: string;
  readonly property: string;
  /** What its values are like. */
  readonly type?: PropertyKind;
}

/** Makes an edit in a mapping's text; what it does not touch stays as it is typed. @throws {UsageError} where the text is not YAML now, or the place is gone */
export function applyEdit(text: string, edit: Edit): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new UsageError("the mapping is not YAML now", { hint: "Correct it first." });
  if (edit.kind === "append" || edit.kind === "remove" || edit.kind === "rename") return editLeaf(text, document, edit);
  if (edit.kind === "renameBlueprint") return blueprintRenamed(text, document, edit);
  if (edit.kind === "set") document.setIn(edit.path.split("."), edit.value);
  else {
    const blanks = document.getIn(["source", "blanks"]);
    if (!isSeq(blanks))
      document.setIn(["source", "blanks"], document.createNode(["", edit.value], { flow: true }) as Node);
    else if (!(blanks.toJSON() as unknown[]).includes(edit.value)) document.addIn(["source", "blanks"], edit.value);
  }
  return withLinesOf(text, document.toString({ lineWidth: 0 }));
}

/** Only a resource's `blueprint` that is a constant is renamed; an expression is left as it is. */
function blueprintRenamed(text: string, document: Document, { from, to }: Renamed): string {
  const [old, name] = [JSON.stringify(from), JSON.stringify(to)];
  const places: (readonly [start: number, end: number])[] = [];
  visit(document.get("resources", true) as Node | null, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || key.value !== "blueprint" || !isScalar(value) || value.range == null) return;
      if (String(value.value).trim() === old) places.push([value.range[0], value.range[1]]);
    },
  });
  return places.reduceRight((now, [start, end]) => {
    const typed = now.slice(start, end);
    return `${now.slice(0, start)}${typed.includes(old) ? typed.replace(old, () => name) : `'${name}'`}${now.slice(end)}`;
  }, text);
}

function editLeaf(text: string, document: Document, edit: Edit & { readonly path: string }): string {
  const path = edit.path.split(".").map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  const node = document.getIn(path, true);
  const parent = document.getIn(path.slice(0, -1), true);
  if (!isScalar(node) || !isMap(parent) || node.range == null)
    throw new UsageError(`${edit.path} is not there any more`, { hint: "Look at the problems again." });
  const [from, to] = node.range;
  if (edit.kind === "append")
    return `${text.slice(0, from)}${scalar(`${String(node.value)} ${edit.filter}`)}${text.slice(to)}`;
  if (edit.kind === "rename") {
    const old = String(node.value);
    const quoted = old.replace(`.${JSON.stringify(edit.from)}`, () => edit.to);
    return `${text.slice(0, from)}${scalar(quoted === old ? old.replace(`.${edit.from}`, () => edit.to) : quoted)}${text.slice(to)}`;
  }
  const pair = parent.items.find(({ value }) => value === node);
  const key = (isScalar(pair?.key) ? pair.key.range?.[0] : undefined) ?? from;
  const line = text.lastIndexOf("\n", key) + 1;
  const end = text.indexOf("\n", to);
  return text.slice(0, line) + (end < 0 ? "" : text.slice(end + 1));
}

/** An expression as YAML: plain where that reads the same, else in quotes. */
export function scalar(text: string): string {
  const plain = parseDocument(`k: ${text}`);
  return plain.errors.length === 0 && plain.get("k") === text && !text.includes(" #") ? text : JSON.stringify(text);
}

/** A changed text, in which each line with the same meaning stays as it was typed: an edit should not move spaces before comments. */
function withLinesOf(before: string, after: string): string {
  const said = (line: string): string => line.trim().replaceAll(/ +/g, " ");
  const old = before.split("\n");
  const now = after.split("\n");
  let first = 0;
  while (first < Math.min(old.length, now.length) && said(old[first] ?? "") === said(now[first] ?? "")) first++;
  let last = 0;
  while (
    last < Math.min(old.length, now.length) - first &&
    said(old[old.length - 1 - last] ?? "") === said(now[now.length - 1 - last] ?? "")
  )
    last++;
  return [...old.slice(0, first), ...now.slice(first, now.length - last), ...old.slice(old.length - last)].join("\n");
}
