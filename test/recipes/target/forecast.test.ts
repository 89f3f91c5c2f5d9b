import { describe, expect, it } from "vitest";
import { forecastTarget } from "../../../src/recipes/target/forecast.js";
import { createKeySet } from "../../../src/settle/keys.js";
import { blueprintOf } from "../../support/catalog.js";
import { entity } from "../../support/entities.js";
import { targetOf } from "../../support/run.js";

const service = blueprintOf("service", { relations: { owner: { target: "team" } } });
const flags = { mode: "merge", createMissing: false } as const;

/** A forecast of a catalog that holds the team t. */
function forecast() {
  const { target: api, sent } = targetOf({
    rules: { blueprints: new Map([["service", service]]) },
    existing: async (blueprint, identifiers) =>
      new Set(identifiers.filter((identifier) => blueprint === "team" && identifier === "t")),
    clear: async () => {
      throw new Error("a forecast wrote");
    },
    delete: async () => {
      throw new Error("a forecast deleted");
    },
  });
  const keys = createKeySet();
  return { target: forecastTarget(api, keys), keys, sent };
}

describe("a forecast of the API", () => {
  it("updates what the catalog is known to hold, creates the rest, and sends nothing", async () => {
    const { target, keys, sent } = forecast();
    const known = entity("a");
    keys.acknowledge(keys.add(known.key, known.at, 0).entry);
    const reply = await target.upsert("service", [known.json, entity("b").json], flags);
    expect(reply).toMatchObject({ is: "done", body: [{ is: "updated" }, { is: "created" }] });
    expect(await target.clear(known.key, ["title"])).toMatchObject({ is: "done" });
    expect(await target.delete("service", ["a"])).toMatchObject({ is: "done", body: { deletedEntities: ["a"] } });
    expect(sent).toEqual([]);
  });

  it("refuses an entity whose target does not exist, as the API does", async () => {
    const { target } = forecast();
    const items = ["t", "nowhere"].map((owner) => entity("a", { relations: { owner } }).json);
    expect(await target.upsert("service", items, flags)).toMatchObject({
      body: [{ is: "created" }, { is: "refused", status: 404, error: "not_found" }],
    });
    expect(await target.upsert("service", items, { ...flags, createMissing: true })).toMatchObject({
      body: [{ is: "created" }, { is: "created" }],
    });
  });

  it("remembers a target that is made bare", async () => {
    const { target } = forecast();
    expect([...(await target.existing("team", ["t", "new"]))]).toEqual(["t"]);
    await target.upsert("team", [JSON.stringify({ identifier: "new" })], flags);
    expect([...(await target.existing("team", ["t", "new"]))].sort()).toEqual(["new", "t"]);
  });
});
