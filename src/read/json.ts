import { SourceError } from "../errors.js";
import type { Finding } from "../reject.js";
import type { SourceOptions } from "../source-options.js";
import { type ChunkSink, defaultMaxRecordBytes, type Reader, type ReaderInput } from "./chunk-sink.js";
import { type Element, JsonFrame, recordsAt } from "./json-frame.js";
import { isObject, maxNesting, notANumber, notAnObject, parseJson, tooDeep } from "./json-parse.js";
import { type JsonPlace, JsonSyntaxFault } from "./json-text.js";

/**
 * Reads the elements of a JSON array, at the top or at a path of keys, a single object, or the values of an object under their keys; several JSON texts one
 * after another are read as one. No span and no line: a record is given back by its position.
 *
 * Feeding throws a SourceError on a syntax error, with its place, and when nothing suitable is at the path; the records before it have been taken. With
 * `badText: reject` a record that is not JSON costs only itself, where its brackets close.
 */
export class JsonReader implements Reader {
  readonly #sink: ChunkSink;
  readonly #frame: JsonFrame;
  readonly #name: string;
  readonly #options: SourceOptions;
  readonly #hasOffsets: boolean;
  readonly #maxRecordBytes: number;

  constructor(input: ReaderInput) {
    this.#name = input.name;
    this.#sink = input.sink;
    this.#options = input.options;
    this.#hasOffsets = input.isUtf8;
    this.#maxRecordBytes = input.options.maxRecordBytes ?? defaultMaxRecordBytes;
    this.#frame = new JsonFrame(input, recordsAt(input.options), this.#maxRecordBytes, (element) =>
      this.#take(element),
    );
  }

  feed(block: Buffer): void {
    try {
      this.#frame.feed(block);
    } catch (error) {
      throw error instanceof JsonSyntaxFault ? this.#broken(error) : error;
    }
  }

  end(): void {
    try {
      this.#frame.end();
    } catch (error) {
      throw error instanceof JsonSyntaxFault ? this.#broken(error) : error;
    }
  }

  #take(element: Element): void {
    const { text, size, depth, place, key } = element;
    const at = this.#sink.place();
    const bad = this.#sink.badTextIn({ start: place.offset, end: place.offset + size });
    const refused = bad ?? this.#refusal(element);
    if (refused !== undefined || text === undefined) {
      this.#sink.refuse(refused ?? tooDeep, at, depth > maxNesting ? size : 0);
      return;
    }
    const parsed = parseJson(text.toString());
    if ("fault" in parsed) {
      const { message } = parsed.fault;
      if (this.#options.badText !== "reject" && !this.#sink.isFull) throw faultWithin(text, place, parsed.fault);
      this.#sink.refuse({ code: "bad_json", message: `the element is not valid JSON: ${message}` }, at, size);
    } else if (!isObject(parsed.value)) {
      this.#sink.refuse({ code: "not_an_object", message: notAnObject(parsed.value) }, at, size);
    } else {
      this.#sink.noteLongIntegers(parsed.longIntegers, at, parsed.firstKey);
      this.#sink.add({ at, value: this.#keyed(parsed.value, key) }, size);
    }
  }

  #refusal({ text, depth, place }: Element): Finding | undefined {
    if (text === undefined) {
      const hint =
        this.#options.json === undefined && place.line === 1
          ? "; where it holds the records, json.records names the keys that lead to their array, json.keyed makes a record of each of its values"
          : "";
      return {
        code: "record_too_large",
        message: `the element is larger than ${this.#maxRecordBytes} bytes; raise maxRecordBytes${hint}`,
      };
    }
    return depth > maxNesting ? tooDeep : undefined;
  }

  #keyed(value: object, key: Buffer | undefined): object {
    const name = this.#options.json?.keyed;
    if (name === undefined || key === undefined) return value;
    const text = JSON.parse(key.toString()) as string;
    return { [name]: text, ...value, [name]: text };
  }

  #broken(fault: JsonSyntaxFault): SourceError {
    const { line, column, offset } = fault.place;
    const where = ` at line ${line}, column ${column}${this.#hasOffsets ? `, offset ${offset}` : ""}`;
    const after = `after record ${this.#sink.count}`;
    const isNumber = fault.message.endsWith(notANumber);
    const correct = isNumber
      ? "Write null in its place"
      : "Correct it there; one object a line is NDJSON (format: ndjson)";
    // What is between records belongs to none of them.
    const hint = fault.isEnd
      ? "Was the export interrupted?"
      : fault.isWithin
        ? `${correct}. Or let it cost its record alone: badText: reject`
        : `${correct}. Is a comma left over?`;
    const message = fault.isEnd
      ? `its JSON ends before it is complete${where}, ${after}`
      : `is not valid JSON${where}, ${after}: ${fault.message}`;
    const { isWithin: isOfOneRecord } = fault;
    return new SourceError(this.#name, message, {
      ...{ hint, line, isOfOneRecord, cause: fault },
      ...(this.#hasOffsets && { offset }),
    });
  }
}

/** The fault of a record's text as one of the source. */
function faultWithin(text: Buffer, place: JsonPlace, fault: { at: number; message: string }): JsonSyntaxFault {
  const before = Buffer.from(text.toString().slice(0, fault.at));
  const lineStart = before.lastIndexOf(10) + 1;
  const lines = before.reduce((count, byte) => (byte === 10 ? count + 1 : count), 0);
  const at = {
    offset: place.offset + before.length,
    line: place.line + lines,
    column: lines === 0 ? place.column + before.length : before.length - lineStart + 1,
  };
  return new JsonSyntaxFault(fault.message, at, "within");
}

/**
 * Reads one JSON object a line, with span and line. Blank lines are not records; a line that is not JSON, not an object or
 * beyond `maxRecordBytes` is a reject, and reading continues with the next one.
 */
export class NdjsonReader implements Reader {
  readonly #sink: ChunkSink;
  readonly #maxRecordBytes: number;
  /** The open line's bytes so far; empty once it is too large. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #offset: number;
  #line = 1;

  constructor(input: ReaderInput) {
    this.#sink = input.sink;
    this.#offset = input.start;
    this.#maxRecordBytes = input.options.maxRecordBytes ?? defaultMaxRecordBytes;
  }

  feed(block: Buffer): void {
    let from = 0;
    for (let lf = block.indexOf(10); lf !== -1; lf = block.indexOf(10, from)) {
      this.#hold(block.subarray(from, lf));
      this.#takeLine(1);
      from = lf + 1;
    }
    if (from < block.length) this.#hold(block.subarray(from));
  }

  end(): void {
    if (this.#heldBytes > 0) this.#takeLine(0);
  }

  #hold(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.#maxRecordBytes + 1) this.#held = [];
    else this.#held.push(bytes);
  }

  #takeLine(lineEndBytes: number): void {
    const first = this.#held[0];
    const bytes = this.#held.length === 1 && first !== undefined ? first : Buffer.concat(this.#held);
    const start = this.#offset;
    const line = this.#line++;
    const heldBytes = this.#heldBytes;
    this.#held = [];
    this.#heldBytes = 0;
    this.#offset += heldBytes + lineEndBytes;
    const crBytes = bytes.length > 0 && bytes[bytes.length - 1] === 13 ? 1 : 0;
    const span = { start, end: start + heldBytes - crBytes };
    const at = this.#sink.place(line);
    if (heldBytes - crBytes > this.#maxRecordBytes) {
      const message = `the line is larger than ${this.#maxRecordBytes} bytes; raise maxRecordBytes`;
      this.#sink.refuse({ code: "record_too_large", message }, at, 0, span);
      return;
    }
    // RFC 7464 puts a record separator before each text.
    const text = bytes.toString("utf8", bytes[0] === 0x1e ? 1 : 0);
    if (text.trim() === "") return;
    if (isTooDeep(bytes)) {
      this.#sink.refuse(tooDeep, at, bytes.length, span);
      return;
    }
    const parsed = parseJson(text);
    if ("fault" in parsed) {
      this.#sink.refuse(
        {
          code: "bad_json",
          message: `the line is not valid JSON: ${parsed.fault.message}, at column ${parsed.fault.at + 1}`,
        },
        at,
        bytes.length,
        span,
      );
    } else if (!isObject(parsed.value)) {
      this.#sink.refuse({ code: "not_an_object", message: notAnObject(parsed.value) }, at, bytes.length, span);
    } else {
      this.#sink.noteLongIntegers(parsed.longIntegers, at, parsed.firstKey);
      this.#sink.add({ at, span, value: parsed.value }, bytes.length);
    }
  }
}

/** Whether a line opens more arrays and objects within each other than a record may. */
function isTooDeep(line: Buffer): boolean {
  if (line.length <= 2 * maxNesting) return false;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < line.length; at++) {
    const byte = line[at];
    if (byte === 0x22) inText = !inText;
    else if (inText) at += byte === 0x5c ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > maxNesting) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}
