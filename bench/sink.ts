/** A bare sink: answers tokens, one blueprint, single and bulk upserts with success, keeps nothing. Prints its address. */
import { createServer } from "node:http";
import { thing } from "./things.js";

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer(request.url ?? "", Buffer.concat(parts).toString())));
  });
});

function answer(url: string, body: string): unknown {
  if (url.startsWith("/v1/auth")) return { ok: true, accessToken: "t", expiresIn: 10_800, tokenType: "Bearer" };
  if (url.includes("/entities/search")) return { ok: true, entities: [] };
  if (url.includes("/entities?")) return { ok: true, entity: { identifier: JSON.parse(body).identifier } };
  if (!url.includes("/bulk")) return { ok: true, blueprint: thing };
  const { entities } = JSON.parse(body) as { entities: { identifier: string }[] };
  return {
    ok: true,
    entities: entities.map(({ identifier }, index) => ({ identifier, index, created: true })),
    errors: [],
  };
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}/v1`);
});
