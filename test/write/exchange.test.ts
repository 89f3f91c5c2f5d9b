import { describe, expect, it } from "vitest";
import type { Batch, FoundEntity, Mode, Write } from "../../src/entity.js";
import { outcomeOf } from "../../src/recipes/stages/books.js";
import type { Reply } from "../../src/reply.js";
import type { Verdict } from "../../src/verdict.js";
import { batchWrites } from "../../src/write/batch.js";
import { type BatchTarget, type ExchangeIo, exchangeBatch } from "../../src/write/write.js";
import { entity, iterate, write } from "../support/entities.js";

const second = 1000;
const sentAtMs = Date.UTC(2026, 0, 1);
const at = (seconds: number) => new Date(sentAtMs + seconds * second).toISOString();

type Found = Readonly<Record<string, Partial<FoundEntity>>>;

/** A server that answers in turn, and a catalog to read back from. */
async function exchange(
  replies: readonly (Partial<Record<string, Verdict>> | Reply<readonly Verdict[]>)[],
  options: { found?: Found | ((requests: number) => Found); mode?: Mode; names?: string; serverNow?: number } = {},
) {
  const { mode = "merge", names = "ab", found = {} } = options;
  const writes = [...names].map((name) => write(entity(name, { properties: { p: 1 } }), { mode }));
  const sent: string[] = [];
  const asked: string[] = [];
  const slept: number[] = [];
  const settled: [Write, Verdict][] = [];
  const target: BatchTarget = {
    rules: { blueprints: new Map(), createMissing: false },
    async upsert(_, items) {
      const ids = items.map((item) => JSON.parse(item).identifier as string);
      const reply = replies[sent.push(ids.join("")) - 1] ?? {};
      if ("is" in reply) return reply as Reply<readonly Verdict[]>;
      const body = ids.map((id) => (reply as Record<string, Verdict>)[id] ?? unknown);
      return { is: "done", status: 207, sentAtMs, body };
    },
    async lookUp(_, identifiers) {
      asked.push(identifiers.join(""));
      const now = typeof found === "function" ? found(sent.length) : found;
      const held = identifiers.flatMap((id) => (now[id] ? [{ identifier: id, ...now[id] } as FoundEntity] : []));
      return new Map(held.map((each) => [each.identifier, each]));
    },
    serverNow: () => options.serverNow,
  };
  const io: ExchangeIo = {
    target,
    books: {
      sending: async () => undefined,
      settled: async (verdicts) => void settled.push(...verdicts),
    },
    sleep: async (ms) => void slept.push(ms),
  };
  for await (const batch of batchWrites(iterate([writes]))) await exchangeBatch(batch as Batch, io);
  const verdicts = settled.map(([one, verdict]) => {
    const end = outcomeOf(one, verdict);
    return [one.entity.key.identifier, end.is === "rejected" ? end.reject.code : end.is];
  });
  return { sent, asked, slept, verdicts: Object.fromEntries(verdicts), count: verdicts.length };
}

const unknown: Verdict = { is: "unknown" };
const created: Verdict = { is: "created" };
const refused = (status: number): Verdict => ({ is: "refused", status, error: "e", message: "m" });
const lost: Reply<never> = { is: "lost", cause: "ECONNRESET", attempts: 1, sentAtMs };
const refusal = (status: number): Reply<never> => ({
  ...{ is: "refused", status, error: "invalid_request", message: "no", request: "POST", body: {}, attempts: 1 },
});
const ours = { createdAt: at(0), updatedAt: at(0), properties: { p: 1 } };

describe("entities of which a reply says nothing", () => {
  it("are settled by what the catalog holds, without being sent again", async () => {
    const found = { b: ours, c: { createdAt: at(-60), updatedAt: at(0), properties: { p: 1, other: true } } };
    expect(await exchange([{ a: created }], { names: "abc", found })).toEqual({
      sent: ["abc"],
      asked: ["bc"],
      slept: [],
      verdicts: { a: "created", b: "created", c: "updated" },
      count: 3,
    });
  });

  it("are sent again when they are not there, or hold something else", async () => {
    const found = { b: { createdAt: at(-60), updatedAt: at(-60), properties: { p: 0 } } };
    const replies = [lost, { a: created, b: { is: "updated" } }] as const;
    expect(await exchange(replies, { found })).toMatchObject({
      sent: ["ab", "ab"],
      verdicts: { a: "created", b: "updated" },
      count: 2,
    });
  });

  it("are rejected at last when neither replies nor catalog ever show it", async () => {
    const { sent, verdicts, count, slept } = await exchange([], {});
    expect(sent).toEqual(["ab", "ab", "ab", "ab", "ab", "ab"]);
    expect(verdicts).toEqual({ a: "no_verdict", b: "no_verdict" });
    expect([count, slept]).toEqual([2, [1000, 2000, 4000, 8000]]);
  });

  it("count as written at last when the catalog changed what was sent", async () => {
    const found = { a: { ...ours, properties: { p: "1.0" } } };
    expect((await exchange([], { names: "a", found })).verdicts).toEqual({ a: "created" });
  });

  it("of an override must have been changed since, even when they hold what was sent", async () => {
    const found = { a: { ...ours, createdAt: at(-60), updatedAt: at(-60) } };
    const replies = [lost, { a: { is: "updated" } }] as const;
    expect(await exchange(replies, { names: "a", mode: "override", found })).toMatchObject({ sent: ["a", "a"] });
  });
});

describe("mode create after a lost reply", () => {
  it("takes an entity as its own when it was not created before the attempt, else as existing", async () => {
    const found = { a: ours, b: { ...ours, createdAt: at(-1) } };
    expect(await exchange([lost], { mode: "create", found })).toMatchObject({
      sent: ["ab"],
      verdicts: { a: "created", b: "already_exists" },
    });
  });

  it("sends again only what is not there, and knows its own when that clashes after all", async () => {
    const found = (requests: number) => (requests > 1 ? { b: ours } : {});
    const replies = [lost, { b: refused(409) }] as const;
    expect(await exchange(replies, { names: "b", mode: "create", found })).toMatchObject({
      sent: ["b", "b"],
      verdicts: { b: "created" },
    });
  });

  it("takes a clash without a lost reply as what it is, unasked", async () => {
    const { asked, verdicts } = await exchange([{ a: created, b: refused(409) }], {
      mode: "create",
      found: { b: ours },
    });
    expect([asked, verdicts]).toEqual([[], { a: "created", b: "already_exists" }]);
  });
});

describe("mode create against a clock that is wrong", () => {
  const year = 365 * 24 * 3600;

  it("does not take what was there with other content for its own, though the server's clock is 10 years behind", async () => {
    const found = { a: { createdAt: at(10 * year), properties: { p: 0 } } };
    const { sent, verdicts } = await exchange([lost], {
      names: "a",
      mode: "create",
      found,
      serverNow: sentAtMs + second,
    });
    expect([sent, verdicts]).toEqual([["a"], { a: "already_exists" }]);
  });

  it("knows its own by what it holds, where the dates of entities come from another clock", async () => {
    const found = { a: { ...ours, createdAt: at(10 * year) } };
    const options = { names: "a", mode: "create", found, serverNow: sentAtMs + second } as const;
    expect((await exchange([lost], options)).verdicts).toEqual({ a: "created" });
  });
});

describe("a fault of a single entity", () => {
  it("that passes is sent again after a growing pause, without its neighbours", async () => {
    const replies = [{ a: created, b: refused(500) }, { b: refused(503) }, { b: created }];
    expect(await exchange(replies)).toMatchObject({ sent: ["ab", "b", "b"], slept: [500, 1000], count: 2 });
  });

  it("that stays is a reject in the end", async () => {
    const { sent, verdicts } = await exchange(Array(9).fill({ a: refused(500) }), { names: "a" });
    expect([sent.length, verdicts]).toEqual([6, { a: "refused_by_api" }]);
  });
});

describe("a request that is refused as a whole", () => {
  it("is halved down to the entity at fault", async () => {
    const refuse = refusal(422);
    const ok = { a: created, b: created, c: created, d: created };
    const replies = [refuse, ok, refuse, ok, refuse];
    expect(await exchange(replies, { names: "abcd" })).toMatchObject({
      sent: ["abcd", "ab", "cd", "c", "d"],
      verdicts: { a: "created", b: "created", c: "created", d: "refused_by_api" },
    });
  });

  it("for its size is halved down to the entity that is too large", async () => {
    const replies = [refusal(413), { a: created }, refusal(413)];
    expect((await exchange(replies)).verdicts).toEqual({ a: "created", b: "entity_too_large" });
  });
});
