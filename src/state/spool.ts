import { maxChunkBytes, maxChunkRecords } from "../chunk.js";
import { Entity, type EntityBody } from "../entity.js";
import type { Deferred } from "../outcome.js";
import type { Place } from "../record.js";
import { type AppendFile, openAppendFile, readLines } from "./files.js";

/** How an item is written as one line of text, without line feeds, and read back. */
export interface Codec<T> {
  readonly encode: (item: T) => string;
  readonly decode: (line: string) => T;
}

/** Items that wait on disk. Memory holds at most 256 KiB and one chunk of them. */
export interface Spool<T> {
  /** Adds items of one source. Wait for it: it slows down a caller that is faster than the disk. @throws {StateError} */
  append(source: number, items: readonly T[]): Promise<void>;
  /** The sources that have items, in the order of the command line. */
  sources(): readonly number[];
  /** Gives a source's items in the order they were added, at most 1,000 and about 1 MiB at a time. @throws {StateError} */
  drain(source: number): AsyncGenerator<T[]>;
  /** Closes the file; nothing can be added or drained afterwards. @throws {StateError} */
  close(): Promise<void>;
}

const bufferBytes = 256 * 1024;

interface Range {
  start: number;
  end: number;
}

/** Makes a spool over a file of its own, which appears with the first item. */
export function openSpool<T>(path: string, codec: Codec<T>): Spool<T> {
  let file: Promise<AppendFile> | undefined;
  let waiting: string[] = [];
  let waitingBytes = 0;
  let end = 0;
  const ranges = new Map<number, Range[]>();

  async function flush(): Promise<void> {
    const text = waiting.join("");
    waiting = [];
    waitingBytes = 0;
    file ??= openAppendFile(path);
    // an empty text waits for the writes under way
    await (await file).append(text);
  }

  function extend(source: number, bytes: number): void {
    const known = ranges.get(source) ?? [];
    const last = known.at(-1);
    if (last?.end === end) last.end += bytes;
    else known.push({ start: end, end: end + bytes });
    ranges.set(source, known);
    end += bytes;
  }

  return {
    async append(source, items) {
      if (items.length === 0) return;
      let text = "";
      for (const item of items) text += `${codec.encode(item)}\n`;
      const bytes = Buffer.byteLength(text);
      extend(source, bytes);
      waiting.push(text);
      waitingBytes += bytes;
      if (waitingBytes >= bufferBytes) await flush();
    },
    sources: () => [...ranges.keys()].sort((a, b) => a - b),
    async *drain(source) {
      const known = ranges.get(source);
      if (known === undefined) return;
      await flush();
      yield* inChunks(path, known, codec.decode);
    },
    async close() {
      await (await file)?.close();
    },
  };
}

async function* inChunks<T>(path: string, ranges: readonly Range[], decode: (line: string) => T): AsyncGenerator<T[]> {
  let chunk: T[] = [];
  let length = 0;
  for (const range of ranges) {
    for await (const lines of readLines(path, range)) {
      for (const line of lines) {
        chunk.push(decode(line));
        length += line.length;
        if (chunk.length < maxChunkRecords && length < maxChunkBytes) continue;
        yield chunk;
        chunk = [];
        length = 0;
      }
    }
  }
  if (chunk.length > 0) yield chunk;
}

/** An entity as a line of a spool; its body is the text that will be sent, not encoded again. */
export const entityCodec: Codec<Entity> = {
  encode(entity) {
    const { at, span, resource, item, key, bytes, json, clears, before, mode, rejected, parts } = entity;
    const more = [clears, before, mode, rejected, parts];
    const isPlain = more.every((part) => part === undefined);
    const place = at.line === undefined ? [at.source, at.position] : [at.source, at.position, at.line];
    const head = JSON.stringify([
      place,
      span === undefined ? null : [span.start, span.end],
      resource,
      item,
      [key.blueprint, key.identifier],
      bytes,
      // As text, so that no key of it can be taken for the body's.
      ...(isPlain ? [] : [JSON.stringify({ clears, before, mode, rejected, parts })]),
    ]);
    return `{"head":${head}${bodyStart}${json}}`;
  },
  decode(line) {
    const { head, body } = JSON.parse(line) as { head: SpoolHead; body: EntityBody };
    const [[source, position, lineOfRecord], span, resource, item, [blueprint, identifier], bytes, more] = head;
    const at: Place = lineOfRecord === undefined ? { source, position } : { source, position, line: lineOfRecord };
    // a quote within a JSON text is always escaped, so the first match is the key of the body
    const json = line.slice(line.indexOf(bodyStart) + bodyStart.length, -1);
    return new Entity({
      at,
      span: span === null ? undefined : { start: span[0], end: span[1] },
      resource,
      item,
      key: { blueprint, identifier },
      json,
      bytes,
      relations: body.relations,
      ...(more !== undefined && (JSON.parse(more) as MoreFields)),
    });
  },
};

/** An entity whose relations, or which itself, waits for the second write, as a line of a spool. */
export const deferredCodec: Codec<Deferred> = {
  encode({ entity, first, waiting }) {
    return `${JSON.stringify({ first, waiting })}\t${entityCodec.encode(entity)}`;
  },
  decode(line) {
    // JSON escapes tabs, so the first one is ours
    const tab = line.indexOf("\t");
    const wait = JSON.parse(line.slice(0, tab)) as Omit<Deferred, "entity" | "is">;
    return { is: "deferred", entity: entityCodec.decode(line.slice(tab + 1)), ...wait };
  },
};

type SpoolHead = [
  at: [source: number, position: number, line?: number],
  span: [start: number, end: number] | null,
  resource: number,
  item: number,
  key: [blueprint: string, identifier: string],
  bytes: number,
  more?: string,
];

/** What few entities have. */
type MoreFields = Pick<Entity, "clears" | "before" | "mode" | "rejected" | "parts">;

const bodyStart = ',"body":';
