import { SourceError } from "../errors.js";
import type { SourceOptions } from "../source-options.js";
import { parseJson } from "./json-parse.js";
import { brackets, type JsonPlace, JsonPlaces, JsonSyntaxFault, JsonText, kindOf } from "./json-text.js";

/** A record's text. */
export interface Element {
  /** Absent where the text is larger than the frame holds. */
  readonly text?: Buffer;
  /** Levels of arrays and objects. */
  readonly depth: number;
  readonly place: JsonPlace;
  /** Bytes. */
  readonly size: number;
  /** Of a map: the JSON text of its key, absent where that is larger than the frame holds. */
  readonly key?: Buffer;
}

/** Where the records are: keys that lead to them, and whether they are the values of an object. */
export interface RecordsAt {
  readonly path: readonly string[];
  readonly isMap: boolean;
}

/** Where the options say that the records are; `.` is the text itself. */
export function recordsAt({ json }: SourceOptions): RecordsAt {
  const { records = ".", keyed } = json ?? {};
  return { path: records === "." ? [] : records.split("."), isMap: keyed !== undefined };
}

type FrameState = "text" | "value" | "first" | "next" | "element" | "first key" | "key" | "colon" | "skip" | "next key";

/**
 * Finds the records of JSON texts one after another, without parsing them: the elements of the array at a path of keys, the one object there, or the values
 * of the object there. Holds no more than one record, and of that no more than `maxBytes`; what is beside the path is passed over.
 */
export class JsonFrame {
  readonly #name: string;
  readonly #at: RecordsAt;
  readonly #maxBytes: number;
  readonly #onElement: (element: Element) => void;
  #state: FrameState = "text";
  /** Keys of the path that led here. */
  #level = 0;
  #texts = 0;
  #found = false;
  #inMap = false;
  #isSingle = false;
  #keysSeen: string[] = [];
  #key: Buffer | undefined;
  /** The value in hand, until its last byte has come. */
  #value: JsonText | undefined;
  readonly #places: JsonPlaces;

  /** @param start - offset of the first byte fed */
  constructor(
    { name, start }: { readonly name: string; readonly start: number },
    at: RecordsAt,
    maxBytes: number,
    onElement: (element: Element) => void,
  ) {
    this.#name = name;
    this.#at = at;
    this.#maxBytes = maxBytes;
    this.#onElement = onElement;
    this.#places = new JsonPlaces(start);
  }

  /**
   * Takes the next bytes of UTF-8.
   * @throws JsonSyntaxFault between records; within one it is seen only when the record is parsed
   * @throws SourceError where no array or object is at the path
   */
  feed(block: Buffer): void {
    this.#places.next(block);
    for (let at = 0; at < block.length; ) {
      if (this.#value === undefined) at = this.#step(block, at);
      else {
        const taken = this.#value.take(block, at);
        at = taken.at;
        if (taken.isDone) this.#valueDone();
      }
    }
  }

  /** No more bytes follow. @throws JsonSyntaxFault where the text is not complete */
  end(): void {
    if (this.#state !== "text" || this.#value !== undefined || this.#texts === 0)
      throw new JsonSyntaxFault("the text is not complete", this.#places.end(), "end");
  }

  /** Looks at a byte between values; gives the index of the next one. */
  #step(block: Buffer, at: number): number {
    const byte = block[at] as number;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
    switch (this.#state) {
      case "text":
        // RFC 7464 puts a record separator before each text.
        if (byte === 0x1e) return at + 1;
        return this.#target(block, at);
      case "value":
        return this.#target(block, at);
      case "first":
        return byte === brackets.endArray ? this.#close(at) : this.#begin(block, at, "element");
      case "next":
        if (byte === brackets.endArray) return this.#close(at);
        return this.#comma(block, at, "element", "expected ',' or ']'");
      case "element":
        return this.#begin(block, at, "element");
      case "first key":
        return byte === brackets.endObject ? this.#close(at) : this.#begin(block, at, "key");
      case "next key":
        if (byte === brackets.endObject) return this.#close(at);
        return this.#comma(block, at, "key", "expected ',' or '}'");
      case "key":
        return this.#begin(block, at, "key");
      case "colon":
        if (byte !== 0x3a) throw this.#fault(at, "expected ':'");
        this.#state = this.#afterKey();
        return at + 1;
      case "skip":
        return this.#begin(block, at, "skip");
    }
  }

  /** A value of the path: the records, or an object that leads to them. */
  #target(block: Buffer, at: number): number {
    const byte = block[at] as number;
    const { path, isMap } = this.#at;
    const isTarget = this.#level === path.length;
    if (byte === brackets.object && (!isTarget || isMap)) {
      if (!isTarget && !this.#found) this.#keysSeen = [];
      this.#found ||= isTarget;
      this.#inMap = isTarget;
      this.#state = "first key";
      return at + 1;
    }
    if (isTarget && !isMap && (byte === brackets.array || byte === brackets.object)) {
      this.#found = true;
      this.#isSingle = byte === brackets.object;
      this.#state = "first";
      return this.#isSingle ? this.#begin(block, at, "element") : at + 1;
    }
    throw this.#wrongKind(block, at, isTarget);
  }

  #wrongKind(block: Buffer, at: number, isTarget: boolean): Error {
    const kind = kindOf(block[at] as number);
    if (kind === undefined) return this.#fault(at, "expected a value");
    const text = this.#texts === 0 ? "the text" : `its JSON text number ${this.#texts + 1}`;
    const { path, isMap } = this.#at;
    const where = this.#level === 0 ? text : `"${path.slice(0, this.#level).join(".")}"`;
    const wanted = !isTarget ? "an object" : isMap ? "an object of records" : "an array of records or one object";
    const { line, offset } = this.#places.at(at);
    return new SourceError(this.#name, `${where} must be ${wanted}, and is ${kind}`, {
      ...{ line, offset },
      hint: isMap && isTarget ? "json.keyed is for an object whose values are the records." : pathHint,
    });
  }

  #close(at: number): number {
    this.#leave();
    return at + 1;
  }

  #comma(block: Buffer, at: number, next: FrameState, expected: string): number {
    if (block[at] !== 0x2c) throw this.#fault(at, expected);
    this.#state = next;
    return at + 1;
  }

  #begin(block: Buffer, at: number, what: "element" | "key" | "skip"): number {
    const byte = block[at] as number;
    if (what === "key" && byte !== 0x22) throw this.#fault(at, "expected a key in double quotes");
    if (what !== "key" && kindOf(byte) === undefined) throw this.#fault(at, "expected a value");
    this.#value = new JsonText(what, this.#places.at(at), what === "skip" ? 0 : this.#maxBytes);
    return at;
  }

  #valueDone(): void {
    const { what, place, size, depth, text } = this.#value as JsonText;
    this.#value = undefined;
    if (what === "skip") this.#state = "next key";
    else if (what === "key") {
      this.#key = text;
      this.#state = "colon";
    } else {
      const key = this.#inMap && this.#key !== undefined ? { key: this.#key } : {};
      this.#onElement({ ...(text !== undefined && { text }), depth, place, size, ...key });
      if (this.#isSingle) this.#leave();
      else this.#state = this.#inMap ? "next key" : "next";
    }
  }

  #afterKey(): FrameState {
    if (this.#inMap) return "element";
    const key = keyOf(this.#key);
    if (key === this.#at.path[this.#level]) {
      this.#level++;
      return "value";
    }
    if (key !== undefined && !this.#found && this.#keysSeen.length < 10) this.#keysSeen.push(key);
    return "skip";
  }

  /** Leaves the array, the map, the one object or an object of the path. */
  #leave(): void {
    this.#isSingle = false;
    this.#inMap = false;
    if (this.#level > 0) {
      this.#level--;
      this.#state = "next key";
      return;
    }
    this.#state = "text";
    this.#texts++;
    if (!this.#found) throw this.#nothingThere();
    this.#found = false;
  }

  #nothingThere(): SourceError {
    const keys = this.#keysSeen.map((key) => `"${key}"`).join(", ");
    return new SourceError(
      this.#name,
      `has nothing at json.records: ${this.#at.path.join(".")}; keys there: ${keys || "none"}`,
      { hint: pathHint },
    );
  }

  #fault(at: number, message: string): JsonSyntaxFault {
    return new JsonSyntaxFault(message, this.#places.at(at));
  }
}

const pathHint = "Let json.records name the keys, dotted, that lead to the array of records.";

function keyOf(key: Buffer | undefined): string | undefined {
  const parsed = key && parseJson(key.toString());
  return parsed !== undefined && "value" in parsed ? String(parsed.value) : undefined;
}
