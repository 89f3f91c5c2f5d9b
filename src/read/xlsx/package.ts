import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { promisify } from "node:util";
import { SaxesParser } from "saxes";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { SourceError } from "../../errors.js";

/** What takes the elements of a part; names are without their prefix. */
export interface XmlVisitor {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  text(text: string): void;
  close(name: string): void;
}

const openZip = promisify<string, yauzl.Options, ZipFile>(yauzl.open);

/** The parts of a workbook's file, which is a zip archive. */
export class Package {
  readonly #name: string;
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(name: string, zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#name = name;
    this.#zip = zip;
    this.#entries = entries;
  }

  /** @param name - for messages @throws SourceError for a file that is not a whole zip archive */
  static async open(path: string, name: string): Promise<Package> {
    try {
      const zip = await openZip(path, { lazyEntries: true, autoClose: false });
      try {
        const entries = new Map<string, Entry>();
        for (const entry of await entriesOf(zip)) entries.set(entry.fileName.toLowerCase(), entry);
        return new Package(name, zip, entries);
      } catch (error) {
        zip.close();
        throw error;
      }
    } catch (error) {
      throw broken(name, error);
    }
  }

  close(): void {
    this.#zip.close();
  }

  has(part: string): boolean {
    return this.#entries.has(part.toLowerCase());
  }

  /** Reads a part through a visitor and yields to the event loop after each piece; nothing for a part that is not there. `onShare` gets the share that each piece is. */
  async *read(
    part: string,
    visitor: XmlVisitor,
    onShare?: (share: number) => void,
  ): AsyncGenerator<undefined, void, undefined> {
    const entry = this.#entries.get(part.toLowerCase());
    if (entry === undefined) return;
    const stream = await this.#open(entry);
    const parser = new SaxesParser({ position: false });
    parser.on("opentag", ({ name, attributes }) => visitor.open(local(name), attributes as Record<string, string>));
    parser.on("text", (text) => visitor.text(text));
    parser.on("cdata", (text) => visitor.text(text));
    parser.on("closetag", ({ name }) => visitor.close(local(name)));
    parser.on("error", (error) => {
      throw error;
    });
    const decoder = new StringDecoder("utf8");
    try {
      for await (const block of stream) {
        onShare?.((block as Buffer).length / entry.uncompressedSize);
        parser.write(decoder.write(block as Buffer));
        yield;
      }
      parser.write(decoder.end()).close();
    } catch (error) {
      throw broken(this.#name, error);
    } finally {
      stream.destroy();
    }
  }

  /** Reads a whole part. */
  async readAll(part: string, visitor: XmlVisitor): Promise<void> {
    for await (const _ of this.read(part, visitor));
  }

  async #open(entry: Entry): Promise<Readable> {
    try {
      return await promisify<Entry, Readable>(this.#zip.openReadStream.bind(this.#zip))(entry);
    } catch (error) {
      throw broken(this.#name, error);
    }
  }
}

function entriesOf(zip: ZipFile): Promise<readonly Entry[]> {
  return new Promise((done, fail) => {
    const entries: Entry[] = [];
    zip.on("entry", (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.on("end", () => done(entries));
    zip.on("error", fail);
    zip.readEntry();
  });
}

function local(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function broken(name: string, error: unknown): unknown {
  if (error instanceof SourceError || !(error instanceof Error)) return error;
  return new SourceError(name, `its workbook cannot be read: ${error.message}`, {
    hint: "Was the download or the export interrupted? Open it and save it again, or save the sheet as CSV UTF-8.",
    cause: error,
  });
}
