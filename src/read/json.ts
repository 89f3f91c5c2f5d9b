import type { ChunkSink } from "./chunk-sink.js";
import { type Token, type Tokenizer, tokenizer } from "./json-tokens.js";
import { tooDeep, ValueBuilder } from "./json-value.js";
import { type ElementVisitor, JsonWalk, recordsPath } from "./json-walk.js";
import { isObject, notAnObject } from "./ndjson.js";
import { defaultMaxRecordBytes, type Reader, type ReaderInput } from "./reader.js";

/** The text is not JSON. stream-json knows no position; whoever holds the source looks it up. */
export class JsonSyntaxFault extends Error {
  /** True when the text is right so far and merely ends. */
  readonly isEnd: boolean;
  constructor(cause: unknown, isEnd: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.isEnd = isEnd;
  }
}

/**
 * Reads the elements of a JSON array, at the top or at a path of keys, or a single object; several JSON texts one after another are read as one. No span
 * and no line: the parser knows none.
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
    for (const token of tokensOf(this.#tokens, block)) this.#walk.token(token);
  }

  end(): void {
    for (const token of tokensOf(this.#tokens, undefined)) this.#walk.token(token);
    if (!this.#walk.isComplete) throw new JsonSyntaxFault("the text is not complete", true);
  }

  /** Takes a token of the element in hand. */
  token(token: Token): void {
    this.#builder.token(token);
  }

  /** Takes the element as a record. */
  done(): void {
    const { value, size, isTooLarge, isTooDeep, longIntegers, firstLongKey } = this.#builder;
    const at = this.#sink.place();
    if (isTooLarge) {
      const message = `the element is larger than ${this.#maxRecordBytes} bytes; raise maxRecordBytes`;
      this.#sink.refuse({ code: "record_too_large", message }, at, 0);
    } else if (isTooDeep) {
      this.#sink.refuse(tooDeep, at, size);
    } else if (!isObject(value)) {
      this.#sink.refuse({ code: "not_an_object", message: notAnObject(value) }, at, size);
    } else {
      this.#sink.noteLongIntegers(longIntegers, at, firstLongKey);
      this.#sink.add({ at, value }, size);
    }
    this.#builder.reset();
  }
}

/**
 * The tokens that a block completes; the last ones where it is undefined.
 * @throws JsonSyntaxFault
 */
export function tokensOf(tokens: Tokenizer, block: Buffer | undefined): readonly Token[] {
  try {
    return block === undefined ? tokens.end() : tokens(block.toString("utf8"));
  } catch (error) {
    throw new JsonSyntaxFault(error, block === undefined);
  }
}
