import type { Span } from "../record.js";

/** Most ranges that wait for their record; beyond that the last one grows over what follows. */
const mostRanges = 10_000;

/** Where a text holds bytes that are no characters, noted while it is decoded and asked for record by record. */
export class BadText {
  #ranges: { start: number; end: number; readonly message: string }[] = [];
  #next = 0;

  /** Notes a range of the text; ranges must not go back. */
  add({ start, end }: Span, message: string): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && (last.end === start || this.#ranges.length - this.#next >= mostRanges)) last.end = end;
    else this.#ranges.push({ start, end, message });
  }

  /** What is wrong within a span of the text, if anything is. Spans must not go back. */
  within({ start, end }: Span): string | undefined {
    while ((this.#ranges[this.#next]?.end ?? Number.POSITIVE_INFINITY) <= start) this.#next++;
    if (this.#next > mostRanges) {
      this.#ranges = this.#ranges.slice(this.#next);
      this.#next = 0;
    }
    const range = this.#ranges[this.#next];
    return range !== undefined && range.start < end ? range.message : undefined;
  }
}
