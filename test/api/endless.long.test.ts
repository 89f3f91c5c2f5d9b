import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer, request as forward, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "../support/catalog.js";
import { peakMegabytes } from "../support/peak-memory.js";

/** Which requests get a reply that does not end, and whether that is in its bytes or in its pages. */
interface Endless {
  readonly is: (method: string, path: string, body: string) => boolean;
  readonly by: "bytes" | "pages";
}

const block = Buffer.from(`{"identifier":"${"x".repeat(1000)}","properties":{}},`.repeat(64));

/** Sends bytes as fast as they are taken, until nobody takes them. */
function pour(reply: ServerResponse): void {
  reply.writeHead(200, { "content-type": "application/json" }).write('{"ok":true,"entities":[');
  const more = (): void => {
    while (!reply.destroyed && reply.write(block));
  };
  reply.on("drain", more).on("error", () => undefined);
  more();
}

/** The way to an emulator on which some replies do not end. */
async function endlessWay(
  url: string,
  { is, by }: Endless,
): Promise<{ readonly url: string; readonly hits: () => number }> {
  const { port, host } = new URL(url);
  let hits = 0;
  const server = createServer(async (incoming, reply) => {
    let body = "";
    for await (const part of incoming) body += String(part);
    const path = incoming.url ?? "";
    if (is(incoming.method ?? "", path, body)) {
      hits++;
      if (by === "bytes") return pour(reply);
      const entities = Array.from({ length: 1000 }, (_, i) => ({
        ...{ identifier: `e${hits}-${i}`, title: null, properties: { origin: "inventory" }, relations: {} },
        ...{ createdAt: "2026-01-01T00:00:00Z", blueprint: "svc" },
      }));
      return reply
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ ok: true, entities, next: `c${hits}` }));
    }
    const headers = { ...incoming.headers, host, "content-length": Buffer.byteLength(body) };
    forward({ port, host: "127.0.0.1", method: incoming.method, path, headers }, (from) => {
      reply.writeHead(from.statusCode ?? 500, from.headers);
      from.pipe(reply);
    }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, hits: () => hits };
}

/** Makes a process say at its end how much memory it had at most. */
const measuring = `data:text/javascript,${encodeURIComponent(
  `import { writeSync } from "node:fs"; process.on("exit", () => writeSync(2, "\\npeak " + ${peakMegabytes} + "\\n"));`,
)}`;

const isSearch = (_: string, path: string): boolean => path.endsWith("/search");
const rows: readonly (readonly [reply: string, endless: Endless, command: readonly string[]])[] = [
  ["token", { by: "bytes", is: (_, path) => path.endsWith("/access_token") }, ["entity", "get", "svc", "s1"]],
  [
    "blueprints",
    { by: "bytes", is: (method, path) => method === "GET" && /\/blueprints(\/svc)?$/.test(path) },
    ["import"],
  ],
  ["bulk", { by: "bytes", is: (method, path) => method === "POST" && /\/bulk(\?|$)/.test(path) }, ["import"]],
  ["bulk, in apply", { by: "bytes", is: (method, path) => method === "POST" && /\/bulk(\?|$)/.test(path) }, ["apply"]],
  ["search", { by: "bytes", is: isSearch }, ["sync"]],
  ["search of an export", { by: "bytes", is: isSearch }, ["export"]],
  ["pages of an export", { by: "pages", is: isSearch }, ["export"]],
  [
    "pages of a prune's scan",
    { by: "pages", is: (_, path, body) => isSearch(_, path) && body.includes('"or"') },
    ["prune"],
  ],
  ["pages of a look-up", { by: "pages", is: isSearch }, ["sync"]],
  ["delete", { by: "bytes", is: (method, path) => method === "DELETE" || path.includes("/delete") }, ["prune"]],
  [
    "single entity",
    { by: "bytes", is: (method, path) => method === "GET" && path.includes("/entities/") },
    ["entity", "get", "svc", "s1"],
  ],
];

it.each(rows)(
  "an endless reply (%s) ends with 3, in bounded memory and time",
  async (name, endless, [verb = "", ...rest]) => {
    const svc = blueprintOf("svc", { schema: { properties: { origin: { type: "string" } } } });
    const emulator = await startCatalog({ blueprints: [svc] });
    const folder = await makeFolder();
    const [source, mapping, state] = [join(folder, "svc.csv"), join(folder, "svc.yaml"), join(folder, "state")];
    const write = (from: number, to: number) =>
      writeFile(source, `id\n${Array.from({ length: to - from }, (_, i) => `s${from + i}\n`).join("")}`);
    await write(0, 2000);
    await writeFile(
      mapping,
      `resources:\n  - { kind: svc, prune: all, port: { entity: { mappings: { identifier: .id, blueprint: '"svc"', properties: { origin: '"inventory"' } } } } }\n`,
    );
    const run = async (args: readonly string[], url: string) => {
      const child = spawn(process.execPath, ["--import", measuring, join(root, "dist/cli/main.js"), ...args], {
        cwd: folder,
        env: { PATH: process.env.PATH, ...envOf(emulator), PORT_API_URL: url, PORTLOAD_STATE: state },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      const code = await new Promise<number | null>((done) => child.on("close", done));
      return { code, stderr, megabytes: Number(/^peak ([\d.]+)$/m.exec(stderr)?.[1]) };
    };
    const files = [source, "-m", mapping];
    const plan = join(folder, "tonight.plan");
    if (verb === "prune") {
      expect((await run(["sync", ...files, "--prune"], emulator.url)).code).toBe(0);
      await write(50, 2000);
    }
    const commands: Readonly<Record<string, readonly string[]>> = {
      import: ["import", ...files],
      sync: ["sync", ...files],
      prune: ["sync", ...files, "--prune"],
      apply: ["apply", plan],
      export: ["entity", "export", "svc", "--out", join(folder, "x.ndjson")],
    };
    const way = await endlessWay(emulator.url, endless);
    // A plan is for one address.
    if (verb === "apply") expect((await run(["plan", ...files, "--out", plan], way.url)).code).toBe(0);
    const beganMs = performance.now();
    const { code, stderr, megabytes } = await run(commands[verb] ?? [verb, ...rest], way.url);
    const seconds = (performance.now() - beganMs) / 1000;
    process.stderr.write(
      `endless ${name}: exit ${code}, ${megabytes.toFixed(0)} MB, ${seconds.toFixed(1)} s, ${way.hits()} requests of it\n`,
    );
    expect(way.hits()).toBeGreaterThan(0);
    expect(code, stderr).toBe(3);
    expect(stderr).not.toMatch(/internal error|\n\s+at /);
    expect(megabytes).toBeLessThan(300);
    expect(seconds).toBeLessThan(120);
  },
);
