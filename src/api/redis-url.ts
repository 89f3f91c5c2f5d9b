import { UsageError } from "../errors.js";

/**
 * The Redis that jobs share their pace through: `--pace` over `PORTLOAD_PACE`; undefined for none. A password may stand in either, better in the
 * variable: a flag without one takes it from the variable when both name the same server.
 *
 * @throws {UsageError} for what is no redis:// or rediss:// address; the message does not repeat it, for it may hold a password
 */
export function resolveRedisUrl(
  pace: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const flag = pace === undefined ? undefined : parse(pace, "--pace");
  const variable = env.PORTLOAD_PACE ? parse(env.PORTLOAD_PACE, "PORTLOAD_PACE") : undefined;
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

function parse(text: string, from: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "")
    throw new UsageError(`${from} is no address of a Redis`, {
      hint: "Write it like redis://host:6379/0; a password is best put into PORTLOAD_PACE.",
    });
  return url;
}
