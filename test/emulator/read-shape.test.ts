import { describe, expect, it } from "vitest";
import { startSession } from "./session.js";

const services = "/v1/blueprints/service/entities";

describe("what a read shows", () => {
  it.each(["include", "include[]", "include%5B%5D"])("is chosen by %s", async (include) => {
    const { call } = await startSession();
    await call("POST", services, { identifier: "a", title: "A", properties: { tier: "gold", replicas: 1 } });
    const shown = { identifier: "a", title: "A", properties: { tier: "gold" }, relations: {} };
    const query = `${include}=title&${include}=properties.tier`;
    expect((await call("GET", `${services}/a?${query}`)).body.entity).toEqual(shown);
    expect((await call("GET", `${services}?${query}`)).body.entities).toEqual([shown]);
    const all = { combinator: "and", rules: [] };
    expect((await call("POST", `/v1/entities/search?${query}`, all)).body.entities).toEqual([shown]);
    const exclude = include.replace("include", "exclude");
    const { entity } = (await call("GET", `${services}/a?${exclude}=title&${exclude}=properties.tier`)).body;
    expect(["title" in entity, "tier" in entity.properties, entity.properties.replicas]).toEqual([false, false, 1]);
  });

  it.each([
    ["null", null],
    ["identifier", "t"],
  ] as const)("has %s for the title of an entity without one, wherever titles show", async (titleOmitted, title) => {
    const { call } = await startSession({ readings: { titleOmitted } });
    await call("POST", "/v1/blueprints/team/entities", { identifier: "t", properties: { mail: "m" } });
    await call("POST", services, { identifier: "a", title: "A", relations: { team: "t" } });
    expect((await call("GET", "/v1/blueprints/team/entities/t")).body.entity.title).toBe(title);
    const { entity } = (await call("GET", `${services}/a?attach_title_to_relation=true`)).body;
    expect(entity.relations.team).toEqual({ identifier: "t", title });
    expect(entity.properties.teamName).toBe(title);
    const rules = [{ property: "$title", operator: "=", value: "t" }];
    const found = await call("POST", "/v1/blueprints/team/entities/search", { query: { combinator: "and", rules } });
    expect(found.body.entities).toHaveLength(title === null ? 0 : 1);
  });
});

describe("a merge of an object property", () => {
  it.each([
    ["key", { b: { x: 2 }, c: [3] }],
    ["deep", { a: 1, b: { x: 2, y: 1 }, c: [3] }],
  ] as const)("goes as deep as the reading mergeDepth: %s", async (mergeDepth, config) => {
    const { call } = await startSession({ readings: { mergeDepth } });
    const first = { a: 1, b: { x: 1, y: 1 }, c: [1, 2] };
    await call("POST", services, { identifier: "a", properties: { config: first, tier: "gold" } });
    const next = { identifier: "a", properties: { config: { b: { x: 2 }, c: [3] } } };
    const merged = await call("POST", `${services}?upsert=true&merge=true`, next);
    expect(merged.body.entity.properties).toEqual({ tier: "gold", language: "unknown", config });
    const over = await call("POST", `${services}?upsert=true`, next);
    expect(over.body.entity.properties).toEqual(next.properties);
  });
});
