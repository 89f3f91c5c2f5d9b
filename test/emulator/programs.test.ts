import { describe, expect, it } from "vitest";
import { startOfTime, startSession } from "./session.js";

/** Routes by which programs take runs, read the order of a blueprint's entities, and hand entities to another program. */

describe("runs that an integration executes", () => {
  const invocationMethod = { type: "INTEGRATION_ACTION", installationId: "ours", integrationActionType: "dispatch" };
  const claim = { installationId: "ours", limit: 2, visibilityTimeoutMs: 1000 };

  async function withRuns() {
    let now = startOfTime;
    const session = await startSession({ clock: () => now });
    const { call } = session;
    await call("POST", "/v1/actions", { identifier: "go", trigger: {}, invocationMethod });
    await call("POST", "/v1/actions", { identifier: "web", trigger: {}, invocationMethod: { type: "WEBHOOK" } });
    const start = async (action: string) =>
      String((await call("POST", `/v1/actions/${action}/runs`, { properties: {} })).body.run.id);
    const runs = [await start("go"), await start("go"), await start("go")];
    await start("web");
    const claimed = async (body: object = claim) =>
      (await call("POST", "/v1/actions/runs/claim-pending", body)).body.runs.map((run: { id: string }) => run.id);
    return { ...session, runs, claimed, wait: (ms: number) => (now += ms) };
  }

  it("are claimed once each while they are hidden, in order, and only by whom they are for", async () => {
    const { claimed, runs } = await withRuns();
    expect(await claimed({ ...claim, installationId: "other" })).toEqual([]);
    expect(await claimed({ ...claim, exclude: ["go"] })).toEqual([]);
    expect(await claimed()).toEqual(runs.slice(0, 2));
    expect(await claimed()).toEqual(runs.slice(2));
    expect(await claimed()).toEqual([]);
  });

  it("come again when the time is over, unless they were acknowledged or have ended", async () => {
    const { call, claimed, runs, wait } = await withRuns();
    await claimed({ ...claim, limit: 9 });
    const ack = { runId: runs[0] };
    expect((await call("PATCH", "/v1/actions/runs/ack", ack)).status).toBe(200);
    expect((await call("PATCH", "/v1/actions/runs/ack", ack)).status).toBe(409);
    expect((await call("PATCH", "/v1/actions/runs/ack", { runId: "none" })).status).toBe(404);
    await call("PATCH", `/v1/actions/runs/${runs[1]}`, { status: "SUCCESS" });
    wait(999);
    expect(await claimed()).toEqual([]);
    wait(1);
    expect(await claimed()).toEqual([runs[2]]);
  });

  it("show how they are invoked, and are found by what they belong to", async () => {
    const { call, runs } = await withRuns();
    await call("PATCH", `/v1/actions/runs/${runs[0]}`, { externalRunId: "gh_1" });
    await call("PATCH", `/v1/actions/runs/${runs[2]}`, { status: "FAILURE" });
    const found = async (query: string) => (await call("GET", `/v1/actions/runs?${query}`)).body.runs;
    expect((await found("external_run_id=gh_1"))[0]).toMatchObject({ id: runs[0], payload: invocationMethod });
    expect(await found("external_run_id=gh_2")).toEqual([]);
    expect((await found("action=go&active=true")).map((run: { id: string }) => run.id)).toEqual(runs.slice(0, 2));
    expect(await found("action=go&limit=1")).toHaveLength(1);
    expect(await found("entity=none")).toEqual([]);
  });

  it("are refused without their fields; of workflows there are none", async () => {
    const { call } = await startSession();
    expect((await call("POST", "/v1/actions/runs/claim-pending", {})).status).toBe(422);
    expect((await call("PATCH", "/v1/actions/runs/ack", {})).status).toBe(422);
    expect((await call("POST", "/v1/workflows/runs/claim-pending", {})).status).toBe(422);
    expect((await call("PATCH", "/v1/workflows/runs/ack", {})).status).toBe(422);
    expect((await call("POST", "/v1/workflows/runs/claim-pending", claim)).body).toEqual({ ok: true, nodeRuns: [] });
    expect((await call("GET", "/v1/workflows/nodes/runs")).body).toEqual({ ok: true, nodeRuns: [] });
    expect((await call("PATCH", "/v1/workflows/runs/ack", { nodeRunIdentifier: "n" })).status).toBe(404);
  });
});

it("says which actions the credentials may run", async () => {
  const { call } = await startSession();
  await call("POST", "/v1/actions", { identifier: "go", trigger: {}, invocationMethod: {} });
  expect((await call("GET", "/v1/auth/permissions?action_version=v2")).body.permissions).toEqual([
    "execute:actions:go",
  ]);
});

describe("the first entities of a blueprint in an order", () => {
  const path = "/v1/blueprints/deployment/entities/top-search";

  it("are those with the least or the greatest value; without one they come last", async () => {
    const { call } = await startSession();
    await call("POST", "/v1/blueprints/service/entities", { identifier: "s" });
    for (const [identifier, title] of [
      ["b", "2"],
      ["c", undefined],
      ["a", "10"],
    ]) {
      const relations = { service: "s" };
      await call("POST", "/v1/blueprints/deployment/entities", {
        identifier,
        title,
        properties: { version: "1" },
        relations,
      });
    }
    const top = async (body: object) =>
      (await call("POST", path, body)).body.entities.map((entity: { identifier: string }) => entity.identifier);
    expect(await top({})).toEqual(["b", "c", "a"]);
    expect(await top({ sort: { property: "$title" } })).toEqual(["a", "b", "c"]);
    expect(await top({ sort: { property: "$title", order: "desc" }, limit: 2 })).toEqual(["b", "a"]);
    const rules = [{ property: "$identifier", operator: "!=", value: "a" }];
    expect(await top({ query: { combinator: "and", rules }, sort: { property: "$createdAt" } })).toEqual(["b", "c"]);
  });

  it("want a known blueprint and a valid body", async () => {
    const { call } = await startSession();
    expect((await call("POST", path.replace("deployment", "none"), {})).status).toBe(404);
    expect((await call("POST", path, { sort: {} })).status).toBe(422);
    expect((await call("POST", path, { query: { combinator: "and", rules: [{ operator: "?" }] } })).status).toBe(422);
  });
});

describe("entities that go from one program to another", () => {
  it("are those of the new one's, and the blueprints show it", async () => {
    const { call } = await startSession();
    const [old, ours] = ["port/github/v1.0.0/12", "port-ocean/github-ocean/1/ours/exporter"];
    await call("POST", "/v1/integration", { installationId: "ours", installationAppType: "github-ocean" });
    for (const identifier of ["a", "b"])
      await call("POST", "/v1/blueprints/service/entities", { identifier }, { "user-agent": old });
    const context = { installationId: "ours", integrationType: "github-ocean" };
    const sources = async () => (await call("GET", "/v1/data-sources")).body.dataSources;
    expect(await sources()).toEqual([{ type: "integration", context, blueprints: [] }]);
    const path = "/v1/blueprints/service/datasource/bulk";
    const reply = await call("PATCH", path, { entitiesIdentifiers: ["a", "none"], datasource: ours });
    expect([reply.status, reply.body]).toEqual([200, { ok: true }]);
    expect((await sources())[0].blueprints).toEqual([{ identifier: "service" }]);
    const search = async (value: string) => {
      const rules = [{ property: "$datasource", operator: "contains", value }];
      const found = await call("POST", "/v1/blueprints/service/entities/search", {
        query: { combinator: "and", rules },
      });
      return found.body.entities.map((entity: { identifier: string }) => entity.identifier);
    };
    expect([await search("port/github"), await search("github-ocean")]).toEqual([["b"], ["a"]]);
  });

  it("want a known blueprint, a list and a program", async () => {
    const { call } = await startSession();
    const body = { entitiesIdentifiers: [], datasource: "x" };
    expect((await call("PATCH", "/v1/blueprints/none/datasource/bulk", body)).status).toBe(404);
    expect((await call("PATCH", "/v1/blueprints/service/datasource/bulk", { datasource: "x" })).status).toBe(422);
  });
});
