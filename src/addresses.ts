import { UsageError } from "./errors.js";

/** Whether a host, as an address names it, is this machine alone: `localhost`, `127.0.0.1`, `[::1]` and their like. */
export function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** Where the emulator listens by default. */
export const emulatorPort = 4455;

/** Where the API's address may come from. */
export interface ApiUrlSources {
  /** `--api-url`. */
  readonly apiUrl?: string;
  /** Read for `PORT_API_URL`, `PORT_BASE_URL` and `PORT_REGION`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Resolves the API's base address: flag over `PORT_API_URL` over `PORT_BASE_URL` over `PORT_REGION` (`eu`, `us`) over `eu`.
 *
 * `/v1` is added when the path is empty; a trailing slash is taken off.
 *
 * @throws {UsageError} for an address that is not http(s), or holds user, password, query or fragment, and for an unknown region
 * @source API reference, "Base URL": api.port.io for the EU, api.us.port.io for the US
 */
export function resolveApiUrl({ apiUrl, env }: ApiUrlSources): string {
  if (apiUrl !== undefined) return baseUrl(apiUrl, "--api-url");
  if (env.PORT_API_URL) return baseUrl(env.PORT_API_URL, "PORT_API_URL");
  // The name that other tools of Port's read.
  if (env.PORT_BASE_URL) return baseUrl(env.PORT_BASE_URL, "PORT_BASE_URL");
  return regionUrl(env.PORT_REGION || "eu");
}

/** Whether the environment says where the API is. */
export function namesApi(env: ApiUrlSources["env"]): boolean {
  return [env.PORT_API_URL, env.PORT_BASE_URL, env.PORT_REGION].some((given) => given !== undefined);
}

function regionUrl(region: string): string {
  const url = new Map([
    ["eu", "https://api.port.io/v1"],
    ["us", "https://api.us.port.io/v1"],
  ]).get(region.toLowerCase());
  if (url === undefined) {
    throw new UsageError(`PORT_REGION is "${region}"`, {
      hint: "It is eu or us; for any other address set PORT_API_URL.",
    });
  }
  return url;
}

function baseUrl(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text itself is not repeated: it may hold a password.
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.hostname === "") {
    throw new UsageError(`${from} is not an http(s) address`, { hint: "Write it like https://api.port.io/v1." });
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new UsageError(`${from} holds more than an address: a user, password, query or fragment`, {
      hint: "Give credentials as PORT_CLIENT_ID and PORT_CLIENT_SECRET.",
    });
  }
  const path = url.pathname.replace(/\/+$/, "");
  return url.origin + (path === "" ? "/v1" : path);
}

/**
 * The Redis through which jobs share their pace: `--pace` over `PORTLOAD_PACE`; undefined for none. A password may be in either, better in the
 * variable: a flag without one takes it from the variable when both name the same server.
 *
 * @throws {UsageError} for what is not a redis:// or rediss:// address; the message does not repeat it, for it may hold a password
 */
export function resolveRedisUrl(
  pace: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const flag = pace === undefined ? undefined : redisUrl(pace, "--pace");
  const variable = env.PORTLOAD_PACE ? redisUrl(env.PORTLOAD_PACE, "PORTLOAD_PACE") : undefined;
  const sameServer = flag?.host === variable?.host && flag?.pathname === variable?.pathname;
  const chosen = flag === undefined || (sameServer && flag.password === "") ? (variable ?? flag) : flag;
  return chosen?.href;
}

/** The address without user, password and query, for messages, the journal and reports. */
export function publicRedisUrl(url: string): string {
  if (!URL.canParse(url)) return "redis://***";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

function redisUrl(text: string, from: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "")
    throw new UsageError(`${from} is not a Redis address`, {
      hint: "Write it like redis://host:6379/0; a password is best put into PORTLOAD_PACE.",
    });
  return url;
}

/** Addresses of Port's API, and of the application that shows what it holds. */
const applications: Readonly<Record<string, string>> = {
  "api.port.io": "https://app.port.io",
  "api.us.port.io": "https://app.us.port.io",
  "api.getport.io": "https://app.getport.io",
  "api.us.getport.io": "https://app.us.getport.io",
};

/**
 * Where a person looks at an entity: in Port's application, or on the catalog page that an API on this machine has at its root, where a blueprint has a page, too.
 * Undefined for an address that is neither, where nothing is known.
 *
 * @param target - base address of the API
 */
export function entityAddress(target: string | undefined, blueprint: string, identifier?: string): string | undefined {
  if (target === undefined || !URL.canParse(target)) return undefined;
  const { hostname, origin } = new URL(target);
  const [of, name] = [encodeURIComponent(blueprint), identifier === undefined ? "" : encodeURIComponent(identifier)];
  if (isLoopback(hostname)) return `${origin}/catalog/${of}${name && `/${name}`}`;
  const application = Object.hasOwn(applications, hostname) ? applications[hostname] : undefined;
  if (application === undefined) return undefined;
  return identifier === undefined ? undefined : `${application}/${of}Entity?identifier=${name}`;
}
