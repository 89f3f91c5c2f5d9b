import { describe, expect, it } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/emulator.js";
import { startSession } from "./session.js";

const bulk = "/v1/blueprints/service/entities/bulk";
const notFound = { statusCode: 404, error: "not_found" };
const noTeam = { ...notFound, message: 'Entity with identifier "x" does not exist in the blueprint "team"' };

describe("bulk upserts", () => {
  it("answers 200 with who was created and who was updated, by index", async () => {
    const { call, emulator } = await startSession();
    await call("POST", "/v1/blueprints/service/entities", { identifier: "b", title: "B" });
    const entities = [{ identifier: "a" }, { identifier: "b", properties: { replicas: 2 } }];
    const reply = await call("POST", `${bulk}?upsert=true&merge=true`, { entities });
    expect([reply.status, reply.body]).toEqual([
      200,
      {
        ok: true,
        maxBulkSize: 20,
        entities: [
          { identifier: "a", index: 0, created: true },
          { identifier: "b", index: 1, created: false },
        ],
        errors: [],
      },
    ]);
    expect(emulator.store.entity("service", "b")?.title).toBe("B");
    await call("POST", `${bulk}?upsert=true`, { entities });
    expect(emulator.store.entity("service", "b")?.title).toBe(null);
    expect(emulator.store.writes("service", "b")).toBe(3);
  });

  it("answers 207 when some fail, each with the single route's code, and keeps the others", async () => {
    const { call, emulator } = await startSession();
    await call("POST", "/v1/blueprints/service/entities", { identifier: "old" });
    const none = { combinator: "and", rules: [{ property: "tier", operator: "=", value: "gold" }] };
    const entities = [
      { identifier: "good" },
      { identifier: "old" },
      { identifier: "bad", properties: { replicas: "3" } },
      { identifier: "lost", relations: { team: "x" } },
      { identifier: none },
    ];
    const reply = await call("POST", bulk, { entities });
    expect([reply.status, reply.body]).toEqual([
      207,
      {
        ok: true,
        maxBulkSize: 20,
        entities: [{ identifier: "good", index: 0, created: true }],
        errors: [
          {
            identifier: "old",
            index: 1,
            statusCode: 409,
            error: "identifier_taken",
            message: 'Entity with identifier "old" already exists',
          },
          {
            identifier: "bad",
            index: 2,
            statusCode: 422,
            error: "blueprint_schema_mismatch",
            message: '"replicas" must be number',
          },
          { identifier: "lost", index: 3, ...noTeam },
          {
            identifier: "unknown",
            index: 4,
            ...notFound,
            message: 'No entity of the blueprint "service" matches the identifier query',
          },
        ],
      },
    ]);
    expect(emulator.store.entities("service").map((e) => e.identifier)).toEqual(["old", "good"]);
  });

  it("answers 207 when all fail, or 200 under the other reading; `ok` is false of a 207 only", async () => {
    const body = { entities: [{ identifier: "a", relations: { team: "x" } }] };
    const reply = { maxBulkSize: 20, entities: [], errors: [{ identifier: "a", index: 0, ...noTeam }] };
    const answered = async (readings: EmulatorOptions["readings"] = {}) => {
      const { status, body: reply } = await (await startSession({ readings })).call("POST", bulk, body);
      return [status, reply];
    };
    expect(await answered()).toEqual([207, { ok: true, ...reply }]);
    expect(await answered({ bulkPartialOk: false })).toEqual([207, { ok: false, ...reply }]);
    expect(await answered({ bulkAllFailed: 200, bulkPartialOk: false })).toEqual([200, { ok: true, ...reply }]);
  });

  it("lets an item point at one before it, not at one after it, and the same identifier twice updates", async () => {
    const { call } = await startSession();
    const entities = [
      { identifier: "early", relations: { uses: ["late"] } },
      { identifier: "late" },
      { identifier: "after", relations: { uses: ["late"] } },
      { identifier: "after", title: "T" },
    ];
    const reply = await call("POST", `${bulk}?upsert=true&merge=true`, { entities });
    expect(reply.body.entities).toEqual([
      { identifier: "late", index: 1, created: true },
      { identifier: "after", index: 2, created: true },
      { identifier: "after", index: 3, created: false },
    ]);
    expect(reply.body.errors.map((e: { index: number; statusCode: number }) => [e.index, e.statusCode])).toEqual([
      [0, 404],
    ]);
  });

  it("shows an item none of its call under the reading bulkVisibility: none", async () => {
    const { call } = await startSession({ readings: { bulkVisibility: "none" } });
    const entities = [{ identifier: "a" }, { identifier: "b", relations: { uses: ["a"] } }];
    expect((await call("POST", bulk, { entities })).status).toBe(207);
    expect((await call("POST", bulk, { entities: entities.slice(1) })).status).toBe(200);
  });

  const byTier = (value: string) => ({ combinator: "and", rules: [{ property: "tier", operator: "=", value }] });

  it("lets queries see items before theirs in the call, but not under the reading bulkVisibility: none", async () => {
    const entities = [
      { identifier: "a", properties: { tier: "gold" } },
      { identifier: "b", relations: { uses: byTier("gold") } },
      { identifier: byTier("gold"), title: "Found" },
    ];
    const likely = await startSession();
    expect((await likely.call("POST", `${bulk}?upsert=true&merge=true`, { entities })).status).toBe(200);
    expect(likely.emulator.store.entity("service", "b")?.relations.uses).toEqual(["a"]);
    expect(likely.emulator.store.entity("service", "a")?.title).toBe("Found");
    const { call, emulator } = await startSession({ readings: { bulkVisibility: "none" } });
    const reply = await call("POST", `${bulk}?upsert=true&merge=true`, { entities });
    expect([reply.status, reply.body.errors]).toEqual([207, [expect.objectContaining({ index: 2, ...notFound })]]);
    expect(emulator.store.entity("service", "b")?.relations.uses).toEqual([]);
    // What was there before the call is seen, the item itself included.
    const own = { entities: [{ identifier: "a", relations: { uses: byTier("gold") } }] };
    await call("POST", `${bulk}?upsert=true&merge=true`, own);
    expect(emulator.store.entity("service", "a")?.relations.uses).toEqual(["a"]);
  });

  it("fails the whole call for a query without its one match under the reading identifierQuery: call", async () => {
    const entities = [{ identifier: "a" }, { identifier: byTier("gold"), title: "Found" }];
    const { call, emulator } = await startSession({ readings: { identifierQuery: "call" } });
    const lost = await call("POST", `${bulk}?upsert=true&merge=true`, { entities });
    const message = 'No entity of the blueprint "service" matches the identifier query';
    expect([lost.status, lost.body]).toEqual([404, { ok: false, error: "not_found", message }]);
    expect(emulator.store.count("service")).toBe(0);
    await call("POST", "/v1/blueprints/service/entities", { identifier: "g", properties: { tier: "gold" } });
    expect((await call("POST", `${bulk}?upsert=true&merge=true`, { entities })).status).toBe(200);
    expect(emulator.store.entity("service", "g")?.title).toBe("Found");
  });

  it("refuses the second of the same identifier under the reading repeatedItem: reject", async () => {
    const { call, emulator } = await startSession({ readings: { repeatedItem: "reject" } });
    const entities = [{ identifier: "a", title: "1" }, { identifier: "a", title: "2" }, {}, {}];
    const reply = await call("POST", `${bulk}?upsert=true`, { entities });
    expect([reply.status, reply.body.entities.length, reply.body.errors]).toEqual([
      207,
      3,
      [expect.objectContaining({ identifier: "a", index: 1, statusCode: 422, error: "invalid_request" })],
    ]);
    expect(emulator.store.entity("service", "a")?.title).toBe("1");
  });

  const many = (count: number) => ({ entities: Array.from({ length: count }, (_, i) => ({ identifier: `e${i}` })) });
  it.each([
    ["no items", many(0), '"entities" must NOT have fewer than 1 items'],
    ["21 items", many(21), '"entities" must NOT have more than 20 items'],
    ["another key", { ...many(1), more: 1 }, '"body" must NOT have additional properties, additional property: "more"'],
    ["no entities", {}, `"body" must have required property 'entities'`],
    [
      "a title that is not text",
      { entities: [{ identifier: "a" }, { identifier: "b", title: 1 }] },
      '"entities/1/title" must be string,null',
    ],
  ])("refuses a call with %s as a whole", async (_what, body, message) => {
    const { call, emulator } = await startSession();
    const reply = await call("POST", `${bulk}?upsert=true`, body);
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "invalid_request", message }]);
    expect(emulator.store.count("service")).toBe(0);
  });

  it("refuses only the item that breaks the schema under the reading bulkSchema: item", async () => {
    const { call } = await startSession({ readings: { bulkSchema: "item" } });
    const reply = await call("POST", bulk, {
      entities: [{ identifier: "a" }, { identifier: "b c" }, { identifier: "d", title: 1 }, "x", null],
    });
    expect([reply.status, reply.body.errors.map((e: { index: number; error: string }) => [e.index, e.error])]).toEqual([
      207,
      [
        [1, "invalid_request"],
        [2, "invalid_request"],
        [3, "invalid_request"],
        [4, "invalid_request"],
      ],
    ]);
  });

  it("answers 404 for an unknown blueprint, 413 above 1 MiB, and stores nothing under validation_only", async () => {
    const { call, emulator } = await startSession();
    expect((await call("POST", "/v1/blueprints/none/entities/bulk", many(1))).status).toBe(404);
    expect((await call("POST", bulk, { entities: [{ identifier: "a", title: "x".repeat(1024 * 1024) }] })).status).toBe(
      413,
    );
    expect((await call("POST", `${bulk}?validation_only=true`, many(2))).status).toBe(200);
    expect(emulator.store.count("service")).toBe(0);
  });
});
