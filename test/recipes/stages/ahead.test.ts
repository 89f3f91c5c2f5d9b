import { describe, expect, it } from "vitest";
import { gathered, workAhead } from "../../../src/recipes/stages/ahead.js";

/** Work that waits until it is let go, by item. */
function held() {
  const waiting = new Map<number, () => void>();
  const begun: number[] = [];
  return {
    begun,
    work: (item: number) =>
      new Promise<number>((done) => {
        begun.push(item);
        waiting.set(item, () => done(item));
      }),
    letGo: (item: number) => waiting.get(item)?.(),
  };
}

async function* count(to: number, end: () => void = () => undefined): AsyncGenerator<number> {
  try {
    for (let item = 0; item < to; item++) yield item;
  } finally {
    end();
  }
}

/** Time enough for all that waits for nothing. */
async function turns(): Promise<void> {
  for (let n = 0; n < 50; n++) await new Promise((done) => setImmediate(done));
}

describe("workAhead", () => {
  it("works on so many further items, and gives results in order, whichever is done first", async () => {
    const { begun, letGo, work } = held();
    const results = workAhead(count(9), 2, work);
    const first = results.next();
    await turns();
    expect(begun).toEqual([0, 1, 2]);
    letGo(2);
    letGo(1);
    await turns();
    expect(begun).toEqual([0, 1, 2]);
    letGo(0);
    expect(await first).toEqual({ done: false, value: 0 });
    expect(await results.next()).toEqual({ done: false, value: 1 });
    expect(await results.next()).toEqual({ done: false, value: 2 });
  });

  it("gives a result at once although the next item is long in coming", async () => {
    const { letGo, work } = held();
    async function* slow() {
      yield 0;
      await new Promise(() => undefined);
    }
    const first = workAhead(slow(), 3, work).next();
    await turns();
    letGo(0);
    expect(await first).toEqual({ done: false, value: 0 });
  });

  it("takes no further item where the work is done at once", async () => {
    let taken = 0;
    async function* counted() {
      for await (const item of count(9)) {
        taken++;
        yield item;
      }
    }
    const results = workAhead(counted(), 3, async (item) => item);
    await results.next();
    await results.next();
    await turns();
    expect(taken).toBe(2);
  });

  it("gives what came before a fault of the items, then the fault", async () => {
    async function* broken() {
      yield* count(2);
      throw new Error("broke off");
    }
    const { letGo, work } = held();
    const results = workAhead(broken(), 3, work);
    const first = results.next();
    await turns();
    letGo(0);
    letGo(1);
    expect(await first).toEqual({ done: false, value: 0 });
    expect(await results.next()).toEqual({ done: false, value: 1 });
    await expect(results.next()).rejects.toThrow("broke off");
  });

  it("throws a fault of the work when its turn comes, and closes the items", async () => {
    let closed = false;
    const items = count(9, () => {
      closed = true;
    });
    const results = workAhead(items, 2, async (item) => {
      if (item === 1) throw new Error("no");
      return item;
    });
    expect(await results.next()).toEqual({ done: false, value: 0 });
    await expect(results.next()).rejects.toThrow("no");
    expect(closed).toBe(true);
  });

  it("closes the items when nobody wants more, after the work under way", async () => {
    let closed = false;
    const items = count(9, () => {
      closed = true;
    });
    for await (const item of workAhead(items, 2, async (each) => each)) if (item === 3) break;
    expect(closed).toBe(true);
  });
});

describe("gathered", () => {
  const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

  it("makes chunks of up to a thousand of shorter ones, in their order", async () => {
    async function* chunks() {
      for (let from = 0; from < 2300; from += 300) yield numbers(Math.min(300, 2300 - from), from);
    }
    const groups: (readonly number[])[] = [];
    for await (const group of gathered(chunks())) groups.push(group);
    expect(groups.map(({ length }) => length)).toEqual([900, 900, 500]);
    expect(groups.flat()).toEqual(numbers(2300));
  });

  it("gives what is there when the next chunk is long in coming", async () => {
    async function* chunks() {
      yield [1];
      yield [2];
      await new Promise(() => undefined);
    }
    expect(await gathered(chunks()).next()).toEqual({ done: false, value: [1, 2] });
  });

  it("gives what came before a fault, then the fault", async () => {
    async function* chunks() {
      yield [1];
      throw new Error("broke off");
    }
    const groups = gathered(chunks());
    expect(await groups.next()).toEqual({ done: false, value: [1] });
    await expect(groups.next()).rejects.toThrow("broke off");
  });
});
