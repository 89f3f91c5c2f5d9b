import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { readDescription, replyChecks, starred } from "./reply-check.mjs";

/**
 * Watches every emulator of this process, from the moment this file is loaded: vitest loads it before each test file, `--import` into a program that a test spawns.
 * Each reply is compared with Port's API description where that is at hand; which routes answered with which status is noted in the run's folder, once per process.
 */

/** How replies broke the description since {@link takeBreaches} was last called. @type {string[]} */
const breaches = [];

/** Gives how replies broke the description, and forgets it. */
export function takeBreaches() {
  return breaches.splice(0);
}

const folder = process.env.PORTLOAD_REPLIES;
if (folder !== undefined) {
  const cells = join(folder, `cells-${process.pid}.txt`);
  const failures = join(folder, `breaches-${process.pid}.txt`);
  /** @type {Set<string>} */
  const seen = new Set();
  /** @type {ReturnType<typeof replyChecks> | undefined} */
  let checks;
  /** @param {string} method @param {string} pattern @param {number} status @param {unknown} payload */
  const look = (method, pattern, status, payload) => {
    if (checks === undefined) {
      const description = readDescription(folder);
      checks = description === undefined ? () => undefined : replyChecks(description);
    }
    const check = checks(method, pattern, status);
    const cell = `${method} ${starred(pattern)} ${status}${check === undefined ? "" : " checked"}`;
    if (!seen.has(cell)) {
      seen.add(cell);
      appendFileSync(cells, `${cell}\n`);
    }
    const breach = check?.(typeof payload === "string" ? JSON.parse(payload) : payload);
    if (breach === undefined) return;
    breaches.push(`${cell}: ${breach}`);
    // In a process of vitest's the test itself fails.
    if (process.env.VITEST === undefined)
      appendFileSync(failures, `${cell}: ${breach}: ${String(payload).slice(0, 300)}\n`);
  };
  subscribe("fastify.initialization", (message) => {
    const { fastify } = /** @type {{ fastify: import("fastify").FastifyInstance }} */ (message);
    fastify.addHook("onSend", (request, reply, payload, done) => {
      // Only the emulator has this route; a test's own server is none of our business.
      const emulator = fastify.hasRoute({ method: "GET", url: "/__emulator/stats" });
      const pattern = request.routeOptions.url;
      // What a test's faults ask for, and that the emulator answers loopback names only, are no behaviour of the API.
      const isScripted = reply.hasHeader("x-portload-fault") || reply.statusCode >= 500 || reply.statusCode === 421;
      if (emulator && !isScripted && pattern?.startsWith("/v1/"))
        look(request.method, pattern, reply.statusCode, payload);
      done();
    });
  });
}
