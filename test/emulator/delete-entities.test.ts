import { describe, expect, it } from "vitest";
import type { Readings } from "../../src/emulator/emulator-options.js";
import { type Session, startSession } from "./session.js";

const services = "/v1/blueprints/service/entities";
const bulkDelete = "/v1/blueprints/service/bulk/entities/delete";

// a ← b (optional, many), a ← d (required)
async function withDependents(options?: Parameters<typeof startSession>[0]): Promise<Session> {
  const session = await startSession(options);
  await session.call("POST", services, { identifier: "a" });
  await session.call("POST", services, { identifier: "b", relations: { uses: ["a"] } });
  const deployment = { identifier: "d", properties: { version: "1" }, relations: { service: "a" } };
  await session.call("POST", "/v1/blueprints/deployment/entities", deployment);
  return session;
}

describe("deleting", () => {
  it("refuses to delete what an entity requires, and deletes dependents too when asked to", async () => {
    const { call, emulator } = await withDependents();
    const reply = await call("DELETE", `${services}/a?delete_dependents=false`);
    expect([reply.status, reply.body.error]).toEqual([403, "has_dependents"]);
    expect(reply.body.message).toContain("delete_dependents=true");
    expect((await call("DELETE", `${services}/a?delete_dependents=true`)).body).toEqual({ ok: true });
    expect([emulator.store.count("service"), emulator.store.count("deployment")]).toEqual([0, 0]);
  });

  it("unsets optional relations to what is deleted", async () => {
    const { call, emulator } = await withDependents();
    await call("DELETE", "/v1/blueprints/deployment/entities/d", undefined, { "content-type": "application/json" });
    expect((await call("DELETE", `${services}/a`)).status).toBe(200);
    expect(emulator.store.entity("service", "b")?.relations).toEqual({ uses: [] });
    expect((await call("DELETE", `${services}/a`)).status).toBe(404);
  });

  it("blocks on any relation, answers 422, leaves relations dangling under the other readings", async () => {
    const { call } = await withDependents({ readings: { dependents: "any", dependentsStatus: 422 } });
    await call("DELETE", "/v1/blueprints/deployment/entities/d");
    expect((await call("DELETE", `${services}/a`)).status).toBe(422);
    const dangling = await withDependents({ readings: { deletedTarget: "dangling" } });
    await dangling.call("DELETE", "/v1/blueprints/deployment/entities/d");
    await dangling.call("DELETE", `${services}/a`);
    expect(dangling.emulator.store.entity("service", "b")?.relations).toEqual({ uses: ["a"] });
  });

  it("deletes many at once, leaving out unknown ids, or none at all", async () => {
    const { call, emulator } = await withDependents();
    const refused = await call("POST", bulkDelete, { entities: ["b", "a"] });
    expect([refused.status, emulator.store.count("service")]).toEqual([403, 2]);
    const reply = await call("POST", `${bulkDelete}?delete_dependents=true`, { entities: ["b", "none", "a", "b"] });
    expect([reply.status, reply.body]).toEqual([200, { ok: true, maxBulkSize: 100, deletedEntities: ["b", "a"] }]);
    const strict = await withDependents({ readings: { deleteUnknown: "reject" } });
    expect((await strict.call("POST", bulkDelete, { entities: ["b", "none"] })).status).toBe(404);
  });

  it.each([[[]], [Array.from({ length: 101 }, (_, i) => `e${i}`)], [[7]]])("refuses the list %j", async (entities) => {
    const { call } = await startSession();
    const reply = await call("POST", bulkDelete, { entities });
    expect([reply.status, reply.body.error]).toEqual([422, "invalid_request"]);
  });

  it("deletes all as a migration that is polled until it is completed", async () => {
    const { call, emulator } = await startSession();
    const owned = "/v1/blueprints/inherited";
    for (const identifier of ["a", "b"]) await call("POST", `${owned}/entities`, { identifier });
    const reply = await call("DELETE", `${owned}/all-entities?delete_blueprint=true`);
    expect([reply.status, reply.body]).toEqual([200, { ok: true, migrationId: reply.body.migrationId }]);
    const poll = async () => (await call("GET", `/v1/migrations/${reply.body.migrationId as string}`)).body.migration;
    expect((await poll()).status).toBe("RUNNING");
    expect(await poll()).toEqual({
      id: reply.body.migrationId,
      actor: "portload",
      sourceBlueprint: "inherited",
      mapping: {},
      status: "COMPLETED",
      deleteBlueprint: true,
      deleteEntities: true,
      successCount: 2,
      failureCount: 0,
    });
    expect(emulator.store.blueprints().map((b) => b.identifier)).not.toContain("inherited");
    expect((await call("GET", "/v1/migrations/none")).status).toBe(404);
  });

  it("deletes nothing when the blueprint may not go with its entities", async () => {
    const { call, emulator } = await startSession();
    for (const identifier of ["a", "b"]) await call("POST", "/v1/blueprints/owned/entities", { identifier });
    const pointing = { identifier: "i", relations: { owned: "a" } };
    await call("POST", "/v1/blueprints/inherited/entities", pointing);
    const reply = await call("DELETE", "/v1/blueprints/owned/all-entities?delete_blueprint=true");
    expect([reply.status, reply.body.error]).toEqual([403, "has_dependents"]);
    expect(emulator.store.count("owned")).toBe(2);
    expect(emulator.store.entity("inherited", "i")?.relations.owned).toBe("a");
  });

  const inherited = "/v1/blueprints/inherited";
  async function startDeletion(readings: Partial<Readings>) {
    const session = await startSession({ readings });
    for (const identifier of ["a", "b"]) await session.call("POST", `${inherited}/entities`, { identifier });
    const started = await session.call("DELETE", `${inherited}/all-entities?delete_blueprint=true`);
    expect(started.status).toBe(200);
    const poll = async () =>
      (await session.call("GET", `/v1/migrations/${started.body.migrationId as string}`)).body.migration;
    return { ...session, poll };
  }

  it("keeps entities and blueprint until the migration ends under the reading deletionVisible: end", async () => {
    const { call, emulator, poll } = await startDeletion({ deletionVisible: "end", migrationPolls: 2 });
    for (const _ of [1, 2]) {
      expect(await poll()).toMatchObject({ status: "RUNNING", successCount: 0 });
      expect(emulator.store.count("inherited")).toBe(2);
    }
    await call("DELETE", `${inherited}/entities/b`);
    expect(await poll()).toMatchObject({ status: "COMPLETED", successCount: 1, failureCount: 0 });
    expect(emulator.store.blueprints().map((b) => b.identifier)).not.toContain("inherited");
    expect(await poll()).toMatchObject({ status: "COMPLETED", successCount: 1 });
  });

  it("ends such a migration as a failure when the blueprint has got new entities meanwhile", async () => {
    const { call, emulator, poll } = await startDeletion({ deletionVisible: "end", migrationPolls: 0 });
    await call("POST", `${inherited}/entities`, { identifier: "late" });
    expect(await poll()).toMatchObject({ status: "FAILURE", successCount: 2, failureCount: 0 });
    expect(emulator.store.entities("inherited").map((e) => e.identifier)).toEqual(["late"]);
  });

  it.each([
    ["FAILURE", 2],
    ["CANCELLED", 0],
  ] as const)("deletes nothing in a migration that ends as %s", async (migrationEnds, failureCount) => {
    const { emulator, poll } = await startDeletion({ migrationEnds });
    expect((await poll()).status).toBe("RUNNING");
    expect(await poll()).toMatchObject({ status: migrationEnds, successCount: 0, failureCount });
    expect(emulator.store.count("inherited")).toBe(2);
  });

  it.each([
    ["deployment", "either", 403],
    ["deployment", "incoming", 200],
    ["service", "either", 403],
    ["service", "own", 200],
    ["owned", "either", 200],
  ] as const)("delete all of %s under the reading %s answers %i", async (blueprint, deleteAllRefusedBy, status) => {
    const { call } = await startSession({ readings: { deleteAllRefusedBy } });
    const reply = await call("DELETE", `/v1/blueprints/${blueprint}/all-entities`);
    expect([reply.status, reply.body.error]).toEqual([status, status === 403 ? "has_dependents" : undefined]);
  });
});
