import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { SourceOptions } from "../source-options.js";
import { recordsAt } from "./json-frame.js";
import { maxNesting } from "./json-parse.js";

/** A value that a document gives as a record. */
export interface YamlItem {
  readonly value: unknown;
  /** Of a map of records. */
  readonly key?: string;
  /** Lines before it in the document. */
  readonly lineInText: number;
}

/** The records of a document; `isWhole` where the document is one record. */
interface YamlItems {
  readonly items: readonly YamlItem[];
  readonly isWhole: boolean;
}

/** The records of a document: the elements of a list, at the path of keys where one is given, or the value itself. */
export function itemsOf(
  text: string,
  options: SourceOptions,
): YamlItems | { readonly fault: { readonly message: string; readonly lineInText: number } } {
  const counter = new LineCounter();
  const lineOf = (node: unknown): number => {
    const at = (node as Node | null | undefined)?.range?.[0];
    return at === undefined ? 0 : counter.linePos(at).line - 1;
  };
  const blank = text.replace(/^%.*$/gm, "");
  try {
    const document = parseDocument(blank, { intAsBigInt: true, merge: true, lineCounter: counter });
    const [error] = document.errors;
    if (error !== undefined) {
      const message = error.message.split(" at line ")[0] ?? error.message;
      // What is missing at the end is missed behind the last line.
      const lastLine = text.trimEnd().split("\n").length - 1;
      return { fault: { message, lineInText: Math.min(lastLine, (error.linePos?.[0].line ?? 1) - 1) } };
    }
    const { path, isMap: isKeyed } = recordsAt(options);
    const target = path.length === 0 ? document.contents : document.getIn(path, true);
    const plain = (node: unknown): unknown => (node as Node | null)?.toJS(document) ?? null;
    if (isKeyed && isMap(target)) {
      const name = options.json?.keyed ?? "key";
      return {
        isWhole: false,
        items: target.items.map(({ key, value }) => {
          const inner = plain(value);
          const id = isScalar(key) ? String(key.value) : String(key);
          const isRecord = typeof inner === "object" && inner !== null && !Array.isArray(inner);
          return { value: isRecord ? { [name]: id, ...inner, [name]: id } : inner, key: id, lineInText: lineOf(key) };
        }),
      };
    }
    if (isSeq(target))
      return { isWhole: false, items: target.items.map((item) => ({ value: plain(item), lineInText: lineOf(item) })) };
    if (target === undefined) {
      return { fault: { message: `it has nothing at json.records: ${path.join(".")}`, lineInText: 0 } };
    }
    return { isWhole: true, items: [{ value: plain(target), lineInText: lineOf(document.contents) }] };
  } catch (error) {
    // Aliases that would grow without bound, and nesting beyond the stack.
    return { fault: { message: error instanceof Error ? error.message : String(error), lineInText: 0 } };
  }
}

/** A value as JSON has it: integers beyond 2^53 as text. `notFinite` is the path of a NaN or an infinity. */
export function plainValue(value: unknown): {
  readonly plain: unknown;
  readonly longIntegers: number;
  readonly firstKey: string;
  readonly notFinite?: string;
  /** Whether it is nested deeper than a record may be, or holds itself. */
  readonly isTooDeep: boolean;
} {
  let longIntegers = 0;
  let firstKey = "";
  let notFinite: string | undefined;
  let isTooDeep = false;
  const walk = (inner: unknown, path: readonly string[]): unknown => {
    if (typeof inner === "bigint") {
      const number = Number(inner);
      if (Number.isSafeInteger(number)) return number;
      if (longIntegers++ === 0) firstKey = path.at(-1) ?? "";
      return String(inner);
    }
    if (typeof inner === "number" && !Number.isFinite(inner)) notFinite ??= path.join(".");
    if (typeof inner !== "object" || inner === null) return inner;
    isTooDeep ||= path.length >= maxNesting;
    if (isTooDeep) return null;
    if (Array.isArray(inner)) return inner.map((each, index) => walk(each, [...path, String(index)]));
    return Object.fromEntries(Object.entries(inner).map(([key, each]) => [key, walk(each, [...path, key])]));
  };
  const plain = walk(value, []);
  return { plain, longIntegers, firstKey, isTooDeep, ...(notFinite !== undefined && { notFinite }) };
}
