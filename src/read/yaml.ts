import type { SourceOptions } from "../source-options.js";
import type { ChunkSink } from "./chunk-sink.js";
import { isObject, notAnObject, tooDeep } from "./json-parse.js";
import { defaultMaxRecordBytes, type Reader, type ReaderInput } from "./reader.js";
import { type YamlDocument, YamlDocuments } from "./yaml-documents.js";
import { itemsOf, plainValue } from "./yaml-value.js";

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
        const message = `the value at ${notFinite} is no number that JSON has; write null or text in its place`;
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
