import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { SourceOptions } from "../source-options.js";
import { type ChunkSink, defaultMaxRecordBytes, type Reader, type ReaderInput } from "./chunk-sink.js";
import { recordsAt } from "./json-frame.js";
import { isObject, maxNesting, notAnObject, tooDeep } from "./json-parse.js";

/** The text of one document of a YAML stream. */
interface YamlDocument {
  /** Without the line that begins it; absent where it is larger than allowed. */
  readonly text?: string;
  /** Physical line of its first character, from 1. */
  readonly line: number;
  /** Offset of its first byte. */
  readonly start: number;
  readonly size: number;
}

/** Cuts a YAML stream into its documents, of which it holds one at a time: a line that begins with `---` or `...` ends one, whatever it holds. */
export class YamlDocuments {
  readonly #maxBytes: number;
  readonly #onDocument: (document: YamlDocument) => void;
  /** Bytes of the document so far; none once it is too large. */
  #held: Buffer[] = [];
  #size = 0;
  #start: number;
  #line = 1;
  #documentLine = 1;
  /** The beginning of a line whose end has not come. */
  #open: Buffer[] = [];
  #openBytes = 0;

  constructor(start: number, maxBytes: number, onDocument: (document: YamlDocument) => void) {
    this.#start = start;
    this.#maxBytes = maxBytes;
    this.#onDocument = onDocument;
  }

  feed(block: Buffer): void {
    let from = 0;
    for (let lf = block.indexOf(10); lf !== -1; lf = block.indexOf(10, from)) {
      this.#hold(block.subarray(from, lf + 1));
      this.#takeLine();
      from = lf + 1;
    }
    if (from < block.length) this.#hold(block.subarray(from));
  }

  end(): void {
    if (this.#openBytes > 0) this.#takeLine();
    this.#document();
  }

  #hold(bytes: Buffer): void {
    this.#openBytes += bytes.length;
    if (this.#openBytes <= this.#maxBytes) this.#open.push(bytes);
  }

  #takeLine(): void {
    const line = Buffer.concat(this.#open);
    const bytes = this.#openBytes;
    this.#open = [];
    this.#openBytes = 0;
    const mark = line.toString("latin1", 0, 4);
    const isMark = /^(?:---|\.\.\.)(?:[ \t\r\n]|$)/.test(mark);
    if (isMark) this.#document();
    if (this.#size === 0) this.#documentLine = this.#line;
    this.#size += bytes;
    // Behind the mark a document may begin; the mark itself is blanked so that columns stay.
    const kept = isMark ? Buffer.concat([Buffer.from("   "), line.subarray(3)]) : line;
    if (this.#size > this.#maxBytes) this.#held = [];
    else this.#held.push(kept);
    this.#line++;
  }

  #document(): void {
    const text = this.#size > this.#maxBytes ? undefined : Buffer.concat(this.#held).toString();
    const document = { line: this.#documentLine, start: this.#start, size: this.#size };
    this.#start += this.#size;
    this.#size = 0;
    this.#held = [];
    // Comments and directives alone are not document.
    if (text === undefined) this.#onDocument(document);
    else if (/^(?!\s*(?:#.*)?$|%).*$/m.test(text)) this.#onDocument({ ...document, text });
  }
}

/** A value that a document gives as a record. */
interface YamlItem {
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
      // What is missing at the end is reported after the last line.
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
    // Aliases that would expand without bound, and nesting beyond the stack.
    return { fault: { message: error instanceof Error ? error.message : String(error), lineInText: 0 } };
  }
}

/** A value as JSON has it: integers beyond 2^53 as text. `notFinite` is the path of a NaN or an infinity. */
function plainValue(value: unknown): {
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

/** Reads YAML: a document that is a list gives a record for each element, any other one is a record. With the line of the document, or of the element. */
export class YamlReader implements Reader {
  readonly #sink: ChunkSink;
  readonly #options: SourceOptions;
  readonly #documents: YamlDocuments;
  readonly #maxRecordBytes: number;

  constructor({ sink, options, start }: ReaderInput) {
    this.#sink = sink;
    this.#options = options;
    this.#maxRecordBytes = options.maxRecordBytes ?? defaultMaxRecordBytes;
    this.#documents = new YamlDocuments(start, this.#maxRecordBytes, (document) => this.#take(document));
  }

  feed(block: Buffer): void {
    this.#documents.feed(block);
  }

  end(): void {
    this.#documents.end();
  }

  #take(document: YamlDocument): void {
    const { text, line, start, size } = document;
    const at = this.#sink.place(line);
    if (text === undefined) {
      const message = `the document is larger than ${this.#maxRecordBytes} bytes; raise maxRecordBytes`;
      this.#sink.refuse({ code: "record_too_large", message }, at, 0);
      return;
    }
    const bad = this.#sink.badTextIn({ start, end: start + size });
    if (bad !== undefined) {
      this.#sink.refuse(bad, at, size);
      return;
    }
    const items = itemsOf(text, this.#options);
    if ("fault" in items) {
      const { message, lineInText } = items.fault;
      this.#sink.refuse(
        { code: "bad_yaml", message: `the document is not valid YAML: ${message}` },
        this.#sink.place(line + lineInText),
        size,
      );
      return;
    }
    for (const { value, lineInText } of items.items) {
      const at = this.#sink.place(line + lineInText);
      const { plain, longIntegers, firstKey, notFinite, isTooDeep } = plainValue(value);
      const bytes = Math.ceil(size / items.items.length);
      if (notFinite !== undefined) {
        const message = `the value at ${notFinite} is not a number that JSON has; write null or text in its place`;
        this.#sink.refuse({ code: "bad_yaml", message, path: notFinite }, at, bytes);
      } else if (isTooDeep) {
        this.#sink.refuse(tooDeep, at, bytes);
      } else if (!isObject(plain)) {
        this.#sink.refuse({ code: "not_an_object", message: notAnObject(plain) }, at, bytes);
      } else {
        this.#sink.noteLongIntegers(longIntegers, at, firstKey);
        this.#sink.add({ at, value: plain }, bytes);
      }
    }
  }
}
