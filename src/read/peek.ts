/** The beginning of a stream of blocks, looked at without being used up. */
export interface Peeked {
  /** The first bytes; fewer than asked for only where the stream ends or fails. */
  readonly head: Buffer;
  /** Every block from the first one on; an error that came while the head was read is thrown after the blocks before it. */
  readonly blocks: AsyncGenerator<Buffer, void, undefined>;
  /** That error. */
  readonly failure?: { readonly error: unknown };
}

/** Reads blocks until `count` bytes are there. Closing `blocks` closes the stream, also before its first block was asked for. */
export async function peek(stream: AsyncIterable<Buffer>, count: number): Promise<Peeked> {
  const iterator = stream[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let failure: { error: unknown } | undefined;
  try {
    for (let length = 0; length < count; ) {
      const { done, value } = await iterator.next();
      if (done === true) break;
      first.push(value);
      length += value.length;
    }
  } catch (error) {
    failure = { error };
  }
  const blocks = chained(first, failure, iterator);
  // A generator that was never begun runs no `finally`; this one waits before its first block.
  await blocks.next();
  return { head: Buffer.concat(first), blocks, ...(failure !== undefined && { failure }) };
}

async function* chained(
  first: readonly Buffer[],
  failure: { readonly error: unknown } | undefined,
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield Buffer.alloc(0);
    yield* first;
    if (failure !== undefined) throw failure.error;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
