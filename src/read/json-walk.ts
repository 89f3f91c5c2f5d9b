import { SourceError } from "../errors.js";
import type { Token } from "./json-tokens.js";

/** What takes the tokens of each element that a {@link JsonWalk} comes upon. */
export interface ElementVisitor {
  token(token: Token): void;
  /** The element's last token has come. */
  done(): void;
}

/**
 * Finds the records of a JSON text: the elements of the array at a path of keys, or the one object that stands there.
 *
 * Without a path the text itself is the array or the object. What stands beside the path is passed over.
 */
export class JsonWalk {
  readonly #name: string;
  readonly #path: readonly string[];
  readonly #visitor: ElementVisitor;
  /** seek: a value of the path comes · keys: within an object of the path · pass: a value beside it · array: between elements · element: within one · after: the text is complete */
  #state: "seek" | "keys" | "pass" | "array" | "element" | "after" = "seek";
  #texts = 0;
  /** Keys of the path that led here. */
  #level = 0;
  #depth = 0;
  #isSingle = false;
  #found = false;
  #keysSeen: string[] = [];

  constructor(name: string, path: readonly string[], visitor: ElementVisitor) {
    this.#name = name;
    this.#path = path;
    this.#visitor = visitor;
  }

  /** Whether at least one JSON text has come and none is open. */
  get isComplete(): boolean {
    return this.#state === "after";
  }

  /**
   * Takes the next token.
   * @throws SourceError when no array or object stands at the path
   */
  token(token: Token): void {
    if (this.#state === "after") {
      this.#state = "seek";
      this.#found = false;
      this.#texts++;
    }
    switch (this.#state) {
      case "element":
        this.#inElement(token);
        break;
      case "array":
        if (token.name === "endArray") this.#leave();
        else this.#inElement(token);
        break;
      case "seek":
        this.#seek(token);
        break;
      case "keys":
        this.#inKeys(token);
        break;
      case "pass":
        this.#depth += step(token);
        if (this.#depth === 0) this.#state = "keys";
        break;
    }
  }

  #inElement(token: Token): void {
    this.#state = "element";
    this.#visitor.token(token);
    this.#depth += step(token);
    if (this.#depth > 0 || token.name === "keyValue") return;
    this.#visitor.done();
    if (this.#isSingle) this.#leave();
    else this.#state = "array";
  }

  #seek(token: Token): void {
    const isTarget = this.#level === this.#path.length;
    if (token.name === "startObject" && !isTarget) {
      this.#state = "keys";
      if (!this.#found) this.#keysSeen = [];
    } else if (isTarget && (token.name === "startArray" || token.name === "startObject")) {
      this.#found = true;
      this.#isSingle = token.name === "startObject";
      this.#state = "array";
      if (this.#isSingle) this.#inElement(token);
    } else {
      const text = this.#texts === 0 ? "the text" : `its JSON text number ${this.#texts + 1}`;
      const where = this.#level === 0 ? text : `"${this.#path.slice(0, this.#level).join(".")}"`;
      const wanted = isTarget ? "an array of records or one object" : "an object";
      throw new SourceError(this.#name, `${where} must be ${wanted}, and is ${kindOf(token)}`, {
        hint: "Let json.records name the keys, dotted, that lead to the array of records.",
      });
    }
  }

  #inKeys(token: Token): void {
    if (token.name === "endObject") {
      this.#leave();
    } else if (token.name === "keyValue") {
      const isOnPath = token.value === this.#path[this.#level];
      if (isOnPath) this.#level++;
      else if (!this.#found && this.#keysSeen.length < 10) this.#keysSeen.push(token.value);
      this.#state = isOnPath ? "seek" : "pass";
    }
  }

  /** Leaves the array, the one object or an object of the path. */
  #leave(): void {
    this.#isSingle = false;
    if (this.#level > 0) {
      this.#level--;
      this.#state = "keys";
      return;
    }
    this.#state = "after";
    if (this.#found) return;
    const keys = this.#keysSeen.map((key) => `"${key}"`).join(", ");
    throw new SourceError(
      this.#name,
      `has nothing at json.records: ${this.#path.join(".")}; keys there: ${keys || "none"}`,
      {
        hint: "Let json.records name the keys, dotted, that lead to the array of records.",
      },
    );
  }
}

function step(token: Token): number {
  switch (token.name) {
    case "startObject":
    case "startArray":
      return 1;
    case "endObject":
    case "endArray":
      return -1;
    default:
      return 0;
  }
}

function kindOf(token: Token): string {
  switch (token.name) {
    case "startArray":
      return "an array";
    case "startObject":
      return "an object";
    case "stringValue":
      return "text";
    case "numberValue":
      return "a number";
    case "nullValue":
      return "null";
    default:
      return "true or false";
  }
}

/** The path of keys to the records. */
export function recordsPath(records: string | undefined): readonly string[] {
  return records === undefined ? [] : records.split(".");
}
