import type { SourceOptions } from "../source-options.js";
import type { Doubt } from "./doubt.js";
import type { TextFormat } from "./format.js";
import { isObject, parseJson } from "./json-parse.js";
import type { Head } from "./sample-rows.js";

/** What the one object of a JSON text could hold in place of a record. */
export interface JsonShape {
  /** Keys, dotted, that lead to lists of objects. */
  readonly lists: readonly string[];
  /** Whether its values are objects alike, so that it is a map of records by their keys. */
  readonly isMap: boolean;
}

/** What goes beside the list in a page of an API. */
const pageKeys =
  /^(?:next|prev|previous|cursor|total|count|size|page|pages|limit|offset|links?|meta|has_?more|token|ok|status|kind|etag)|(?:cursor|count|token|page|url|link|total)$/i;

/** Pages of an API one a line: what the mapping leaves open about them. */
export function pagesDoubt({ head }: Head, format: TextFormat, options: SourceOptions): Doubt | undefined {
  if (format !== "ndjson" || options.format !== undefined || options.json !== undefined) return undefined;
  const lines = head.toString().split("\n").slice(0, 20);
  const values = lines.flatMap((line) => {
    const parsed = parseJson(line);
    return "value" in parsed ? [parsed.value] : [];
  });
  const [first] = values;
  const list = first === undefined ? undefined : pageListOf(first);
  if (list === undefined || !values.every((value) => pageListOf(value) === list)) return undefined;
  return {
    message: `every line is a page with a list at ${JSON.stringify(list)}`,
    answers: [
      { text: "the list's elements are the records", json: { records: list } },
      { text: "each line is a record", format: "ndjson" },
    ],
  };
}

/** The key of the one list of objects of a page; undefined for what is none. */
function pageListOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  const lists = entries.filter(([, inner]) => isListOfObjects(inner) || (Array.isArray(inner) && inner.length === 0));
  const isPage = entries.length > 1 && entries.every(([key]) => key === lists[0]?.[0] || pageKeys.test(key));
  return lists.length === 1 && isPage ? lists[0]?.[0] : undefined;
}

/** Of a JSON text that is one object: lists of records in it, and whether it is a map of records. Undefined for any other text. */
export function jsonShape({ head, isWhole }: Head, options: SourceOptions): JsonShape | undefined {
  if (options.json !== undefined || !isWhole) return undefined;
  const parsed = parseJson(head.toString());
  if (!("value" in parsed) || !isObject(parsed.value)) return undefined;
  const shape = { lists: listsIn(parsed.value, []), isMap: isMapOfRecords(parsed.value) };
  return shape.lists.length > 0 || shape.isMap ? shape : undefined;
}

/** Levels that lists are looked for. */
const levels = 3;

function listsIn(value: object, path: readonly string[]): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === "" || key.includes(".")) return [];
    if (isListOfObjects(inner)) return [[...path, key].join(".")];
    return isObject(inner) && path.length + 1 < levels ? listsIn(inner, [...path, key]) : [];
  });
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

/** At least two values, all of them objects of which each shares a key with the first. */
function isMapOfRecords(value: object): boolean {
  const values = Object.values(value);
  const [first] = values;
  if (values.length < 2 || !values.every(isObject)) return false;
  const keys = Object.keys(first as object);
  return values.every((each) => keys.some((key) => Object.hasOwn(each as object, key)));
}
