import { describe, expect, it } from "vitest";
import { startSession } from "./session.js";

const service = "/v1/blueprints/service";

describe("renaming what a blueprint has", () => {
  it("takes a property's values along, and its place among the required ones", async () => {
    const { call } = await startSession();
    await call("POST", "/v1/blueprints/team/entities", { identifier: "t", properties: { mail: "m" } });
    const reply = await call("PATCH", "/v1/blueprints/team/properties/mail/rename", { newPropertyName: "email" });
    expect([reply.status, reply.body.blueprint.schema]).toEqual([
      200,
      { properties: { email: { type: "string" } }, required: ["email"] },
    ]);
    expect((await call("GET", "/v1/blueprints/team/entities/t")).body.entity.properties).toEqual({ email: "m" });
    const renamed = await call("PATCH", "/v1/blueprints/team/entities/t", { properties: { mail: "n" } });
    expect([renamed.status, renamed.body.entity.properties]).toEqual([200, { email: "m" }]);
  });

  it("takes a relation's targets and the mirrors through it along", async () => {
    const { call } = await startSession();
    await call("POST", "/v1/blueprints/team/entities", { identifier: "t", title: "T", properties: { mail: "m" } });
    await call("POST", `${service}/entities`, { identifier: "s", relations: { team: "t" } });
    const reply = await call("PATCH", `${service}/relations/team/rename`, { newRelationIdentifier: "owner" });
    expect([reply.status, reply.body.blueprint.mirrorProperties.teamName.path]).toEqual([200, "owner.$title"]);
    const { entity } = (await call("GET", `${service}/entities/s`)).body;
    expect([entity.relations, entity.properties.teamName]).toEqual([{ owner: "t", uses: [] }, "T"]);
    await call("DELETE", "/v1/blueprints/team/entities/t");
    expect((await call("GET", `${service}/entities/s`)).body.entity.relations.owner).toBe(null);
  });

  it("gives a mirror property another name", async () => {
    const { call } = await startSession();
    await call("PATCH", service, { mirrorProperties: { other: { path: "team.mail" } } });
    expect((await call("PATCH", `${service}/mirror/teamName/rename`, { newMirrorName: "other" })).status).toBe(409);
    const reply = await call("PATCH", `${service}/mirror/teamName/rename`, { newMirrorName: "team-title" });
    expect([reply.status, Object.keys(reply.body.blueprint.mirrorProperties)]).toEqual([200, ["team-title", "other"]]);
  });

  it("lets inherited ownership follow its relation", async () => {
    const { call } = await startSession();
    const path = "/v1/blueprints/inherited/relations/owned/rename";
    const reply = await call("PATCH", path, { newRelationIdentifier: "owner" });
    expect(reply.body.blueprint.ownership).toEqual({ type: "Inherited", path: "owner" });
  });

  it.each([
    ["none/properties/tier/rename", { newPropertyName: "a" }, 404],
    ["service/properties/none/rename", { newPropertyName: "a" }, 404],
    ["service/properties/tier/rename", { newPropertyName: "live" }, 409],
    ["service/properties/tier/rename", { newPropertyName: "a b" }, 422],
    ["service/properties/tier/rename", {}, 422],
    ["none/mirror/teamName/rename", { newMirrorName: "a" }, 404],
    ["service/mirror/none/rename", { newMirrorName: "a" }, 404],
    ["service/mirror/teamName/rename", { other: "a" }, 422],
    ["service/relations/none/rename", { newRelationIdentifier: "a" }, 404],
    ["service/relations/team/rename", { newRelationIdentifier: "uses" }, 409],
    ["service/relations/team/rename", { newRelationIdentifier: "" }, 422],
  ])("refuses %s %j with %i", async (path, body, status) => {
    const { call } = await startSession();
    expect((await call("PATCH", `/v1/blueprints/${path}`, body)).status).toBe(status);
  });
});
