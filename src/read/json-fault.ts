import { none } from "stream-chain/defs.js";
import { jsonVerifier } from "stream-json/core/utils/verifier.js";

/** Where a JSON text is broken. */
export interface JsonFault {
  /** Bytes from the beginning of the source, its byte order mark counted. */
  readonly offset: number;
  /** Line and byte in it, from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * Finds the first fault of a JSON text, or undefined if there is none.
 *
 * The parser that reads records tells no position, so a broken source is gone through once more.
 *
 * @param blocks - the source's text
 * @param start - offset of its first byte
 */
export async function locateJsonFault(blocks: AsyncIterable<Buffer>, start: number): Promise<JsonFault | undefined> {
  const verify = jsonVerifier({ jsonStreaming: true }) as (text: string | typeof none) => unknown;
  try {
    for await (const block of blocks) {
      // One byte, one character: so the verifier counts bytes. Only strings hold bytes beyond ASCII, and any is fine there.
      verify(block.toString("latin1"));
    }
    verify(none);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error) || !("offset" in error && "line" in error && "pos" in error)) throw error;
    return {
      offset: Number(error.offset) + start,
      line: Number(error.line),
      column: Number(error.pos),
      message: plainMessage(error.message),
    };
  }
}

/** The parser's sentence without its name and position. */
export function plainMessage(message: string): string {
  return message
    .replace(/^ERROR at .*?\): /, "")
    .replace(/^(Parser|Verifier) cannot parse input: /, "")
    .replace(/^(Parser|Verifier) has expected /, "expected ");
}
