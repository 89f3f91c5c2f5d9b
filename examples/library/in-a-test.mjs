/** A test of one's own Port integration against a catalog that lives as long as the test: `node --test in-a-test.mjs`. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startEmulator } from "portload/emulator";
import { syncServers } from "./from-postgres.mjs";

/** @type {import("portload/emulator").Emulator} */
let port;

before(async () => {
  port = await startEmulator({
    limits: "off",
    blueprints: [
      { identifier: "person", title: "Person", schema: { properties: {} } },
      {
        identifier: "server",
        title: "Server",
        schema: { properties: { cpus: { type: "number" }, createdAt: { type: "string", format: "date-time" } } },
        relations: { owner: { target: "person", many: false, required: false } },
      },
    ],
  });
});
after(() => port.close());

test("rows become servers, and a second night writes nothing", async () => {
  const row = { id: 7, name: "web-7", cpus: 8, created_at: new Date("2026-01-02T03:04:05Z"), owner_id: null };
  const rows = async function* () {
    yield row;
  };
  const first = await syncServers(rows(), port.env);
  assert.equal(first.entities.created, 1);
  assert.deepEqual(port.store.entity("server", "7")?.properties, { cpus: 8, createdAt: "2026-01-02T03:04:05.000Z" });

  const second = await syncServers(rows(), port.env);
  assert.equal(second.entities.unchanged, 1);
  assert.equal(port.store.writes("server", "7"), 1);
});

test("a row that Port would refuse is a reject, and the others are written", async () => {
  const rows = [
    { id: 8, name: "web-8", cpus: "many", created_at: null, owner_id: null },
    { id: 9, name: "web-9", cpus: 4, created_at: null, owner_id: null },
  ];
  const report = await syncServers(
    (async function* () {
      yield* rows;
    })(),
    port.env,
  );
  assert.deepEqual(
    report.rejects.map(({ code, path, count }) => ({ code, path, count })),
    [{ code: "wrong_type", path: "properties.cpus", count: 1 }],
  );
  assert.equal(port.store.count("server"), 2);
});
