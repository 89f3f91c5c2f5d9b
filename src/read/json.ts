import type { ChunkSink } from "./chunk-sink.js";
import { tokenizer } from "./json-tokens.js";
import { ValueBuilder } from "./json-value.js";
import { type ElementVisitor, JsonWalk, recordsPath } from "./json-walk.js";
import { isObject, notAnObject } from "./ndjson.js";
import { defaultMaxRecordBytes, type Reader, type ReaderInput } from "./reader.js";

/** The text is not JSON. stream-json knows no position; whoever holds the source looks it up. */
export class JsonSyntaxFault extends Error {}

/**
 * Reads the elements of a JSON array, at the top or at a path of keys, or a single object. No span and no line: the parser knows none.
 *
 * Feeding throws a {@link JsonSyntaxFault} on a syntax error and a SourceError when nothing fit stands at the path.
 */
export class JsonReader implements Reader, ElementVisitor {
  readonly #sink: ChunkSink;
  readonly #builder: ValueBuilder;
  readonly #walk: JsonWalk;
  readonly #tokens = tokenizer();
  readonly #maxRecordBytes: number;

  constructor(input: ReaderInput) {
    this.#sink = input.sink;
    this.#maxRecordBytes = input.options.maxRecordBytes ?? defaultMaxRecordBytes;
    this.#builder = new ValueBuilder(this.#maxRecordBytes);
    this.#walk = new JsonWalk(input.name, recordsPath(input.options.json?.records), this);
  }

  feed(block: Buffer): void {
    for (const token of syntax(() => this.#tokens(block.toString("utf8")))) this.#walk.token(token);
  }

  end(): void {
    for (const token of syntax(() => this.#tokens.end())) this.#walk.token(token);
  }

  /** Takes a token of the element in hand. */
  token(token: Parameters<ElementVisitor["token"]>[0]): void {
    this.#builder.token(token);
  }

  /** Takes the element as a record. */
  done(): void {
    const { value, size, isTooLarge, longIntegers, firstLongKey } = this.#builder;
    const at = this.#sink.place();
    if (isTooLarge) {
      const message = `the element is larger than ${this.#maxRecordBytes} bytes; raise maxRecordBytes`;
      this.#sink.refuse({ code: "record_too_large", message }, at, 0);
    } else if (!isObject(value)) {
      this.#sink.refuse({ code: "not_an_object", message: notAnObject(value) }, at, size);
    } else {
      this.#sink.noteLongIntegers(longIntegers, at, firstLongKey);
      this.#sink.add({ at, value }, size);
    }
    this.#builder.reset();
  }
}

/** Runs the parser and makes its errors a {@link JsonSyntaxFault}. */
export function syntax<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new JsonSyntaxFault(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
