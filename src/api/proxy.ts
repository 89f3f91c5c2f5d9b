/** The proxy that requests to an address go through. */
export interface ProxyChoice {
  /** Its address without user and password. */
  readonly address: string;
  /** The variable that names it. */
  readonly from: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Tells which proxy the environment names for an address; undefined for none. `HTTP_PROXY` serves https addresses, too, where `HTTPS_PROXY` is not set.
 *
 * @source undici, EnvHttpProxyAgent: the same order, names in either case, the lower one first
 */
export function proxyFor(url: string, env: Env): ProxyChoice | undefined {
  const { protocol, hostname, port } = new URL(url);
  const names =
    protocol === "https:" ? ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"] : ["http_proxy", "HTTP_PROXY"];
  const from = names.find((name) => env[name]);
  if (from === undefined || isExcepted(hostname, port || (protocol === "https:" ? "443" : "80"), env)) return undefined;
  return { address: publicAddress(env[from] ?? ""), from };
}

/** `NO_PROXY`: hosts parted by commas or blanks, with or without a leading dot or star and a port; a star alone for all. */
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
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url === undefined || url.host === "" ? "(no address)" : `${url.protocol}//${url.host}`;
}
