/** The beginning of a stream of blocks, looked at without being used up. */
export interface Peeked {
  /** The first bytes; fewer than asked for only where the stream ends or fails. */
  readonly head: Buffer;
  /** Every block from the first one on; an error that came while the head was read is thrown after the blocks before it. */
  readonly blocks: AsyncGenerator<Buffer, void, undefined>;
  /** Whether the stream ended within the head. */
  readonly isWhole: boolean;
  /** The error with which it did. */
  readonly failure?: { readonly error: unknown };
  /** Looks further, until `count` bytes are there; only before `blocks` is begun. */
  grow(count: number): Promise<Peeked>;
}

/** Reads blocks until `count` bytes are there. Closing `blocks` closes the stream, also before its first block was asked for. */
export async function peek(stream: AsyncIterable<Buffer>, count: number): Promise<Peeked> {
  const iterator = stream[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  const state: { isWhole: boolean; failure?: { readonly error: unknown } } = { isWhole: false };
  let length = 0;
  const look = async (wanted: number): Promise<void> => {
    try {
      while (length < wanted && !state.isWhole) {
        const { done, value } = await iterator.next();
        if (done === true) {
          state.isWhole = true;
          break;
        }
        first.push(value);
        length += value.length;
      }
    } catch (error) {
      state.isWhole = true;
      state.failure = { error };
    }
  };
  await look(count);
  const blocks = chained(first, state, iterator);
  // A generator that was never begun runs no `finally`; this one waits before its first block.
  await blocks.next();
  const peeked = (): Peeked => ({
    head: Buffer.concat(first),
    blocks,
    isWhole: state.isWhole && state.failure === undefined,
    ...(state.failure !== undefined && { failure: state.failure }),
    grow: async (wanted) => {
      await look(wanted);
      return peeked();
    },
  });
  return peeked();
}

async function* chained(
  first: readonly Buffer[],
  state: { readonly failure?: { readonly error: unknown } },
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield Buffer.alloc(0);
    yield* first;
    if (state.failure !== undefined) throw state.failure.error;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
