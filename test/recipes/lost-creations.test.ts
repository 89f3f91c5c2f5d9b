import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { runImport } from "../../src/recipes/import.js";
import { envOf, startCatalog } from "../support/catalog.js";
import { nodeBlueprint, nodeImport } from "../support/nodes.js";

/** Passes requests on to an API, says another time in every reply, and loses the reply to every bulk request that `loses` picks. */
async function forward(apiUrl: string, date: Date, loses: (bulk: number) => boolean): Promise<string> {
  let bulk = 0;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
    const reply = await fetch(new URL(request.url ?? "", apiUrl), {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      ...(parts.length > 0 && { body: Buffer.concat(parts) }),
    });
    const text = await reply.text();
    if (/\/entities\/bulk\?/.test(request.url ?? "") && loses(++bulk)) return void request.socket.destroy();
    response.writeHead(reply.status, { "content-type": "application/json", date: date.toUTCString() }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const nodes = (weight: number) => Array.from({ length: 60 }, (_, n) => ({ id: `n${n}`, weight }));
const tenYearsAgo = new Date(Date.now() - 10 * 365 * 24 * 3_600_000);

it("mode create, replies lost, a server whose clock is 10 years behind: what was there with other content is not taken for its own", async () => {
  const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
  await runImport(await nodeImport(nodes(1)), { env: envOf(emulator) });
  const url = await forward(emulator.url, tenYearsAgo, (bulk) => bulk <= 3);
  const { report } = await runImport(
    { ...(await nodeImport(nodes(2))), mode: "create", concurrency: 1 },
    { env: { ...envOf(emulator), PORT_API_URL: url } },
  );
  expect(report).toMatchObject({ exitCode: 1, balanced: true, entities: { mapped: 60, created: 0, rejected: 60 } });
  expect(report.rejects).toMatchObject([{ code: "already_exists", count: 60 }]);
  expect(emulator.store.entities("node").every(({ properties }) => properties.weight === 1)).toBe(true);
});

it("mode create, replies lost, the same clock: what the lost requests made is known as its own", async () => {
  const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
  const url = await forward(emulator.url, tenYearsAgo, (bulk) => bulk <= 3);
  const { report } = await runImport(
    { ...(await nodeImport(nodes(2))), mode: "create", concurrency: 1 },
    { env: { ...envOf(emulator), PORT_API_URL: url } },
  );
  expect(report).toMatchObject({ exitCode: 0, balanced: true, entities: { mapped: 60, created: 60, rejected: 0 } });
  for (const { id } of nodes(2)) expect(emulator.store.writes("node", id)).toBe(1);
});
