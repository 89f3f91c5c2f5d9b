import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { Emulator } from "../../../src/emulator/emulator.js";
import type { Readings } from "../../../src/emulator/emulator-options.js";
import { readingValues } from "../../../src/emulator/readings.js";
import type { ImportOptions } from "../../../src/options/run.js";
import { runImport } from "../../../src/recipes/import.js";
import { blueprintOf, envOf, makeFolder, type OnDisk, startCatalog } from "../../support/catalog.js";
import { isLong } from "../../support/long.js";

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

export const teams = [
  { id: "core", mail: "core@x.example" },
  { id: "edge", mail: "edge@x.example" },
];
export const services = [
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
export const deployments = [
  { id: "d1", version: "1", service: "a" },
  { id: "d2", version: "2", service: "z" },
  { id: "d3", version: "3", service: "nowhere" },
];

const linesOf = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** Those that every reading takes. */
export const good = {
  deployments: deployments.slice(0, 2),
  services: services.filter(({ id }) => !["o'brien", "bad", "lost"].includes(id)),
  teams,
};

/** What an inventory's mapping says beside its resources. */
interface Extra {
  /** Root keys. */
  readonly more?: string;
  /** Kinds of which it owns all. */
  readonly prune?: readonly string[];
}

export async function inventory(
  rows: Readonly<Record<string, readonly object[]>>,
  { more = "", prune = [] }: Extra = {},
): Promise<OnDisk<Pick<ImportOptions, "sources" | "mapping">>> {
  const folder = await makeFolder();
  const resources = mapping.replaceAll(/- kind: (\w+)\n/g, (line, kind) =>
    prune.includes(kind) ? `${line}    prune: all\n` : line,
  );
  await writeFile(join(folder, "mapping.yaml"), more + resources);
  for (const [kind, records] of Object.entries(rows)) await writeFile(join(folder, `${kind}.ndjson`), linesOf(records));
  const sources = Object.keys(rows).map((kind) => join(folder, `${kind}.ndjson`));
  return { sources, mapping: join(folder, "mapping.yaml"), stateDir: folder };
}

export async function importInto(emulator: Emulator, options: ImportOptions) {
  const { report } = await runImport(options, { env: envOf(emulator) });
  expect(report).toMatchObject({ balanced: true, entities: { notAttempted: 0 } });
  return report;
}

/** Relations with lists where lists belong, each target once, and nulls away, which is as much as every reading keeps. */
export function relationsIn(emulator: Emulator): Record<string, Record<string, readonly string[]>> {
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

export async function prepared(changed: Partial<Readings>): Promise<Emulator> {
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

/** Nothing read otherwise, then each other reading by itself, with what turns it round in an emulator: what a suite is run under. The short one takes a few. */
export const eachReading: readonly (readonly [key: string, value: unknown, changed: Partial<Readings>])[] = [
  ["nothing", undefined, {}],
  ...others.filter((_, at) => isLong || at % 10 === 0).map(([key, value]) => [key, value, { [key]: value }] as const),
];
