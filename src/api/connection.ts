import type { AgentOptions } from "node:https";
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { UsageError } from "../errors.js";
import type { ReplyHeaders } from "./reply-parts.js";

type Env = Readonly<Record<string, string | undefined>>;

/** How requests are sent. */
export interface Requests {
  /** Sends a request and gives the reply once its headers are there. The reasons of its rejection have the codes of Node or undici. */
  request(message: WireRequest): Promise<OpenReply>;
  /** Closes all connections; what is in flight fails. */
  destroy(): Promise<void>;
}

interface WireRequest {
  /** Scheme, host and port of the API's address. */
  readonly origin: string;
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly signal: AbortSignal;
}

/** A reply whose body is still to be read. */
export interface OpenReply {
  readonly statusCode: number;
  readonly headers: ReplyHeaders;
  /** `text` reads it whole, where there is a faster way than block by block. */
  readonly body: Readable & { readonly text?: () => Promise<string> };
}

/** Connections to one origin: as many as requests may be in flight. */
const maxConnections = 256;
/** Longest wait for a connection, in milliseconds. */
const connectTimeout = 10_000;

/**
 * Opens the connection to the API: a `pool` of connections, or `one` for a command of few requests, by Node's own HTTP, which loads in a third of the time. Proxies need the pool.
 *
 * @param apiUrl - where all requests are sent
 * @param env - the environment; names in either case, the lower one wins as in curl
 * @throws {UsageError} for a proxy whose address cannot be one
 */
export function openRequests(apiUrl: string, connections: "pool" | "one", env: Env): Requests {
  const proxies = proxiesOf(env);
  if (connections === "one" && proxies === undefined) return openOne(apiUrl);
  const pool = openPool(proxies);
  return {
    request: async (message) => (await pool).request(message),
    destroy: async () => (await pool).destroy(),
  };
}

/**
 * Opens a pool of connections, one per origin, kept alive; through a proxy where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say so.
 *
 * @throws {UsageError} for a proxy whose address cannot be one
 */
export async function openDispatcher(env: Env): Promise<Dispatcher> {
  return openPool(proxiesOf(env));
}

async function openPool(proxies: Proxies | undefined): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await import("undici");
  // The client times each attempt as a whole, so undici's own clocks are off, except for the connection's.
  const options = { connections: maxConnections, headersTimeout: 0, bodyTimeout: 0, connectTimeout };
  return proxies === undefined ? new Agent(options) : new EnvHttpProxyAgent({ ...options, ...proxies });
}

/** One connection, kept alive; more while requests overlap. */
function openOne(apiUrl: string): Requests {
  const { protocol, hostname, port } = new URL(apiUrl);
  const host = { hostname: hostname.replace(/^\[|\]$/g, ""), port };
  // Not by `import`, which loads all that they have: Node's own fetch and web sockets (from Node 22).
  const { Agent, request } = process.getBuiltinModule(protocol === "https:" ? "node:https" : "node:http");
  // As undici's: who speaks HTTP/2 alone then says so.
  const agent = new Agent({ keepAlive: true, ALPNProtocols: ["http/1.1"] } as AgentOptions);
  return {
    request({ body, ...message }) {
      return new Promise((resolve, reject) => {
        const sent = request({ ...message, ...host, agent });
        sent.once("response", (body) => resolve({ statusCode: body.statusCode ?? 0, headers: body.headers, body }));
        sent.on("error", reject);
        sent.once("socket", (socket) => {
          if (!socket.connecting) return;
          const timer = setTimeout(() => sent.destroy(connectFault()), connectTimeout);
          for (const event of ["connect", "close"]) socket.once(event, () => clearTimeout(timer));
        });
        sent.end(body);
      });
    },
    async destroy() {
      agent.destroy();
    },
  };
}

/** As undici names it, too. */
function connectFault(): Error {
  return Object.assign(new Error("no connection in time"), { code: "UND_ERR_CONNECT_TIMEOUT" });
}

/** Proxies by the scheme that they serve; an empty address for none. */
interface Proxies {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/** The proxies that the environment names, undefined for none. @throws {UsageError} for one whose address cannot be one */
function proxiesOf(env: Env): Proxies | undefined {
  const httpProxy = proxyAddress(httpNames, env);
  const httpsProxy = proxyAddress(httpsNames, env);
  if (httpProxy === "" && httpsProxy === "") return undefined;
  return { httpProxy, httpsProxy, noProxy: env.no_proxy || env.NO_PROXY || "" };
}

const httpNames = ["http_proxy", "HTTP_PROXY"];
const httpsNames = ["https_proxy", "HTTPS_PROXY"];

/** The address in the first variable that is set, `http://` added where it has no scheme, as curl does; empty for none. */
function proxyAddress(names: readonly string[], env: Env): string {
  const name = names.find((each) => env[each]);
  if (name === undefined) return "";
  const text = env[name] ?? "";
  const url = parseProxy(text);
  if (url !== undefined) return url.href;
  // The text itself is not repeated: it may hold a password.
  throw new UsageError(`${name} is not the address of a proxy`, {
    hint: "Write http://host:port, with user and password http://user:password@host:port; percent-encode signs such as @ : / # ? % in the password (%40 for @).",
  });
}

function parseProxy(text: string): URL | undefined {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.hostname === "") return undefined;
  // A raw sign in the password ends the host too early.
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") return undefined;
  try {
    decodeURIComponent(`${url.username}:${url.password}`);
    return url;
  } catch {
    return undefined;
  }
}

/** The proxy that requests to an address go through. */
export interface ProxyChoice {
  /** Its address without user and password. */
  readonly address: string;
  /** The variable that names it. */
  readonly from: string;
}

/**
 * The proxy that the environment names for an address; undefined for none. `HTTP_PROXY` serves https addresses, too, where `HTTPS_PROXY` is not set.
 *
 * @source undici, EnvHttpProxyAgent: the same order, names in either case, the lower one first
 */
export function proxyFor(url: string, env: Env): ProxyChoice | undefined {
  const { protocol, hostname, port } = new URL(url);
  const names = protocol === "https:" ? [...httpsNames, ...httpNames] : httpNames;
  const from = names.find((name) => env[name]);
  if (from === undefined || isExcepted(hostname, port || (protocol === "https:" ? "443" : "80"), env)) return undefined;
  return { address: publicAddress(env[from] ?? ""), from };
}

/** `NO_PROXY`: hosts separated by commas or blanks, with or without a leading dot or star and a port; a star alone for all. */
function isExcepted(hostname: string, port: string, env: Env): boolean {
  const entries = (env.no_proxy || env.NO_PROXY || "").split(/[,\s]+/).filter((entry) => entry !== "");
  return entries.some((entry) => {
    if (entry === "*") return true;
    const [, host = "", onlyPort] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? [];
    if (onlyPort !== undefined && onlyPort !== port) return false;
    const bare = host.replace(/^\*?\./, "").toLowerCase();
    return hostname === bare || hostname.endsWith(`.${bare}`);
  });
}

function publicAddress(text: string): string {
  const url = parseProxy(text);
  return url === undefined ? "(no address)" : `${url.protocol}//${url.host}`;
}

/** What a server shows of itself when a TLS connection is opened. */
export type Certificate =
  | { readonly is: "accepted"; readonly issuer: string; readonly validTo: string }
  /** Code of the fault, such as `SELF_SIGNED_CERT_IN_CHAIN`. */
  | { readonly is: "refused"; readonly code: string };

/** Longest wait for the handshake, in milliseconds. */
const patienceMs = 10_000;

/** Opens a TLS connection to an https address, directly, and reports whose certificate the server shows. Sends no request. */
export async function lookAtCertificate(url: string): Promise<Certificate> {
  const { connect } = await import("node:tls");
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port || 443), servername: /^[\d.:]+$/.test(host) ? "" : host });
    const settle = (certificate: Certificate) => {
      socket.destroy();
      resolve(certificate);
    };
    socket.setTimeout(patienceMs, () => settle({ is: "refused", code: "ETIMEDOUT" }));
    socket.once("error", (error: NodeJS.ErrnoException) => settle({ is: "refused", code: error.code ?? error.name }));
    socket.once("secureConnect", () => {
      const { issuer, valid_to } = socket.getPeerCertificate();
      const name = issuer?.O ?? issuer?.CN ?? "an unnamed authority";
      settle({ is: "accepted", issuer: Array.isArray(name) ? name.join(", ") : name, validTo: valid_to });
    });
  });
}
