import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";

/** Look-ups in the catalog under way beyond the one whose turn it is: at a round trip of a second, one at a time would slow down everything. */
export const lookUpsAhead = 3;

/** Most entities in one look-up. */
export const lookedUpAtOnce = 1000;

/** Longest wait for a further chunk of a look-up, in milliseconds: a source that stalls must not hold back what it gave. */
const patienceMs = 50;

/** Joins short chunks into ones that are worth a look-up, as far as they arrive in quick succession. */
export async function* gathered<T>(chunks: AsyncIterable<readonly T[]>): AsyncGenerator<readonly T[]> {
  const source = chunks[Symbol.asyncIterator]();
  let next = awaitedLater(source.next());
  try {
    for (let first = await next; first.done !== true; first = await next) {
      const group = [...first.value];
      next = awaitedLater(source.next());
      while (await isSoon(next)) {
        // A failure is thrown after what came before.
        const more = await next.catch(() => undefined);
        if (more === undefined || more.done === true || group.length + more.value.length > lookedUpAtOnce) break;
        group.push(...more.value);
        next = awaitedLater(source.next());
      }
      yield group;
    }
  } finally {
    await next.catch(() => undefined);
    await source.return?.();
  }
}

async function isSoon(promise: Promise<unknown>): Promise<boolean> {
  const patience = new AbortController();
  const isFirstOf = await isFirst(promise, delay(patienceMs, undefined, { signal: patience.signal }));
  patience.abort();
  return isFirstOf;
}

/**
 * Works on items while earlier ones are still worked on, at most `ahead` further; gives the results in the items' order, each as soon as it is ready.
 * An item is taken only while work waits for something: synchronous work is given item by item. Where nobody wants more, or work failed, an item that
 * is under way is still waited for: whoever makes `work` fail ends what makes the items.
 *
 * @throws what `work` throws when its turn comes, what `items` throw after all that came before
 */
export async function* workAhead<A, B>(
  items: AsyncIterable<A>,
  ahead: number,
  work: (item: A) => Promise<B>,
): AsyncGenerator<B> {
  const source = items[Symbol.asyncIterator]();
  const underWay: Promise<B>[] = [];
  let next: Promise<IteratorResult<A>> | undefined;
  const broken: { error?: unknown } = {};
  try {
    for (let ended = false; !ended || underWay.length > 0; ) {
      const [head] = underWay;
      const isDone = head !== undefined && (await isFirst(head, turn()));
      if (!isDone && !ended && underWay.length <= ahead) next ??= awaitedLater(source.next());
      if (head !== undefined && (isDone || next === undefined || (await isFirst(head, next)))) {
        underWay.shift();
        yield await head;
      } else if (next !== undefined) {
        const item = await next.catch((error: unknown) => {
          broken.error = error;
        });
        next = undefined;
        if (item === undefined || item.done === true) ended = true;
        else underWay.push(awaitedLater(work(item.value)));
      }
    }
  } finally {
    // So that whoever makes it is not left in the middle.
    await next?.catch(() => undefined);
    await Promise.allSettled(underWay);
    await source.return?.();
  }
  if ("error" in broken) throw broken.error;
}

/** A failure is thrown in its turn; until then it must not count as unhandled. */
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Whether a promise is settled before another, whichever way. */
function isFirst(promise: Promise<unknown>, other: Promise<unknown>): Promise<boolean> {
  return Promise.race([answered(promise, true), answered(other, false)]);
}

function answered(promise: Promise<unknown>, answer: boolean): Promise<boolean> {
  return promise.then(
    () => answer,
    () => answer,
  );
}

/** Parts items by a key, keys in the order of their first item. */
export function groupBy<K, T>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
