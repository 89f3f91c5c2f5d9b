import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici";

/** Connections to one origin: as many as requests may be in flight. */
const maxConnections = 256;

/**
 * Opens the pool of connections, one per origin, kept alive; through a proxy where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say so.
 *
 * @param env - the environment; names in either case, the lower one wins as in curl
 */
export function openDispatcher(env: Readonly<Record<string, string | undefined>>): Dispatcher {
  // The client times each attempt as a whole, so undici's own clocks are off, but for the connection's.
  const options = { connections: maxConnections, headersTimeout: 0, bodyTimeout: 0, connectTimeout: 10_000 };
  const httpProxy = env.http_proxy || env.HTTP_PROXY || "";
  const httpsProxy = env.https_proxy || env.HTTPS_PROXY || "";
  if (httpProxy === "" && httpsProxy === "") return new Agent(options);
  return new EnvHttpProxyAgent({ ...options, httpProxy, httpsProxy, noProxy: env.no_proxy || env.NO_PROXY || "" });
}
