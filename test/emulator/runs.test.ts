import { describe, expect, it } from "vitest";
import { type Session, startOfTime, startSession } from "./session.js";

const at = new Date(startOfTime).toISOString();
const action = {
  identifier: "deploy",
  title: "Deploy",
  trigger: { type: "self-service", operation: "DAY-2", blueprintIdentifier: "service" },
  invocationMethod: { type: "KAFKA" },
};

async function startRun(session: Session, input: object = { properties: { version: "1" } }): Promise<string> {
  await session.call("POST", "/v1/actions", action);
  const reply = await session.call("POST", "/v1/actions/deploy/runs", input);
  expect([reply.status, reply.body.run.status]).toEqual([202, "IN_PROGRESS"]);
  return reply.body.run.id as string;
}

describe("actions", () => {
  it("are created, shown, replaced, renamed and deleted", async () => {
    const { call } = await startSession();
    expect((await call("GET", "/v1/actions/deploy")).status).toBe(404);
    expect((await call("POST", "/v1/actions", action)).body).toEqual({ ok: true, action });
    expect((await call("POST", "/v1/actions", action)).status).toBe(409);
    const renamed = { ...action, identifier: "ship" };
    expect((await call("PUT", "/v1/actions/deploy", renamed)).body).toEqual({ ok: true, action: renamed });
    expect((await call("GET", "/v1/actions")).body).toEqual({ ok: true, actions: [renamed] });
    await call("POST", "/v1/actions", action);
    expect((await call("GET", "/v1/actions/deploy")).body).toEqual({ ok: true, action });
    expect((await call("PUT", "/v1/actions/ship", action)).status).toBe(409);
    expect((await call("DELETE", "/v1/actions/ship")).body).toEqual({ ok: true });
    expect((await call("GET", "/v1/actions/ship")).status).toBe(404);
    expect((await call("POST", "/v1/actions", { identifier: "x" })).status).toBe(422);
    expect((await call("PUT", "/v1/actions/deploy", { identifier: "x" })).status).toBe(422);
  });
});

describe("runs of an action", () => {
  it("are in progress until they say how they ended, then stay as they are", async () => {
    const session = await startSession();
    const { call } = session;
    await call("POST", "/v1/blueprints/service/entities", { identifier: "s" });
    const id = await startRun(session, { properties: {}, entity: "s" });
    const change = {
      status: "SUCCESS",
      statusLabel: "done",
      link: "https://ci.example/1",
      summary: "ok",
      externalRunId: "x1",
    };
    const reply = await call("PATCH", `/v1/actions/runs/${id}?version=v1`, change);
    expect(reply.status).toBe(200);
    const run = {
      id,
      blueprint: { identifier: "service" },
      entity: { identifier: "s" },
      action: { identifier: "deploy", title: "Deploy" },
      payload: { type: "KAFKA" },
      properties: {},
      source: "API",
      requiredApproval: false,
      ...change,
      link: ["https://ci.example/1"],
      createdBy: "portload",
      createdAt: at,
      updatedAt: at,
      endedAt: at,
    };
    expect(reply.body).toEqual({ ok: true, run });
    expect((await call("GET", "/v1/actions/runs/x1")).body).toEqual({ ok: true, run });
    expect((await call("GET", "/v1/actions/runs")).body).toEqual({ ok: true, runs: [run] });
    const again = await call("PATCH", `/v1/actions/runs/${id}`, { status: "FAILURE" });
    expect([again.status, again.body.error]).toEqual([422, "run_exhausted"]);
  });

  it("keep a log, whose last line may end them", async () => {
    const session = await startSession();
    const { call } = session;
    const logs = `/v1/actions/runs/${await startRun(session)}/logs`;
    const reply = await call("POST", logs, { message: "half way" });
    expect([reply.status, reply.body.runLog.message, reply.body.runLog.createdAt]).toEqual([201, "half way", at]);
    await call("POST", logs, { message: "broken", terminationStatus: "FAILURE", statusLabel: "no disk" });
    const listed = (await call("GET", logs)).body.runLogs as { message: string }[];
    expect(listed.map(({ message }) => message)).toEqual(["half way", "broken"]);
    expect((await call("POST", logs, { message: "more" })).body.error).toBe("run_exhausted");
    expect((await call("POST", logs, {})).status).toBe(422);
    expect((await call("GET", "/v1/actions/runs")).body.runs[0]).toMatchObject({
      status: "FAILURE",
      statusLabel: "no disk",
    });
  });

  it.each([
    ["POST", "/v1/actions/none/runs", { properties: {} }, 404],
    ["POST", "/v1/actions/deploy/runs", { properties: {}, entity: "none" }, 404],
    ["POST", "/v1/actions/deploy/runs", {}, 422],
    ["GET", "/v1/actions/runs/none", undefined, 404],
    ["PATCH", "/v1/actions/runs/none", {}, 404],
    ["PATCH", "/v1/actions/runs/none", { status: "DONE" }, 422],
    ["PATCH", "/v1/actions/runs/none?version=v3", {}, 422],
    ["GET", "/v1/actions/runs/none/logs", undefined, 404],
    ["POST", "/v1/actions/runs/none/logs", { message: "m" }, 404],
    ["PUT", "/v1/actions/none", action, 404],
    ["DELETE", "/v1/actions/none", undefined, 404],
  ] as const)("%s %s with %j is refused with %i", async (method, path, body, status) => {
    const { call } = await startSession();
    await call("POST", "/v1/actions", action);
    expect((await call(method, path, body)).status).toBe(status);
  });
});

describe("writes in the name of a run", () => {
  it("are found in the audit log by the run", async () => {
    const session = await startSession();
    const { call } = session;
    const id = await startRun(session);
    const service = "/v1/blueprints/service/entities";
    await call("POST", `${service}?run_id=${id}`, { identifier: "a" });
    await call("POST", `${service}?upsert=true`, { identifier: "a", title: "A" });
    await call("PATCH", `${service}/a?run_id=${id}`, { title: "B" });
    await call("POST", `${service}/bulk?run_id=${id}`, { entities: [{ identifier: "b" }] });
    await call("DELETE", `${service}/b?run_id=${id}`);
    const audits = async (query: string) =>
      ((await call("GET", `/v1/audit-log?${query}`)).body.audits as { action: string; context: object }[]).map(
        ({ action: deed, context }) => [deed, context],
      );
    const context = (entity: string) => ({ blueprint: "service", entity, runId: id });
    expect(await audits(`resources=entity&run_id=${id}&includes=context`)).toEqual([
      ["DELETE", context("b")],
      ["CREATE", context("b")],
      ["UPDATE", context("a")],
      ["CREATE", context("a")],
    ]);
    expect(await audits("entity=a")).toHaveLength(3);
    expect(await audits("action=DELETE&blueprint=service")).toEqual([["DELETE", context("b")]]);
    expect(await audits("limit=2")).toHaveLength(2);
    expect(await audits("resources=blueprint")).toEqual([]);
    expect(await audits("run_id=other")).toEqual([]);
  });

  it("keeps no more than the last thousand of the others", async () => {
    const { call } = await startSession();
    for (let page = 0; page < 51; page++) {
      const entities = Array.from({ length: 20 }, (_, i) => ({ identifier: `e${page * 20 + i}` }));
      await call("POST", "/v1/blueprints/service/entities/bulk", { entities });
    }
    const { audits } = (await call("GET", "/v1/audit-log?limit=5000")).body as {
      audits: { context: { entity: string } }[];
    };
    expect([audits.length, audits[0]?.context.entity, audits.at(-1)?.context.entity]).toEqual([1000, "e1019", "e20"]);
  });

  const writes = [
    ["POST", "/v1/blueprints/service/entities", { identifier: "b" }],
    ["POST", "/v1/blueprints/service/entities/bulk", { entities: [{ identifier: "b" }] }],
    ["PUT", "/v1/blueprints/service/entities/a", {}],
    ["PATCH", "/v1/blueprints/service/entities/a", {}],
    ["DELETE", "/v1/blueprints/service/entities/a", undefined],
    ["POST", "/v1/blueprints/service/bulk/entities/delete", { entities: ["a"] }],
    ["DELETE", "/v1/blueprints/owned/all-entities", undefined],
  ] as const;

  it.each(writes)("%s %s is refused once the run has ended", async (method, path, body) => {
    const session = await startSession();
    const { call, emulator } = session;
    await call("POST", "/v1/blueprints/service/entities", { identifier: "a" });
    const id = await startRun(session);
    await call("PATCH", `/v1/actions/runs/${id}`, { status: "SUCCESS" });
    const reply = await call(method, `${path}?run_id=${id}`, body);
    expect([reply.status, reply.body.error]).toEqual([400, "run_exhausted"]);
    expect(emulator.store.entities("service").map(({ identifier, writes: count }) => [identifier, count])).toEqual([
      ["a", 1],
    ]);
  });

  it.each(writes)(
    "%s %s is refused for a run that does not exist, or not, as the reading says",
    async (method, path, body) => {
      const strict = await startSession();
      await strict.call("POST", "/v1/blueprints/service/entities", { identifier: "a" });
      expect((await strict.call(method, `${path}?run_id=none`, body)).status).toBe(404);
      const lenient = await startSession({ readings: { unknownRun: "accept" } });
      await lenient.call("POST", "/v1/blueprints/service/entities", { identifier: "a" });
      expect((await lenient.call(method, `${path}?run_id=none`, body)).status).toBeLessThan(300);
    },
  );

  it("may say which event of Ocean they come from", async () => {
    const { call } = await startSession();
    const path = "/v1/blueprints/service/entities";
    const good = `${path}?ocean_info_event_type=resync&ocean_info_resync_id=1`;
    expect((await call("POST", good, { identifier: "a" })).status).toBe(201);
    expect((await call("POST", `${path}?ocean_info_event_type=other`, { identifier: "b" })).status).toBe(422);
  });
});
