import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { SourceError } from "../../errors.js";

/**
 * A stdin that is piped a second time, because its first reader stopped before its end: gives its bytes as they are, as long as they begin with those
 * that came the first time.
 *
 * @param before - path of the copy of what came the first time
 * @throws {SourceError} from the stream, where it differs or ends before
 */
export function pipedAgain(stdin: Readable, before: string): Readable {
  return Readable.from(compared(stdin, before));
}

async function* compared(stdin: Readable, before: string): AsyncGenerator<Buffer> {
  const copy = createReadStream(before);
  const expected = copy[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let isOver = false;
  try {
    for await (const block of stdin as AsyncIterable<Buffer>) {
      let at = 0;
      while (!isOver && at < block.length) {
        if (rest.length === 0) {
          const next = await expected.next();
          isOver = next.done === true;
          rest = isOver ? rest : next.value;
          continue;
        }
        const length = Math.min(rest.length, block.length - at);
        if (!rest.subarray(0, length).equals(block.subarray(at, at + length))) throw differs(offset + at);
        rest = rest.subarray(length);
        at += length;
      }
      offset += block.length;
      yield block;
    }
    if (!isOver && (rest.length > 0 || (await expected.next()).done !== true)) throw differs(offset);
  } finally {
    copy.destroy();
  }
}

function differs(offset: number): SourceError {
  return new SourceError("stdin", `is not what the import read before: it differs at or before byte ${offset}`, {
    hint: "Pipe the same data again, from its beginning, or start a new import.",
    offset,
  });
}
