import type { SourceOptions } from "../source-options.js";
import { tokensOf } from "./json.js";
import { type Token, tokenizer } from "./json-tokens.js";
import { type ElementVisitor, JsonWalk, recordsPath } from "./json-walk.js";

/** Gives the text, piece by piece, of a JSON array of some records, at the same path of keys; numbers keep their digits. */
export async function* extractJson(
  name: string,
  blocks: AsyncIterable<Buffer>,
  options: SourceOptions,
  positions: ReadonlySet<number>,
): AsyncGenerator<string, void, undefined> {
  const path = recordsPath(options.json?.records);
  const writer = new ElementWriter(positions);
  const walk = new JsonWalk(name, path, writer);
  const tokens = tokenizer();
  yield `${path.map((key) => `{${JSON.stringify(key)}:`).join("")}[`;
  for await (const block of blocks) {
    for (const token of tokensOf(tokens, block)) walk.token(token);
    yield writer.take();
    if (writer.isComplete) break;
  }
  for (const token of writer.isComplete ? [] : tokensOf(tokens, undefined)) walk.token(token);
  yield `${writer.take()}\n]${"}".repeat(path.length)}\n`;
}

/** Writes wanted elements from their tokens, each on a line of its own. */
class ElementWriter implements ElementVisitor {
  readonly #positions: ReadonlySet<number>;
  #position = 1;
  #written = 0;
  #text = "";
  /** What stands before the next key or value. */
  #separator = "";

  constructor(positions: ReadonlySet<number>) {
    this.#positions = positions;
  }

  get isComplete(): boolean {
    return this.#written === this.#positions.size;
  }

  /** The text since it was last taken. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  token(token: Token): void {
    if (!this.#positions.has(this.#position)) return;
    if (this.#separator === "") this.#separator = this.#written === 0 ? "\n" : ",\n";
    switch (token.name) {
      case "keyValue":
        this.#put(JSON.stringify(token.value), ":");
        break;
      case "stringValue":
        this.#put(JSON.stringify(token.value), ",");
        break;
      case "numberValue":
        this.#put(token.value, ",");
        break;
      case "nullValue":
      case "trueValue":
      case "falseValue":
        this.#put(String(token.value), ",");
        break;
      case "startObject":
        this.#put("{", "none");
        break;
      case "startArray":
        this.#put("[", "none");
        break;
      case "endObject":
      case "endArray":
        this.#separator = "none";
        this.#put(token.name === "endObject" ? "}" : "]", ",");
        break;
    }
  }

  done(): void {
    if (this.#positions.has(this.#position)) this.#written++;
    this.#position++;
    this.#separator = "";
  }

  #put(text: string, next: string): void {
    this.#text += (this.#separator === "none" ? "" : this.#separator) + text;
    this.#separator = next;
  }
}
