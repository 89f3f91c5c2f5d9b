// What this package uses of undici, by its parts: the whole of it (fetch, caches, mocks, web sockets) takes a third of the time in which an import starts.
// The bundle takes this in undici's place; its version is pinned, and every test that spawns an import runs through it.
import connect from "undici/lib/api/api-connect.js";
import request_ from "undici/lib/api/api-request.js";
import Agent from "undici/lib/dispatcher/agent.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
import EnvHttpProxyAgent from "undici/lib/dispatcher/env-http-proxy-agent.js";

Object.assign(Dispatcher.prototype, { connect, request: request_ });

/** As undici's own, for calls that name their dispatcher. */
export function request(address, { dispatcher, ...options }) {
  const { origin, pathname, search } = new URL(address);
  return dispatcher.request({ method: "GET", ...options, origin, path: `${pathname}${search}` });
}

export { Agent, EnvHttpProxyAgent };
