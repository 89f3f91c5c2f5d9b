import type { Token } from "./json-tokens.js";

/** Deepest nesting of a record: arrays and objects within each other, the record itself counted. jq and JSON.stringify take it with room to spare. */
export const maxNesting = 1000;

/** Says that a record is nested too deep. */
export const tooDeep = {
  code: "nested_too_deep",
  message: `the record is nested deeper than ${maxNesting} levels`,
} as const;

/**
 * Puts a JSON value together from tokens.
 *
 * An integer beyond 2^53, and a number that a double cannot hold at all, stays the text it was. A key `__proto__` becomes a key like any other.
 */
export class ValueBuilder {
  readonly #maxBytes: number;
  #stack: (Record<string, unknown> | unknown[])[] = [];
  #keys: string[] = [];
  #key = "";
  #size = 0;
  #value: unknown;
  #longIntegers = 0;
  #firstLongKey = "";
  #isTooDeep = false;

  /** @param maxBytes - size of text beyond which nothing more is kept; see {@link isTooLarge} */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The value, once its last token is in. */
  get value(): unknown {
    return this.#value;
  }

  /** How many numbers stayed text. */
  get longIntegers(): number {
    return this.#longIntegers;
  }

  /** Key of the first of them. */
  get firstLongKey(): string {
    return this.#firstLongKey;
  }

  /** Characters and marks so far: about the size of the value's compact text. */
  get size(): number {
    return this.#size;
  }

  /** True when the value's text is larger than allowed; the value is then incomplete. */
  get isTooLarge(): boolean {
    return this.#size > this.#maxBytes;
  }

  /** True when the value is nested deeper than {@link maxNesting}; it is then incomplete. */
  get isTooDeep(): boolean {
    return this.#isTooDeep;
  }

  /** Makes ready for the next value. */
  reset(): void {
    this.#isTooDeep = false;
    this.#stack = [];
    this.#keys = [];
    this.#key = "";
    this.#size = 0;
    this.#value = undefined;
    this.#longIntegers = 0;
    this.#firstLongKey = "";
  }

  /** Takes the next token of the value. */
  token(token: Token): void {
    this.#size += 1;
    switch (token.name) {
      case "keyValue":
        this.#size += token.value.length + 3;
        this.#key = token.value;
        break;
      case "stringValue":
        this.#size += token.value.length + 2;
        if (!this.isTooLarge) this.#put(token.value);
        break;
      case "numberValue":
        this.#size += token.value.length;
        this.#put(this.#number(token.value));
        break;
      case "nullValue":
      case "trueValue":
      case "falseValue":
        this.#put(token.value);
        break;
      case "startObject":
        this.#open({});
        break;
      case "startArray":
        this.#open([]);
        break;
      case "endObject":
      case "endArray":
        this.#value = this.#stack.pop();
        this.#key = this.#keys.pop() ?? "";
        break;
    }
  }

  #open(container: Record<string, unknown> | unknown[]): void {
    if (this.#stack.length >= maxNesting) this.#isTooDeep = true;
    this.#put(container);
    this.#keys.push(this.#key);
    this.#stack.push(container);
  }

  #put(value: unknown): void {
    const into = this.#stack[this.#stack.length - 1];
    if (into === undefined) this.#value = value;
    else if (this.isTooLarge || this.#isTooDeep) return;
    else if (Array.isArray(into)) into.push(value);
    else if (this.#key !== "__proto__") into[this.#key] = value;
    else Object.defineProperty(into, "__proto__", { value, enumerable: true, configurable: true, writable: true });
  }

  #number(text: string): number | string {
    const number = Number(text);
    if (text.length < 16 && Number.isFinite(number)) return number;
    if (Number.isFinite(number) && (Number.isSafeInteger(number) || !/^-?\d+$/.test(text))) return number;
    if (this.#longIntegers++ === 0) this.#firstLongKey = this.#key;
    return text;
  }
}
