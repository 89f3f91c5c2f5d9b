import { describe, expect, it } from "vitest";
import type { FaultScript } from "../../src/emulator/emulator-options.js";
import { blueprintOf, envOf, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

type Fault = FaultScript["faults"][number];

/** The first look at the entity finds nothing: the server is still at work. */
const notYet: Fault = {
  route: "entities",
  requests: 1,
  status: 404,
  body: '{"ok":false,"error":"not_found","message":"not yet"}',
};

/** What a creation comes to whose requests meet trouble. */
async function create(faults: readonly Fault[], { exists = false, name = ["a"] } = {}) {
  let earlierMs = 0;
  const emulator = await startCatalog({
    clock: () => Date.now() - earlierMs,
    blueprints: [blueprintOf("service", { schema: { properties: { size: { type: "number" } } } })],
    faults: { faults: [...faults] },
  });
  const run = (...more: string[]) => runInProcess(["entity", "create", "service", ...name, ...more], envOf(emulator));
  // The server's clock is in whole seconds, so what was made just before looks like what is made now.
  earlierMs = 60_000;
  if (exists) expect((await run("--property", "size=1")).code).toBe(0);
  earlierMs = 0;
  const { code, stdout, stderr } = await run("--property", "size=2");
  const held = emulator.store.entities("service").map(({ identifier, properties }) => [identifier, properties.size]);
  return { code, reply: stdout === "" ? undefined : JSON.parse(stdout), stderr, held };
}

describe("a creation whose answer is lost", () => {
  it("is reported as done where the entity is there since, and not sent again", async () => {
    const { code, reply, held } = await create([{ route: "single", requests: 1, drop: "after" }]);
    expect({ code, held }).toEqual({ code: 0, held: [["a", 2]] });
    expect(reply).toMatchObject({ ok: true, entity: { identifier: "a", properties: { size: 2 } } });
  });

  it("is sent again where the entity is not there", async () => {
    const { code, reply, held } = await create([{ route: "single", requests: 1, drop: "before" }]);
    expect({ code, held }).toEqual({ code: 0, held: [["a", 2]] });
    expect(reply).toMatchObject({ ok: true, entity: { identifier: "a" } });
  });

  it("is refused where the entity was there before", async () => {
    const faults: Fault[] = [{ route: "single", requests: 2, drop: "before" }];
    const { code, reply, held } = await create(faults, { exists: true });
    expect({ code, held }).toEqual({ code: 1, held: [["a", 1]] });
    expect(reply).toMatchObject({ ok: false, error: "identifier_taken" });
  });

  it("is reported as done where the server was still at work when it was looked for", async () => {
    const faults: Fault[] = [{ route: "single", requests: [1, 2], drop: "after" }];
    const { code, reply, held } = await create([...faults, notYet]);
    expect({ code, held }).toEqual({ code: 0, held: [["a", 2]] });
    expect(reply).toMatchObject({ ok: true, entity: { identifier: "a" } });
  });

  it("is reported as done where sending again finds it there", async () => {
    const { code, reply, held } = await create([{ route: "single", requests: 1, drop: "after" }, notYet]);
    expect({ code, held }).toEqual({ code: 0, held: [["a", 2]] });
    expect(reply).toMatchObject({ ok: true, entity: { identifier: "a" } });
  });

  it("stays an open question where nothing can be looked at", async () => {
    const refused = {
      route: "entities",
      status: 403,
      body: '{"ok":false,"error":"missing_permissions","message":"no"}',
    } as const;
    const { code, stderr } = await create([{ route: "single", requests: 1, drop: "after" }, refused]);
    expect(code).toBe(3);
    expect(stderr).toContain("the entity may have been written");
  });

  it("is an open question where the API makes up the identifier, and says how to answer it", async () => {
    const { code, reply, stderr } = await create([{ route: "single", requests: 1, drop: "before" }], { name: [] });
    expect({ code, reply }).toEqual({ code: 3, reply: undefined });
    expect(stderr).toMatch(
      /the answer was lost .*; the entity may have been written\n {2}Look with portload entity get/,
    );
  });
});
