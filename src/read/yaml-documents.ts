/** The text of one document of a YAML stream. */
export interface YamlDocument {
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
    // Comments and directives alone are no document.
    if (text === undefined) this.#onDocument(document);
    else if (/^(?!\s*(?:#.*)?$|%).*$/m.test(text)) this.#onDocument({ ...document, text });
  }
}
