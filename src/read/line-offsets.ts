import { InternalError } from "../errors.js";
import type { Span } from "../record.js";

/**
 * Turns places in decoded text (bytes of UTF-8) into those in the source, for the beginnings and ends of lines: a record begins and ends at one.
 *
 * In every encoding read here the n-th line end of the source is the n-th one of the text. Memory holds the line ends from the last place asked for on.
 */
export class LineOffsets {
  readonly #unit: number;
  #text: number[] = [];
  #source: number[] = [];
  #next = 0;
  #start: { text: number; source: number };
  #end: { text: number; source: number };
  #isWanted = true;

  /**
   * @param unit - bytes of a line feed in the source
   * @param start - offset in the source where the text begins
   */
  constructor(unit: number, start: number) {
    this.#unit = unit;
    this.#start = { text: 0, source: start };
    this.#end = this.#start;
  }

  /** Adds the source's next bytes, whole characters, and the text they became. */
  add(source: Buffer, text: Buffer, lineFeed: (bytes: Buffer) => readonly number[]): void {
    const { text: textAt, source: sourceAt } = this.#end;
    this.#end = { text: textAt + text.length, source: sourceAt + source.length };
    if (!this.#isWanted) return;
    const inSource = lineFeed(source);
    const inText = lineEndsOf(text);
    if (inSource.length !== inText.length) throw new InternalError("decoding changed the number of line ends");
    for (let i = 0; i < inText.length; i++) {
      this.#text.push(textAt + (inText[i] as number));
      this.#source.push(sourceAt + (inSource[i] as number));
    }
  }

  /** Keeps no more line ends: the format has no spans. */
  stop(): void {
    this.#isWanted = false;
    this.#text = [];
    this.#source = [];
  }

  /** A span in the source. Spans must not go back. */
  span({ start, end }: Span): Span {
    return { start: this.at(start), end: this.at(end) };
  }

  /** The place in the source where a line begins or ends. Places must not go back. */
  at(place: number): number {
    if (place === this.#start.text) return this.#start.source;
    if (place === this.#end.text) return this.#end.source;
    while ((this.#text[this.#next + 1] ?? Number.POSITIVE_INFINITY) <= place) this.#next++;
    const text = this.#text[this.#next];
    const source = this.#source[this.#next] ?? 0;
    if (this.#next > 4096) this.#forget();
    if (text === place) return source;
    if (text === place - 1) return source + this.#unit;
    throw new InternalError(`no line begins or ends at byte ${place} of the decoded text`);
  }

  #forget(): void {
    this.#text = this.#text.slice(this.#next);
    this.#source = this.#source.slice(this.#next);
    this.#next = 0;
  }
}

/** Where LF and CR are in bytes of an encoding in which no other character holds these bytes. */
export function lineEndsOf(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 10 || byte === 13) found.push(at);
  }
  return found;
}

/** Where LF and CR are in UTF-16. */
export function wideLineEndsOf(bytes: Buffer, isBigEndian: boolean): number[] {
  const found: number[] = [];
  const low = isBigEndian ? 1 : 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const byte = bytes[at + low];
    if ((byte === 10 || byte === 13) && bytes[at + 1 - low] === 0) found.push(at);
  }
  return found;
}
