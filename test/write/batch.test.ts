import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Batch, Write } from "../../src/entity.js";
import { batchWrites, maxBodyBytes, splitBatch } from "../../src/write/batch.js";
import { collect, entity, iterate, write } from "../support/entities.js";

const bodyOf = (batch: Batch): string => `{"entities":[${batch.writes.map(({ entity: e }) => e.json).join(",")}]}`;
const identifiers = (batch: Batch): string[] => batch.writes.map(({ entity: e }) => e.key.identifier);

describe("batchWrites", () => {
  it("closes a batch at 20 entities and the rest at the end, in order", async () => {
    const writes = Array.from({ length: 45 }, (_, i) => write(entity(`e${i}`)));
    const batches = await collect(batchWrites(iterate([writes.slice(0, 7), writes.slice(7)])));
    expect(batches.map((b) => b.writes.length)).toEqual([20, 20, 5]);
    expect(batches.flatMap(identifiers)).toEqual(writes.map((w) => w.entity.key.identifier));
  });

  it("closes a batch before 1 MiB of UTF-8", async () => {
    const title = "ü".repeat(200_000);
    const batches = await collect(
      batchWrites(iterate([["a", "b", "c", "d"].map((id) => write(entity(id, { title })))])),
    );
    expect(batches.map((b) => b.writes.length)).toEqual([2, 2]);
    for (const batch of batches) expect(Buffer.byteLength(bodyOf(batch))).toBe(batch.bytes);
  });

  it("gives an earlier write of an entity first, also in another mode", async () => {
    const writes = [
      { ...write(entity("a")), mode: "merge" as const },
      { ...write(entity("b")), mode: "override" as const },
      { ...write(entity("a")), mode: "override" as const },
    ];
    const batches = await collect(batchWrites(iterate([writes])));
    expect(batches.map((batch) => [batch.mode, identifiers(batch)])).toEqual([
      ["merge", ["a"]],
      ["override", ["b", "a"]],
    ]);
  });

  it("never holds a key twice", async () => {
    const batches = await collect(batchWrites(iterate([[write(entity("a")), write(entity("a")), write(entity("b"))]])));
    expect(batches.map(identifiers)).toEqual([["a"], ["a", "b"]]);
  });

  it("keeps blueprints and modes apart", async () => {
    const batches = await collect(
      batchWrites(
        iterate([
          [write(entity("a")), write(entity("a", { blueprint: "team" })), write(entity("b"), { mode: "override" })],
        ]),
      ),
    );
    expect(batches.map((b) => [b.blueprint, b.mode])).toEqual([
      ["service", "merge"],
      ["team", "merge"],
      ["service", "override"],
    ]);
  });

  it("holds its bounds and loses nothing for any writes", async () => {
    const anyWrite = fc
      .record({ id: fc.string({ minLength: 1, maxLength: 2 }), title: fc.integer({ min: 0, max: 400_000 }) })
      .map(({ id, title }) => write(entity(id, { title: "x".repeat(title) })));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(anyWrite, { maxLength: 30 }), { maxLength: 3 }), async (chunks) => {
        const batches = await collect(batchWrites(iterate<Write[]>(chunks)));
        for (const batch of batches) {
          expect(batch.writes.length).toBeLessThanOrEqual(20);
          expect(new Set(identifiers(batch)).size).toBe(batch.writes.length);
          expect(Buffer.byteLength(bodyOf(batch))).toBe(batch.bytes);
          expect(batch.bytes).toBeLessThanOrEqual(maxBodyBytes);
        }
        expect(batches.flatMap((b) => b.writes)).toEqual(chunks.flat());
      }),
      { numRuns: 30 },
    );
  });
});

describe("splitBatch", () => {
  it("gives two halves with their sizes", async () => {
    const [batch] = await collect(batchWrites(iterate([["a", "b", "c"].map((id) => write(entity(id)))])));
    const halves = splitBatch(batch as Batch);
    expect(halves.map(identifiers)).toEqual([["a", "b"], ["c"]]);
    for (const half of halves) expect(half.bytes).toBe(Buffer.byteLength(bodyOf(half)));
  });
});
