import { createReadStream } from "node:fs";
import type { Span } from "../record.js";
import { stateError } from "./state-error.js";

const blockBytes = 256 * 1024;
const lineFeed = 0x0a;

/**
 * Reads the complete lines of a UTF-8 file, or of a byte range of it, a block at a time; text after the last line feed is left out.
 *
 * @throws {StateError} when the file cannot be read
 */
export async function* readLines(path: string, range?: Span): AsyncGenerator<string[]> {
  if (range !== undefined && range.end <= range.start) return;
  // createReadStream counts its end inclusively
  const bounds = range === undefined ? {} : { start: range.start, end: range.end - 1 };
  let rest: Buffer[] = [];
  try {
    for await (const block of createReadStream(path, {
      ...bounds,
      highWaterMark: blockBytes,
    }) as AsyncIterable<Buffer>) {
      const last = block.lastIndexOf(lineFeed);
      if (last < 0) {
        rest.push(block);
        continue;
      }
      const whole = Buffer.concat([...rest, block.subarray(0, last)]);
      rest = last + 1 < block.length ? [block.subarray(last + 1)] : [];
      yield whole.toString("utf8").split("\n");
    }
  } catch (error) {
    throw stateError(path, error);
  }
}
