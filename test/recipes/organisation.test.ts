import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import type { Emulator } from "../../src/emulator/emulator.js";
import { exportMapping } from "../../src/recipes/export.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

const relation = (target: string, many = false, required = false) => ({ target, many, required });
const text = { type: "string" } as const;

/** Seven blueprints: rings of one, two and three, relations to many, a required one, owners, mirrors and what Port calculates. */
const blueprints: readonly Blueprint[] = [
  blueprintOf("domain", { schema: { properties: { code: text } }, relations: { parent: relation("domain") } }),
  blueprintOf("system", {
    schema: { properties: { tier: { type: "string", enum: ["gold", "iron"] } } },
    relations: { domain: relation("domain", false, true), main: relation("service") },
    ownership: { type: "Direct" },
  }),
  blueprintOf("service", {
    schema: {
      properties: {
        url: { type: "string", format: "url" },
        cost: { type: "number", default: 1 },
        live: { type: "boolean" },
        meta: { type: "object" },
      },
    },
    relations: { system: relation("system"), uses: relation("service", true), runs: relation("cluster", true) },
    mirrorProperties: { domainCode: { path: "system.domain.code" } },
    calculationProperties: { dear: { calculation: ".properties.cost > 50", type: "boolean" } },
    ownership: { type: "Inherited", path: "system" },
  }),
  blueprintOf("cluster", {
    schema: { properties: { zones: { type: "array", items: text } } },
    relations: { region: relation("region", false, true) },
    aggregationProperties: {
      services: { title: "Services", target: "service", calculationSpec: { calculationBy: "entities", func: "count" } },
    },
  }),
  blueprintOf("region", { relations: { capital: relation("cluster") } }),
  blueprintOf("incident", {
    schema: { properties: { at: { type: "string", format: "date-time" } }, required: ["at"] },
    relations: { service: relation("service", false, true), similar: relation("incident", true) },
    mirrorProperties: { tier: { path: "service.system.tier" } },
    ownership: { type: "Direct" },
  }),
  blueprintOf("runbook", {
    schema: { properties: { text: { type: "string", format: "markdown" } } },
    relations: { of: relation("incident", true) },
  }),
];

const range = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const teams = ["Ärzte", "core", "edge"];

const records = [
  ...teams.map((name) => ({ blueprint: "_team", identifier: name, title: `Team ${name}` })),
  ...range(20, (n) => ({
    blueprint: "domain",
    identifier: `d${n}`,
    properties: { code: `C-${n}` },
    relations: { parent: `d${(n + 1) % 20}` },
  })),
  ...range(80, (n) => ({
    blueprint: "system",
    identifier: `sys/${n}`,
    team: [teams[n % 3]],
    properties: { tier: n % 2 === 0 ? "gold" : "iron" },
    relations: { domain: `d${n % 20}`, main: `s${n * 5}` },
  })),
  ...range(400, (n) => ({
    blueprint: "service",
    identifier: `s${n}`,
    title: `Service "${n}", ünïcode`,
    icon: "Microservice",
    properties: {
      url: `https://example.com/${n}?a=1,2`,
      cost: n / 4,
      ...(n % 3 > 0 && { live: n % 3 === 1 }),
      meta: { n, list: [n, null, { "": "x" }] },
    },
    relations: {
      system: `sys/${n % 80}`,
      uses: [`s${(n + 1) % 400}`, `s${(n * 7) % 400}`].filter((id) => id !== `s${n}`),
      runs: n % 5 === 0 ? [] : [`c${n % 30}`],
    },
  })),
  ...range(30, (n) => ({
    blueprint: "cluster",
    identifier: `c${n}`,
    properties: { zones: range(n % 4, (z) => `z${z}`) },
    relations: { region: `r${n % 5}` },
  })),
  ...range(5, (n) => ({ blueprint: "region", identifier: `r${n}`, relations: { capital: `c${n}` } })),
  ...range(400, (n) => ({
    blueprint: "incident",
    identifier: `i:${n}`,
    team: teams.slice(0, n % 3),
    properties: { at: `2026-01-0${1 + (n % 9)}T00:00:00Z` },
    relations: { service: `s${n}`, similar: [`i:${(n + 13) % 400}`] },
  })),
  ...range(160, (n) => ({
    blueprint: "runbook",
    identifier: `b@${n}`,
    properties: { text: `# ${n}\n\n- *b*` },
    relations: { of: range(n % 4, (k) => `i:${(n + k) % 400}`) },
  })),
];

/** All entities as a client reads them, without when they were written. */
async function entitiesOf(emulator: Emulator): Promise<Record<string, unknown>> {
  const call = async (path: string, body?: object) => {
    const token = await fetch(`${emulator.url}/auth/access_token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ clientId: "portload", clientSecret: "portload" }),
    }).then((reply) => reply.json() as Promise<{ accessToken: string }>);
    const headers = { authorization: `Bearer ${token.accessToken}`, "content-type": "application/json" };
    const init = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
    return (await fetch(`${emulator.url}${path}`, init)).json() as Promise<Record<string, Record<string, unknown>[]>>;
  };
  const all: Record<string, unknown> = {};
  for (const { identifier } of (await call("/blueprints")).blueprints ?? []) {
    const { entities = [] } = await call(`/blueprints/${identifier}/entities/search`, {
      query: { combinator: "and", rules: [] },
      limit: 1000,
    });
    for (const { createdAt: _, updatedAt: __, createdBy: ___, updatedBy: ____, ...rest } of entities)
      all[`${identifier} ${rest.identifier}`] = rest;
  }
  return all;
}

describe("a whole organisation", () => {
  it("moves to an empty catalog and is the same there: rings, relations to many, owners, mirrors, what Port calculates", {
    timeout: 60_000,
  }, async () => {
    const cwd = await makeFolder();
    const source = await startCatalog({ blueprints });
    await writeFile(join(cwd, "org.ndjson"), records.map((record) => JSON.stringify(record)).join("\n"));
    const teamBlueprint = blueprintOf("_team", { schema: { properties: {} } });
    await writeFile(join(cwd, "fill.json"), exportMapping("ndjson", [teamBlueprint, ...blueprints], "org"));
    const filled = await runInProcess(["import", "org.ndjson", "-m", "fill.json", "--quiet"], envOf(source), { cwd });
    expect(filled).toMatchObject({ code: 0, stdout: "" });

    const files = ["--out", "all.ndjson", "--mapping-out", "all.json", "--blueprints-out", "blueprints.json"];
    const exported = await runInProcess(["entity", "export", "--all", ...files], envOf(source), { cwd });
    expect([exported.code, exported.stderr]).toEqual([
      0,
      "1,098 entities exported; left out _rule_result, which only Port writes\n",
    ]);

    const target = await startCatalog({ blueprints: [] });
    expect(await runInProcess(["blueprint", "apply", "blueprints.json"], envOf(target), { cwd })).toMatchObject({
      code: 0,
    });
    const moved = await runInProcess(["import", "all.ndjson", "-m", "all.json", "--output", "json"], envOf(target), {
      cwd,
    });
    expect([moved.code, JSON.parse(moved.stdout)]).toMatchObject([
      0,
      { balanced: true, entities: { created: 1098, rejected: 0 } },
    ]);

    const [before, after] = [await entitiesOf(source), await entitiesOf(target)];
    expect(Object.keys(after).length).toBe(1098);
    expect(after).toEqual(before);
    expect(after["service s211"]).toMatchObject({ properties: { domainCode: "C-11", dear: true }, team: ["Ärzte"] });
    expect(after["incident i:4"]).toMatchObject({ properties: { tier: "gold" } });

    const again = await runInProcess(["sync", "all.ndjson", "-m", "all.json", "--output", "json"], envOf(target), {
      cwd,
    });
    expect(JSON.parse(again.stdout)).toMatchObject({
      exitCode: 0,
      entities: { unchanged: 1098, created: 0, updated: 0 },
    });
  });

  it("needs names or --all, not both", async () => {
    const emulator = await startCatalog();
    for (const args of [[], ["service", "--all"]])
      expect(await runInProcess(["entity", "export", ...args], envOf(emulator))).toMatchObject({
        code: 64,
        stdout: "",
      });
  });
});
