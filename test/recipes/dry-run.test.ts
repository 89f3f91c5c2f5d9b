import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.js";
import type { ImportOptions } from "../../src/options/run.js";
import { runImport } from "../../src/recipes/import.js";
import { resumeImport } from "../../src/recipes/resume.js";
import { retryImport } from "../../src/recipes/retry.js";
import type { Report } from "../../src/report/report.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "../support/catalog.js";

type Given = Omit<ImportOptions, "stateDir">;

async function run(given: Given, emulator: Pick<Emulator, "url">): Promise<Report> {
  const { report } = await runImport({ ...given, stateDir: await makeFolder() } as ImportOptions, {
    env: envOf(emulator),
  });
  return report;
}

/** What a report says of rejects, without places that only the order of replies decides. */
const rejectsOf = ({ rejects }: Report) =>
  rejects
    .map(({ code, stage, blueprint, path, count }) => ({ code, stage, blueprint, path, count }))
    .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));

/** How many entities the API could not check. */
const notChecked = ({ warnings }: Report) =>
  warnings.filter(({ code }) => code === "not_checked").reduce((sum, { count }) => sum + count, 0);

/** A dry run, then the import of the same; the catalog holds nothing new in between. */
async function tryThenImport(given: Given, emulator: Emulator) {
  const before = await countAll(emulator);
  const dry = await run({ ...given, dryRun: true }, emulator);
  expect(await countAll(emulator)).toEqual(before);
  return { dry, real: await run(given, emulator) };
}

async function countAll({ url }: Pick<Emulator, "url">): Promise<unknown> {
  const token = await fetch(`${url}/auth/access_token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clientId: "portload", clientSecret: "portload" }),
  });
  const { accessToken } = (await token.json()) as { accessToken: string };
  const headers = { authorization: `Bearer ${accessToken}` };
  const { blueprints } = (await (await fetch(`${url}/blueprints`, { headers })).json()) as {
    blueprints: { identifier: string }[];
  };
  return Promise.all(
    blueprints.map(async ({ identifier }) => {
      const reply = await fetch(`${url}/blueprints/${identifier}/entities`, { headers });
      return [identifier, ((await reply.json()) as { entities: unknown[] }).entities];
    }),
  );
}

const sample = (name: string): string => join(root, "samples", name);
const organisation = {
  sources: ["teams.json", "services.csv", "deployments.ndjson"].map(sample),
  mapping: join(root, "mappings/organisation.yaml"),
};

const mappingOf = (resources: string, head = ""): string => `${head}\nresources:\n${resources}`;
const resourceOf = (kind: string, relations: Readonly<Record<string, string>>): string => `  - kind: ${kind}
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"${kind}"'
          properties: { size: .size }
          relations: ${JSON.stringify(relations)}
`;

/** Blueprints a, b, c: b requires an a, c may have a b and may point at other cs. */
const blueprints = [
  blueprintOf("a", { schema: { properties: { size: { type: "number", maximum: 10 } } } }),
  blueprintOf("b", {
    schema: { properties: { size: { type: "number" } } },
    relations: { a: { target: "a", required: true, many: false } },
  }),
  blueprintOf("c", {
    schema: { properties: { size: { type: "number" } } },
    relations: {
      b: { target: "b", required: false, many: false },
      others: { target: "c", required: false, many: true },
    },
  }),
];

async function inventory(records: Readonly<Record<string, readonly object[]>>, head = ""): Promise<Given> {
  const folder = await makeFolder();
  const mapping = join(folder, "mapping.yaml");
  await writeFile(
    mapping,
    mappingOf(
      resourceOf("a", {}) + resourceOf("b", { a: ".a" }) + resourceOf("c", { b: ".b", others: ".others" }),
      head,
    ),
  );
  const sources: string[] = [];
  for (const [kind, rows] of Object.entries(records)) {
    const file = join(folder, `${kind}.ndjson`);
    await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    sources.push(file);
  }
  return { sources, mapping };
}

describe("a dry run", () => {
  it("of a clean inventory is clean, writes nothing, forecasts the counts, and the import after it is clean", async () => {
    const emulator = await startCatalog();
    const { dry, real } = await tryThenImport(organisation, emulator);
    expect([dry.commandLine, real.commandLine]).toEqual(["portload import --dry-run", "portload import"]);
    expect([dry.exitCode, dry.dryRun, dry.balanced, dry.rejects]).toEqual([0, true, true, []]);
    expect([real.exitCode, real.dryRun, real.rejects]).toEqual([0, false, []]);
    expect(dry.entities).toEqual(real.entities);
    expect(dry.records).toEqual(real.records);
    // Deployments require a service that only this import brings; components require a deployment.
    expect(notChecked(dry)).toBe((dry.blueprints.deployment?.created ?? 0) + (dry.blueprints.component?.created ?? 0));
    expect(notChecked(dry)).toBeGreaterThan(0);
    const again = await tryThenImport(organisation, emulator);
    expect(again.dry.entities).toEqual(again.real.entities);
    expect([again.dry.entities.created, again.dry.exitCode]).toEqual([0, 0]);
  });

  it("names the rejects of the import after it, of every stage", async () => {
    const emulator = await startCatalog();
    await run({ sources: [sample("teams.json")], mapping: join(root, "mappings/teams.yaml") }, emulator);
    const given = { sources: [sample("services-dirty.csv")], mapping: join(root, "mappings/services.yaml") };
    const { dry, real } = await tryThenImport(given, emulator);
    expect(rejectsOf(dry)).toEqual(rejectsOf(real));
    expect(dry.rejects.map(({ code }) => code)).toContain("relation_target_missing");
    expect([dry.exitCode, real.exitCode]).toEqual([1, 1]);
    expect(dry.entities).toEqual(real.entities);
  });

  it("sees what the API alone refuses, and what depends on it", async () => {
    const emulator = await startCatalog({ blueprints });
    const given = await inventory({
      a: [
        { id: "a1", size: 1 },
        { id: "a2", size: 11 },
        { id: "a3", size: 3 },
      ],
      b: [
        { id: "b1", a: "a1" },
        { id: "b2", a: "a2" },
        { id: "b3", a: "nowhere" },
        { id: "b4", a: "a3", size: "x" },
      ],
      c: [
        { id: "c1", b: "b1" },
        { id: "c2", b: "b2" },
        { id: "c3", b: "b3" },
        { id: "c4", others: ["c5", "c1"] },
        { id: "c5", others: ["c4", "lost"] },
      ],
    });
    const { dry, real } = await tryThenImport(given, emulator);
    expect(rejectsOf(dry)).toEqual(rejectsOf(real));
    expect(rejectsOf(dry).length).toBeGreaterThan(2);
    expect(dry.entities).toEqual(real.entities);
    expect(notChecked(dry)).toBe(1);
    expect(dry.warnings).toContainEqual(
      expect.objectContaining({ code: "not_checked", blueprint: "b", path: "relations.a", count: 1 }),
    );
  });

  it.each(["merge", "override", "create"] as const)(
    "forecasts mode %s over a catalog that holds some of it",
    async (mode) => {
      const emulator = await startCatalog({ blueprints });
      await run(await inventory({ a: [{ id: "a1", size: 1 }], b: [{ id: "b1", a: "a1" }] }), emulator);
      const given = await inventory({
        a: [
          { id: "a1", size: 2 },
          { id: "a2", size: 2 },
        ],
        b: [
          { id: "b1", a: "a2" },
          { id: "b2", a: "a1" },
          { id: "b3", a: "a2" },
        ],
      });
      const { dry, real } = await tryThenImport({ ...given, mode }, emulator);
      expect(rejectsOf(dry)).toEqual(rejectsOf(real));
      expect(dry.entities).toEqual(real.entities);
      expect(notChecked(dry)).toBe(mode === "create" ? 1 : 2);
    },
  );

  it("never asks for missing targets to be made, and counts what the import would have made as passed", async () => {
    const emulator = await startCatalog({ blueprints });
    const { url, asked } = await watch(emulator);
    const given = await inventory(
      { b: [{ id: "b1", a: "made" }], c: [{ id: "c1", others: ["made"] }] },
      "createMissingRelatedEntities: true",
    );
    const dry = await run({ ...given, dryRun: true }, { url });
    expect([dry.exitCode, dry.entities.created, notChecked(dry)]).toEqual([0, 2, 1]);
    const bulk = asked.filter((path) => path.includes("/bulk"));
    expect(bulk.length).toBeGreaterThan(0);
    expect(
      bulk.filter(
        (path) => !path.includes("validation_only=true") || !path.includes("create_missing_related_entities=false"),
      ),
    ).toEqual([]);
    expect((await run(given, emulator)).exitCode).toBe(0);
  });

  it("sends what is refused for a target of this import once more, and not again", async () => {
    const emulator = await startCatalog({ blueprints });
    const { url, asked } = await watch(emulator);
    const given = await inventory({ a: [{ id: "a1" }], b: [{ id: "b1", a: "a1" }], c: [{ id: "c1", b: "b1" }] });
    const dry = await run({ ...given, dryRun: true }, { url });
    expect(dry.entities).toMatchObject({ created: 3, rejected: 0 });
    expect(notChecked(dry)).toBe(1);
    const times = (blueprint: string): number =>
      asked.filter((path) => path.includes(`/blueprints/${blueprint}/entities/bulk`)).length;
    expect([times("a"), times("b"), times("c")]).toEqual([1, 1, 2]);
  });

  it("looks entities up a thousand at a time", async () => {
    const emulator = await startCatalog({ blueprints });
    const { url, asked } = await watch(emulator);
    const given = await inventory({ a: Array.from({ length: 2500 }, (_, index) => ({ id: `a${index}`, size: 1 })) });
    await run({ ...given, dryRun: true }, { url });
    expect(asked.filter((path) => path.endsWith("/search")).length).toBeLessThanOrEqual(5);
  });

  it("leaves nothing to resume or retry", async () => {
    const emulator = await startCatalog({ blueprints });
    const stateDir = await makeFolder();
    const given = await inventory({ a: [{ id: "a1", size: 11 }] });
    const { report } = await runImport({ ...given, stateDir, dryRun: true } as ImportOptions, {
      env: envOf(emulator),
    });
    expect([report.exitCode, report.rejectFiles.length]).toEqual([1, 1]);
    await expect(resumeImport({ stateDir }, { env: envOf(emulator) })).rejects.toThrow();
    await expect(retryImport({ stateDir }, { env: envOf(emulator) })).rejects.toThrow();
  });
});

/** Passes requests on to an emulator and keeps their paths. */
async function watch({
  url,
}: Pick<Emulator, "url">): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const target = new URL(url);
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const body: Buffer[] = [];
    request.on("data", (part: Buffer) => body.push(part));
    request.on("end", () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => !["host", "connection", "content-length"].includes(name)),
      ) as Record<string, string>;
      const method = request.method ?? "GET";
      void fetch(new URL(request.url ?? "/", target.origin), {
        method,
        headers,
        ...(body.length > 0 && { body: Buffer.concat(body) }),
      }).then(async (reply) => {
        response.writeHead(reply.status, { "content-type": "application/json" });
        response.end(Buffer.from(await reply.arrayBuffer()));
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`, asked };
}
