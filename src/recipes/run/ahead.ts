import { setImmediate as turn } from "node:timers/promises";

/**
 * Works on items while earlier ones are still worked on, at most `ahead` further; gives the results in the items' order, each as soon as it is there.
 * An item is taken only while work waits for something: what is done at once goes on item by item.
 *
 * @param onEarlyEnd - called where work is left when nobody wants more or something failed, so that items that are long in coming need not be waited for
 * @throws what `work` throws when its turn comes, what `items` throw after all that came before
 */
export async function* workAhead<A, B>(
  items: AsyncIterable<A>,
  ahead: number,
  work: (item: A) => Promise<B>,
  onEarlyEnd: () => void = () => undefined,
): AsyncGenerator<B> {
  const source = items[Symbol.asyncIterator]();
  const underWay: Promise<B>[] = [];
  let next: Promise<IteratorResult<A>> | undefined;
  const broken: { error?: unknown } = {};
  try {
    for (let ended = false; !ended || underWay.length > 0; ) {
      const [head] = underWay;
      const isDone = head !== undefined && (await isFirst(head, turn()));
      if (!isDone && !ended && underWay.length <= ahead) next ??= heard(source.next());
      if (head !== undefined && (isDone || next === undefined || (await isFirst(head, next)))) {
        underWay.shift();
        yield await head;
      } else if (next !== undefined) {
        const item = await next.catch((error: unknown) => {
          broken.error = error;
        });
        next = undefined;
        if (item === undefined || item.done === true) ended = true;
        else underWay.push(heard(work(item.value)));
      }
    }
  } finally {
    if (next !== undefined) onEarlyEnd();
    // An item that is on its way still comes, so that whoever makes it is not left in the middle.
    await next?.catch(() => undefined);
    await Promise.allSettled(underWay);
    await source.return?.();
  }
  if ("error" in broken) throw broken.error;
}

/** Told when its turn comes; until then a failure must not count as unhandled. */
function heard<T>(promise: Promise<T>): Promise<T> {
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
