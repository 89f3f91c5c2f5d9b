/** The servers of bench/emulator.ts in a process of their own: an emulator, and a bare Fastify route that only parses and answers. */
import type { AddressInfo } from "node:net";
import fastify from "fastify";
import { startEmulator } from "../src/emulator/emulator.js";

const emulator = await startEmulator({
  limits: "off",
  blueprints: [
    { identifier: "team", title: "Team", schema: { properties: {} } },
    {
      identifier: "service",
      title: "Service",
      schema: {
        properties: {
          tier: { type: "string", enum: ["gold", "silver"] },
          replicas: { type: "number" },
          live: { type: "boolean" },
          since: { type: "string", format: "date-time" },
          home: { type: "string", format: "url" },
          tags: { type: "array", items: { type: "string" } },
          notes: { type: "string" },
          language: { type: "string" },
        },
        required: ["tier"],
      },
      relations: { team: { target: "team", required: false, many: false } },
    },
  ],
  ...(process.argv[2] === undefined ? {} : { snapshot: process.argv[2] }),
});
const bare = fastify({ bodyLimit: 1024 * 1024 });
bare.post("/v1/blueprints/:blueprint/entities/bulk", (request, reply) => {
  const { entities } = request.body as { readonly entities: readonly { readonly identifier: string }[] };
  const written = entities.map(({ identifier }, index) => ({ identifier, index, created: true }));
  return reply.send({ ok: true, entities: written, errors: [] });
});
await bare.listen({ port: 0, host: "127.0.0.1" });
process.send?.({ emulator: emulator.url, bare: `http://127.0.0.1:${(bare.server.address() as AddressInfo).port}/v1` });
process.on("message", (message) => {
  if (message === "stop") {
    void Promise.all([emulator.close(), bare.close()]).then(() => process.disconnect());
    return;
  }
  const { user, system } = process.cpuUsage();
  const { heapUsed, rss } = process.memoryUsage();
  process.send?.({ cpuMs: (user + system) / 1000, heapUsed, rss, entities: emulator.store.count("service") });
});
