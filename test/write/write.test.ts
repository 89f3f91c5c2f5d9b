import { describe, expect, it } from "vitest";
import type { Batch, Mode, Write } from "../../src/entity.js";
import { fixedWidth } from "../../src/recipes/run/control.js";
import { outcomeOf } from "../../src/recipes/stages/books.js";
import type { Reply } from "../../src/reply.js";
import type { Verdict } from "../../src/verdict.js";
import { batchWrites } from "../../src/write/batch.js";
import { type WriteIo, writeBatches } from "../../src/write/write.js";
import { entity, iterate, write } from "../support/entities.js";

type Verdicts = Reply<readonly Verdict[]>;

const created = ({ writes }: Batch): Verdicts => ({
  is: "done",
  status: 200,
  body: writes.map(() => ({ is: "created" })),
});
const refused = (status: number): Verdicts => ({
  ...{ is: "refused", status, error: "invalid_request", message: "pattern", request: "POST", body: {}, attempts: 1 },
});
const ids = (batch: Batch): string => batch.writes.map(({ entity: e }) => e.key.identifier).join("");

function batches(names: string, size: number, mode: Mode = "merge"): AsyncIterable<Batch> {
  const writes = [...names].map((name) => write(entity(name, { relations: { owner: "t" } }), { mode }));
  return batchWrites(iterate([writes]), size);
}

function recorder(send: (batch: Batch) => Promise<Verdicts>, more: Partial<WriteIo> = {}) {
  const settled: [Write, Verdict][] = [];
  const sending = new Map<string, Batch>();
  const io: WriteIo = {
    target: {
      rules: { blueprints: new Map(), createMissing: false },
      upsert: (_, items) => send(sending.get(items.join()) as Batch),
      lookUp: async () => new Map(),
      serverNow: () => undefined,
    },
    books: {
      sending: async (batch) => void sending.set(batch.writes.map(({ entity: { json } }) => json).join(), batch),
      settled: async (verdicts) => {
        settled.push(...verdicts);
      },
    },
    width: fixedWidth(4),
    sleep: async () => undefined,
    ...more,
  };
  const verdicts = () =>
    Object.fromEntries(settled.map(([w, verdict]) => [w.entity.key.identifier, outcomeOf(w, verdict)]));
  return { io, settled, verdicts };
}

describe("writeBatches", () => {
  it("never has more requests in flight than the width, and takes no batch before one may start", async () => {
    let inFlight = 0;
    let most = 0;
    let taken = 0;
    let sent = 0;
    async function* counted() {
      for await (const batch of batches("abcdefghij", 1)) {
        taken++;
        expect(taken - sent).toBeLessThanOrEqual(2);
        yield batch;
      }
    }
    const { io, settled } = recorder(
      async (batch) => {
        most = Math.max(most, ++inFlight);
        sent++;
        await new Promise((done) => setImmediate(done));
        inFlight--;
        return created(batch);
      },
      { width: fixedWidth(3) },
    );
    await writeBatches(counted(), io);
    expect(most).toBe(3);
    expect(settled).toHaveLength(10);
  });

  it("writes one entity in the order of its writes, others meanwhile", async () => {
    const order: string[] = [];
    const waiting: (() => void)[] = [];
    const { io } = recorder(async (batch) => {
      order.push(`begin ${ids(batch)}`);
      await new Promise<void>((done) => waiting.push(done));
      order.push(`end ${ids(batch)}`);
      return created(batch);
    });
    const done = writeBatches(batches("abaca", 1), io);
    for (let n = 0; n < 50; n++) {
      await new Promise((next) => setImmediate(next));
      waiting.pop()?.();
    }
    await done;
    const ofA = order.filter((line) => line.endsWith(" a"));
    expect(ofA).toEqual(["begin a", "end a", "begin a", "end a", "begin a", "end a"]);
    expect(order.indexOf("begin b")).toBeLessThan(order.indexOf("end a"));
  });

  it("matches results by index", async () => {
    const { io, verdicts } = recorder(async () => ({
      is: "done",
      status: 207,
      body: [
        { is: "created" },
        {
          ...{ is: "refused", status: 422, error: "blueprint_schema_mismatch", message: '"tier" must be number' },
          traceId: "t1",
        },
        { is: "updated" },
        { is: "refused", status: 404, error: "not_found", message: "no t" },
        { is: "refused", status: 409, error: "identifier_taken", message: "taken" },
      ],
    }));
    await writeBatches(batches("abcde", 20, "create"), io);
    expect(verdicts()).toMatchObject({
      a: { is: "created" },
      b: { is: "rejected", reject: { code: "refused_by_api", status: 422, traceId: "t1", identifier: "b" } },
      c: { is: "updated" },
      d: { is: "deferred", waiting: [] },
      e: { is: "rejected", reject: { code: "already_exists", status: 409 } },
    });
  });

  it("halves a request that is too large down to the entity at fault", async () => {
    const sent: string[] = [];
    const { io, verdicts } = recorder(async (batch) => {
      sent.push(ids(batch));
      return ids(batch).includes("c") ? refused(413) : created(batch);
    });
    await writeBatches(batches("abcde", 20), io);
    expect(sent).toEqual(["abcde", "abc", "ab", "c", "de"]);
    expect(verdicts()).toMatchObject({
      a: { is: "created" },
      c: { is: "rejected", reject: { code: "entity_too_large", status: 413 } },
      e: { is: "created" },
    });
  });

  it("isolates an entity that makes the API refuse the whole request", async () => {
    const { io, verdicts } = recorder(async (batch) => (ids(batch).includes("b") ? refused(422) : created(batch)));
    await writeBatches(batches("abc", 20), io);
    expect(Object.values(verdicts()).map(({ is }) => is)).toEqual(["created", "rejected", "created"]);
  });

  it("stops at the first error, after the requests in flight are settled", async () => {
    const { io, settled } = recorder(
      async (batch) => {
        if (ids(batch) === "b") throw new Error("gone");
        await new Promise((done) => setImmediate(done));
        return created(batch);
      },
      { width: fixedWidth(2) },
    );
    await expect(writeBatches(batches("abcdef", 1), io)).rejects.toThrow("gone");
    expect(settled.map(([w]) => w.entity.key.identifier)).toEqual(["a"]);
  });

  it("settles what is in flight when the batches break off, and then throws what broke them", async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((done) => {
      release = done;
    });
    async function* broken() {
      yield* batches("ab", 1);
      setImmediate(release);
      throw new Error("the source broke off");
    }
    let failures = 0;
    const { io, settled } = recorder(
      async (batch) => {
        await released;
        return created(batch);
      },
      { onFailure: () => failures++ },
    );
    await expect(writeBatches(broken(), io)).rejects.toThrow("the source broke off");
    expect(settled).toHaveLength(2);
    expect(failures).toBe(1);
  });

  it("starts nothing more once aborted, and settles what is in flight", async () => {
    const stop = new AbortController();
    const { io, settled } = recorder(
      async (batch) => {
        if (ids(batch) === "b") stop.abort();
        await new Promise((done) => setImmediate(done));
        return created(batch);
      },
      { width: fixedWidth(2), signal: stop.signal },
    );
    await writeBatches(batches("abcdef", 1), io);
    expect(settled.map(([w]) => w.entity.key.identifier)).toEqual(["a", "b"]);
  });

  it("keeps the bodies in flight under 32 MiB", async () => {
    let bytes = 0;
    let most = 0;
    const { io } = recorder(
      async (batch) => {
        bytes += batch.bytes;
        most = Math.max(most, bytes);
        await new Promise((done) => setImmediate(done));
        bytes -= batch.bytes;
        return created(batch);
      },
      { width: fixedWidth(256) },
    );
    const title = "x".repeat(900_000);
    async function* large() {
      for (let i = 0; i < 50; i++) yield* batchWrites(iterate([[write(entity(`e${i}`, { title }))]]), 20);
    }
    await writeBatches(large(), io);
    expect(most).toBeGreaterThan(25_000_000);
    expect(most).toBeLessThanOrEqual(32 * 1024 * 1024);
  });
});
