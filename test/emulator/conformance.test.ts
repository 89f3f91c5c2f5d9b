import { describe, expect, it } from "vitest";
import { behaviours } from "../support/behaviours.js";
import { cellsOf } from "../support/conformance-table.js";
import { takeBreaches } from "../support/observe-replies.mjs";
import { readDescription, replyChecks, starred } from "../support/reply-check.mjs";
import { startSession } from "./session.js";

const description = readDescription(process.env.PORTLOAD_REPLIES ?? "");

describe("the comparison with Port's API description", () => {
  const check = replyChecks(
    description ?? {
      components: {},
      paths: {
        "/v1/blueprints/{b}/entities/bulk": {
          post: { responses: { "200": { content: { "application/json": { schema: { required: ["errors"] } } } } } },
        },
      },
    },
  );

  it("distinguishes a reply that lacks a key from one that has it", () => {
    const bulk = check("POST", "/v1/blueprints/:blueprint/entities/bulk", 200);
    expect(bulk?.({ ok: true, entities: [], errors: [] })).toBe(undefined);
    expect(bulk?.({ ok: true, entities: [] })).toContain("errors");
  });

  it("has nothing to say of a route or status without a schema", () => {
    expect(check("POST", "/v1/blueprints/:blueprint/entities/bulk", 500)).toBe(undefined);
    expect(check("GET", "/v1/nothing", 200)).toBe(undefined);
  });

  it.skipIf(description === undefined)(
    "sees every reply of every emulator of a test (skipped where the description is not at hand)",
    async () => {
      const { emulator, call } = await startSession();
      Object.assign(emulator.store.blueprints()[0] ?? {}, { identifier: 1 });
      await call("GET", "/v1/blueprints");
      expect(takeBreaches()).toEqual([expect.stringContaining("GET /v1/blueprints 200 checked: data/blueprints/0")]);
    },
  );
});

describe("the table of cells", () => {
  it("has each cell once, whoever names it, with what was seen of it", () => {
    const cells = cellsOf(
      ["GET /v1/blueprints 200", "GET /v1/blueprints 404", "GET /v1/other 200"],
      ["GET /v1/blueprints 200 checked", "GET /v1/blueprints 429", "POST /v1/blueprints/*/entities/bulk 418"],
    );
    const found = cells.filter(({ behaviour, seen, described }) => seen || described || behaviour === undefined);
    expect(found.map(({ behaviour, ...cell }) => ({ ...cell, listed: behaviour !== undefined }))).toEqual([
      { route: "GET /v1/blueprints", status: 200, described: true, seen: true, checked: true, listed: true },
      { route: "GET /v1/blueprints", status: 429, described: false, seen: true, checked: false, listed: true },
      { route: "GET /v1/blueprints", status: 404, described: true, seen: false, checked: false, listed: false },
      { route: "GET /v1/other", status: 200, described: true, seen: false, checked: false, listed: false },
      {
        route: "POST /v1/blueprints/*/entities/bulk",
        status: 418,
        described: false,
        seen: true,
        checked: false,
        listed: false,
      },
    ]);
  });

  it("lists each behaviour once", () => {
    const keys = behaviours.map(({ route, status }) => starred(`${route} ${status}`));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });
});
