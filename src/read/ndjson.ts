import { type ChunkSink, defaultMaxRecordBytes, type Reader, type ReaderInput } from "./chunk-sink.js";
import { isObject, maxNesting, notAnObject, parseJson, tooDeep } from "./json-parse.js";

/**
 * Reads one JSON object a line, with span and line. Blank lines are no records; a line that is not JSON, not an object or
 * beyond `maxRecordBytes` is a reject, and the next one goes on.
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
