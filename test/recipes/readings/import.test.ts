import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.js";
import { likeliestReadings, type Readings, readingValues } from "../../src/emulator/readings.js";
import type { ImportOptions } from "../../src/options.js";
import { runImport } from "../../src/recipes/import.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";

/** Every reading that is not the likeliest: what no source pins down may be so as well. */
const others = Object.entries(readingValues).flatMap(([key, [, ...values]]) =>
  values.map((value) => [key, value] as [string, unknown]),
);

const blueprints = [
  blueprintOf("team", { schema: { properties: { mail: { type: "string", format: "email" } }, required: ["mail"] } }),
  blueprintOf("service", {
    schema: {
      properties: {
        tier: { type: "string", enum: ["gold", "silver"], default: "silver" },
        replicas: { type: "number" },
        since: { type: "string", format: "date-time" },
        tags: { type: "array", items: { type: "string" } },
      },
    },
    relations: {
      team: { target: "team", required: false, many: false },
      parent: { target: "service", required: false, many: false },
      uses: { target: "service", required: false, many: true },
    },
    mirrorProperties: { teamMail: { path: "team.mail" } },
    ownership: { type: "Direct" },
  }),
  blueprintOf("deployment", {
    schema: { properties: { version: { type: "string" } } },
    relations: { service: { target: "service", required: true, many: false } },
  }),
];

const mapping = `
source: { blanks: [""] }
resources:
  - kind: deployments
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"deployment"'
          properties: { version: .version }
          relations: { service: .service }
  - kind: services
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"service"'
          title: .title
          team: .owners
          properties: { tier: .tier, replicas: .replicas, since: .since, tags: .tags }
          relations: { team: .team, parent: .parent, uses: .uses }
  - kind: teams
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id, blueprint: '"team"', properties: { mail: .mail } } } }
`;

const teams = [
  { id: "core", mail: "core@x.example" },
  { id: "edge", mail: "edge@x.example" },
];
const services = [
  // A ring, a target further down, itself, the same target twice, one target for many, an array of one for one.
  { id: "a", title: "A", owners: "red", tier: "gold", replicas: 2, team: "core", parent: "c", uses: ["b", "c", "b"] },
  { id: "b", parent: "a", uses: ["z"], tags: ["x", "y"], since: "2026-01-02T03:04:05Z" },
  { id: "c", parent: "b", uses: [], owners: ["red"], team: ["edge"] },
  { id: "self", parent: "self", uses: ["self"] },
  { id: "one", uses: "a", tier: null, title: null },
  { id: "o'brien", parent: "a" },
  { id: "z" },
  // Refused: by the check here, for a target that is nowhere.
  { id: "bad", replicas: "many" },
  { id: "lost", parent: "nowhere" },
];
const deployments = [
  { id: "d1", version: "1", service: "a" },
  { id: "d2", version: "2", service: "z" },
  { id: "d3", version: "3", service: "nowhere" },
];

const linesOf = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

async function inventory(rows: Readonly<Record<string, readonly object[]>>, more = ""): Promise<ImportOptions> {
  const folder = await makeFolder();
  await writeFile(join(folder, "mapping.yaml"), more + mapping);
  for (const [kind, records] of Object.entries(rows)) await writeFile(join(folder, `${kind}.ndjson`), linesOf(records));
  const sources = Object.keys(rows).map((kind) => join(folder, `${kind}.ndjson`));
  return { sources, mapping: join(folder, "mapping.yaml"), stateDir: folder };
}

async function importInto(emulator: Emulator, options: ImportOptions) {
  const { report } = await runImport(options, { env: envOf(emulator) });
  expect(report).toMatchObject({ balanced: true, entities: { notAttempted: 0 } });
  return report;
}

/** Relations with lists where lists belong, each target once, and nulls away, which is as much as every reading keeps. */
function relationsIn(emulator: Emulator): Record<string, Record<string, readonly string[]>> {
  return Object.fromEntries(
    emulator.store.entities("service").map(({ identifier, relations }) => [
      identifier,
      Object.fromEntries(
        Object.entries(relations)
          .map(([key, held]) => [key, [...new Set([held ?? []].flat())]] as const)
          .filter(([, held]) => held.length > 0),
      ),
    ]),
  );
}

async function prepared(changed: Partial<Readings>): Promise<Emulator> {
  const emulator = await startCatalog({ blueprints, readings: changed });
  const first = { identifier: "red", blueprint: "_team", properties: {}, relations: {} };
  const token = await fetch(`${emulator.url}/auth/access_token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clientId: "portload", clientSecret: "portload" }),
  }).then((reply) => reply.json() as Promise<{ accessToken: string }>);
  const created = await fetch(`${emulator.url}/blueprints/_team/entities`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: token.accessToken },
    body: JSON.stringify(first),
  });
  expect(created.status).toBe(201);
  return emulator;
}

describe.each([["nothing", undefined] as [string, unknown], ...others])(
  "an import with %s read as %j",
  (key, value) => {
    const changed = value === undefined ? {} : { [key]: value };
    const allowsApostrophe = { ...likeliestReadings, ...changed }.apostrophe;

    it("brings in rings, targets further down and lists, and rejects what is wrong by itself", async () => {
      const emulator = await prepared(changed);
      const report = await importInto(emulator, await inventory({ deployments, services, teams }));
      const rejected = report.rejects.map(({ code, first, count }) => [code, first.position, count]).sort();
      expect(rejected).toEqual(
        [
          ...(allowsApostrophe ? [] : [["refused_by_api", 6, 1]]),
          ["relation_target_missing", 3, 1],
          ["relation_target_missing", 9, 1],
          ["wrong_type", 8, 1],
        ].sort(),
      );
      expect(relationsIn(emulator)).toEqual({
        a: { team: ["core"], parent: ["c"], uses: ["b", "c"] },
        b: { parent: ["a"], uses: ["z"] },
        c: { parent: ["b"], team: ["edge"] },
        self: { parent: ["self"], uses: ["self"] },
        one: { uses: ["a"] },
        ...(allowsApostrophe ? { "o'brien": { parent: ["a"] } } : {}),
        z: {},
        lost: {},
      });
      expect(emulator.store.entity("service", "a")).toMatchObject({
        title: "A",
        team: ["red"],
        properties: { tier: "gold", replicas: 2 },
      });
      expect(
        emulator.store
          .entities("deployment")
          .map(({ identifier }) => identifier)
          .sort(),
      ).toEqual(["d1", "d2"]);
    });

    it("changes the same entities the second time, and creates none of them again in mode create", async () => {
      const emulator = await prepared(changed);
      const good = {
        deployments: deployments.slice(0, 2),
        services: services.slice(0, 5).concat(services.slice(6, 7)),
        teams,
      };
      await importInto(emulator, await inventory(good));
      const before = relationsIn(emulator);
      for (const mode of ["merge", "override"] as const) {
        const report = await importInto(emulator, { ...(await inventory(good)), mode });
        expect(report).toMatchObject({ exitCode: 0, entities: { created: 0, updated: 10, rejected: 0 } });
        expect(relationsIn(emulator)).toEqual(before);
      }
      const again = await importInto(emulator, { ...(await inventory(good)), mode: "create" });
      expect(again).toMatchObject({ exitCode: 1, entities: { created: 0, updated: 0, rejected: 10 } });
      expect(again.rejects.map(({ code }) => code)).toEqual(expect.arrayContaining(["already_exists"]));
      expect(relationsIn(emulator)).toEqual(before);
    });

    it("clears in both modes what a record holds as null", async () => {
      const emulator = await prepared(changed);
      const rows = (row: object) => inventory({ services: [{ id: "z" }, { id: "y", ...row }] }, "onNull: clear\n");
      const held = { title: "Y", tier: "gold", replicas: 1, tags: ["t"], parent: "z", uses: ["z"], owners: ["red"] };
      const cleared = { title: null, tier: "gold", replicas: null, tags: null, parent: null, uses: null, owners: null };
      for (const mode of ["merge", "override"] as const) {
        await importInto(emulator, { ...(await rows(held)), mode });
        expect(relationsIn(emulator).y).toEqual({ parent: ["z"], uses: ["z"] });
        const report = await importInto(emulator, { ...(await rows(cleared)), mode });
        expect(report.exitCode).toBe(0);
        expect(relationsIn(emulator).y).toEqual({});
        const { properties } = emulator.store.entity("service", "y") ?? {};
        expect([properties?.replicas ?? null, properties?.tags ?? null, properties?.tier]).toEqual([
          null,
          null,
          "gold",
        ]);
      }
    });
  },
);
