import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { runImport } from "../../../src/recipes/import.js";
import { runSync } from "../../../src/recipes/sync.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../../support/catalog.js";

const nodeBlueprint = blueprintOf("node", {
  schema: { properties: { note: { type: "string" } } },
  relations: { parent: { target: "node" } },
});
const columns = "id,name,icon,note,parent\n";

/** A mapping that clears titles, icons and notes, and its source. */
async function nodes(rows: readonly string[]): Promise<{ sources: string[]; mapping: string; stateDir: string }> {
  const folder = await makeFolder();
  await writeFile(join(folder, "nodes.csv"), `${columns}${rows.map((row) => `${row}\n`).join("")}`);
  await writeFile(
    join(folder, "nodes.yaml"),
    `source: { blanks: [""] }
clear: [title, icon, properties.note]
resources:
  - kind: nodes
    port:
      entity:
        mappings:
          { identifier: .id, title: .name, icon: .icon, blueprint: '"node"', properties: { note: .note }, relations: { parent: .parent } }
`,
  );
  return { sources: [join(folder, "nodes.csv")], mapping: join(folder, "nodes.yaml"), stateDir: folder };
}

describe("clearing", () => {
  it("takes title and icon away by a PATCH each for entities that exist, a property by the upsert itself", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const env = envOf(emulator);
    await runImport(await nodes(["a,A,Star,n,", "b,B,Moon,m,"]), { env });
    const { report } = await runImport(await nodes(["a,,,,", "b,,Sun,,", "c,,,,"]), { env });
    expect(report).toMatchObject({
      exitCode: 0,
      balanced: true,
      entities: { created: 1, updated: 2, rejected: 0 },
      requests: { byRoute: { bulk: 1, single: 2 } },
    });
    expect(report.warnings.map(({ code, path, count }) => [code, path, count])).toEqual([
      ["cleared_apart", "title", 3],
      ["cleared_apart", "icon", 2],
    ]);
    const held = emulator.store
      .entities("node")
      .map(({ title, icon, properties }) => [title, icon, properties.note ?? null]);
    expect(held).toEqual([
      [null, null, null],
      [null, "Sun", null],
      [null, null, null],
    ]);
  });

  it("happens once for an entity whose relations are written later", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const env = envOf(emulator);
    await runImport(await nodes(["a,A,,,"]), { env });
    const { report } = await runImport(await nodes(["a,,,,new", "new,,,,a"]), { env });
    expect(report).toMatchObject({
      exitCode: 0,
      entities: { created: 1, updated: 1 },
      requests: { byRoute: { single: 1 } },
    });
    expect(emulator.store.entity("node", "a")).toMatchObject({ title: null, relations: { parent: "new" } });
  });

  it("needs no PATCH in override, where what is absent is empty", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const env = envOf(emulator);
    await runImport(await nodes(["a,A,Star,n,"]), { env });
    const { report } = await runImport({ ...(await nodes(["a,,,,"])), mode: "override" }, { env });
    expect(report).toMatchObject({ exitCode: 0, requests: { byRoute: { single: 0 } }, warnings: [] });
    expect(emulator.store.entity("node", "a")).toMatchObject({ title: null, icon: null });
  });

  it("makes a reject of an entity whose PATCH is refused, which ends once all the same", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    await runImport(await nodes(["a,A,,,", "b,B,,,"]), { env: envOf(emulator) });
    const url = await refusingPatches(emulator.url, "/entities/a");
    const { report } = await runImport(await nodes(["a,,,x,", "b,,,y,"]), { env: envOf({ url }) });
    expect(report).toMatchObject({
      exitCode: 1,
      balanced: true,
      entities: { mapped: 2, updated: 1, rejected: 1 },
      rejects: [{ code: "refused_by_api", stage: "write", path: "title", first: { position: 1 } }],
    });
    expect(report.rejects[0]?.message).toMatch(
      /^the entity is written, but its title and icon could not be cleared: .*422/,
    );
    expect(emulator.store.entity("node", "a")).toMatchObject({ title: "A", properties: { note: "x" } });
  });

  it("counts as a difference in a sync, and not once it is done", async () => {
    const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
    const env = envOf(emulator);
    await runImport(await nodes(["a,A,,,"]), { env });
    const first = await runSync(await nodes(["a,,,,"]), { env });
    expect(first.report.entities).toMatchObject({ updated: 1, unchanged: 0 });
    const second = await runSync(await nodes(["a,,,,"]), { env });
    expect(second.report.entities).toMatchObject({ updated: 0, unchanged: 1 });
    expect(second.report.requests.byRoute).toMatchObject({ bulk: 0, single: 0 });
  });
});

/** A server in front of another that refuses PATCHes of one path. */
async function refusingPatches(target: string, path: string): Promise<string> {
  const { origin } = new URL(target);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method === "PATCH" && request.url?.includes(path)) {
      response.writeHead(422, { "content-type": "application/json" });
      response.end(JSON.stringify({ ok: false, error: "invalid_request", message: "no" }));
      return;
    }
    const { authorization = "", "content-type": type = "application/json" } = request.headers;
    const reply = await fetch(origin + request.url, {
      method: request.method ?? "GET",
      headers: { ...(authorization && { authorization }), ...(chunks.length > 0 && { "content-type": type }) },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    response.writeHead(reply.status, { "content-type": "application/json" });
    response.end(await reply.text());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/v1`;
}
