import { resolveApiUrl, resolveRedisUrl } from "../../api/addresses.js";
import type { ClientOptions } from "../../api/client.js";
import { UsageError } from "../../errors.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import { version } from "../../version.js";
import { credentialsFrom } from "./credentials.js";

/** Options of a command that talks to the API. */
export type ApiChoices = Partial<
  Pick<ResolvedRunOptions, "apiUrl" | "rate" | "quotaShare" | "pace" | "paceFallback" | "timeout" | "requestTimeout">
>;

/**
 * What a client is opened with: flags over environment over defaults.
 *
 * @throws {UsageError} for an address that cannot be one, and a fallback without a pace
 * @throws {CredentialsError} when the environment has none
 */
export function clientOptionsOf(options: ApiChoices, env: Readonly<Record<string, string | undefined>>): ClientOptions {
  const { apiUrl, rate, quotaShare, pace, paceFallback, timeout, requestTimeout } = options;
  const url = resolveRedisUrl(pace, env);
  if (paceFallback !== undefined && url === undefined)
    throw new UsageError("--pace-fallback is given without --pace", { hint: "See --help." });
  return {
    apiUrl: resolveApiUrl({ env, ...(apiUrl !== undefined && { apiUrl }) }),
    env,
    credentials: credentialsFrom(env),
    userAgent: `portload/${version}`,
    ...(rate !== undefined && { rate }),
    ...(quotaShare !== undefined && { share: quotaShare }),
    ...(url !== undefined && {
      sharedPace: { url, ...(paceFallback !== undefined && { fallbackShare: paceFallback }) },
    }),
    ...(timeout !== undefined && { timeoutMs: timeout }),
    ...(requestTimeout !== undefined && { totalTimeoutMs: requestTimeout }),
  };
}
