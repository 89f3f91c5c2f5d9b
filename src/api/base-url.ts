import { UsageError } from "../errors.js";

/** Where the API's address may come from. */
export interface ApiUrlSources {
  /** `--api-url`. */
  readonly apiUrl?: string;
  /** Read for `PORT_API_URL` and `PORT_REGION`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Resolves the API's base address: flag over `PORT_API_URL` over `PORT_REGION` (`eu`, `us`) over `eu`.
 *
 * `/v1` is added when the path is empty; a trailing slash is taken off.
 *
 * @throws {UsageError} for an address that is not http(s), or holds user, password, query or fragment, and for an unknown region
 * @source API reference, "Base URL": api.port.io for the EU, api.us.port.io for the US
 */
export function resolveApiUrl({ apiUrl, env }: ApiUrlSources): string {
  if (apiUrl !== undefined) return baseUrl(apiUrl, "--api-url");
  if (env.PORT_API_URL) return baseUrl(env.PORT_API_URL, "PORT_API_URL");
  return regionUrl(env.PORT_REGION || "eu");
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
