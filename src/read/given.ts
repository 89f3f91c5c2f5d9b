import { SourceError } from "../errors.js";
import { type GivenSource, isGone, isRecords } from "../given-source.js";
import { unwritable } from "./json-parse.js";

/** Bytes gathered before they are given on. */
const blockBytes = 64 * 1024;

/** What was given is read once: a second reading would find nothing, or half of it. */
const used = new WeakSet<object>();

/**
 * The bytes of what a program gave: records as NDJSON, text as it is.
 *
 * The next item is asked for only when the one before is used up. Ending early ends the iterable; a signal does so without waiting for it.
 *
 * @throws SourceError with code `source_read_once` for what was read before, or is gone with the program that gave it
 */
export async function* givenBytes(
  given: GivenSource,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  if (isGone(given)) throw goneError(name);
  const items = isRecords(given) ? given.records : given.text;
  if (typeof items === "string" || items instanceof Uint8Array) return yield Buffer.from(items as string);
  // A generator or a stream; what makes a new iterator each time can be read again.
  if ("next" in items || "readable" in items) {
    if (used.has(items)) throw isUsed(name);
    used.add(items);
  }
  yield* isRecords(given) ? recordLines(name, items, signal) : chunkBytes(name, items, signal);
}

/** Says that what a program gave is not there any more. */
export function goneError(name: string): SourceError {
  return new SourceError(name, "was given by a program, and the import stopped before it was read to its end", {
    code: "source_read_once",
    hint: "Give the same sources again, from their beginning: resume({ sources }); or start a new import.",
  });
}

function isUsed(name: string): SourceError {
  return new SourceError(name, "was read before: what a program gives as an iterable is read once", {
    code: "source_read_once",
    hint: "Make the generator or the stream again for each call; an array can be read again.",
  });
}

async function* chunkBytes(
  name: string,
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  let half = "";
  for await (const chunk of untilAborted(chunks, signal)) {
    if (typeof chunk === "string") {
      // A chunk may end within a character.
      const [, text = "", rest = ""] = /^(.*?)([\ud800-\udbff]?)$/s.exec(half + chunk) ?? [];
      half = rest;
      if (text !== "") yield Buffer.from(text);
    } else if (chunk instanceof Uint8Array) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    else throw new SourceError(name, `gives ${typeof chunk} where text or bytes are expected`, { hint: giveRecords });
  }
}

const giveRecords = "Give objects as { records } instead of { text, format }.";

async function* recordLines(
  name: string,
  records: AsyncIterable<unknown> | Iterable<unknown>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  // No record is not a fault; a file without a byte is one.
  let lines = "\n";
  let isFirst = true;
  try {
    for await (const record of untilAborted(records, signal)) {
      if (isFirst && (typeof record === "string" || record instanceof Uint8Array)) throw isText(name);
      lines = isFirst ? jsonLine(record) : lines + jsonLine(record);
      isFirst = false;
      if (lines.length < blockBytes) continue;
      yield Buffer.from(lines);
      lines = "";
    }
  } catch (error) {
    // What came before a failure is read, and reported.
    if (lines !== "" && signal?.aborted !== true) yield Buffer.from(lines);
    throw error;
  }
  if (lines !== "") yield Buffer.from(lines);
}

function isText(name: string): SourceError {
  return new SourceError(name, "gives text where records are expected", {
    hint: 'Say what the text is: { text, format: "csv" }.',
  });
}

/** A number that JSON lacks is written as such in the line, so that the record is rejected, and not changed. */
const notFinite = /"\\u0000(NaN|-?Infinity)"/g;

function jsonLine(record: unknown): string {
  try {
    const text = JSON.stringify(record, replaced) ?? "null";
    return `${text.includes("\\u0000") ? text.replace(notFinite, "$1") : text}\n`;
  } catch (error) {
    const [why = ""] = (error as Error).message.split("\n", 1);
    return `${JSON.stringify(`${unwritable}the record cannot be written as JSON: ${why}`)}\n`;
  }
}

function replaced(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return `\u0000${value}`;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== "object") return value;
  const given = (this as Readonly<Record<string, unknown>>)[key];
  if (given instanceof Date) return Number.isNaN(given.getTime()) ? "\u0000NaN" : value;
  if (given instanceof Uint8Array) return Buffer.from(given).toString("base64");
  if (given instanceof Map) return Object.fromEntries(given);
  return given instanceof Set ? [...given] : value;
}

/** Each item, until a signal ends the wait for the next one. */
async function* untilAborted<T>(
  items: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  if (!(Symbol.asyncIterator in items)) return yield* items;
  const iterator = items[Symbol.asyncIterator]();
  let interrupt: () => void = () => undefined;
  const onAbort = (): void => interrupt();
  signal?.addEventListener("abort", onAbort, { once: true });
  let isOver = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        interrupt = () => reject(signal?.reason);
        iterator.next().then(resolve, (error: unknown) => {
          isOver = true;
          reject(error);
        });
      });
      isOver = next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    if (!isOver) {
      const ended = Promise.resolve(iterator.return?.()).catch(() => undefined);
      // One that waits for its next item would not notice before that has come.
      if (signal?.aborted !== true) await ended;
    }
  }
}
