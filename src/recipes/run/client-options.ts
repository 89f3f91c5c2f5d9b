import { resolveApiUrl, resolveRedisUrl } from "../../addresses.js";
import type { ClientOptions } from "../../api/client.js";
import { CredentialsError, UsageError } from "../../errors.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import type { Credentials } from "../../secrets.js";
import { version } from "../../version.js";

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
    throw new UsageError("--pace-fallback is given without --pace", {
      hint: "Name the Redis that is shared, too: --pace redis://127.0.0.1:6379",
    });
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

/** Takes the credentials from the environment: never from flags, which other users of the machine can read. @throws {CredentialsError} when one is missing */
export function credentialsFrom(env: Readonly<Record<string, string | undefined>>): Credentials {
  const { PORT_CLIENT_ID: clientId, PORT_CLIENT_SECRET: clientSecret } = env;
  const missing = [!clientId && "PORT_CLIENT_ID", !clientSecret && "PORT_CLIENT_SECRET"].filter(
    (name) => name !== false,
  );
  if (!clientId || !clientSecret)
    throw new CredentialsError(`no credentials: set ${missing.join(" and ")}`, {
      hint: "Take them from Port: the … menu, Credentials; then export PORT_CLIENT_ID=… PORT_CLIENT_SECRET=…, and PORT_REGION=us for an account in the US. To try without an account: portload emulator prints the lines to paste.",
    });
  for (const [name, value] of [
    ["PORT_CLIENT_ID", clientId],
    ["PORT_CLIENT_SECRET", clientSecret],
  ] as const)
    if (/[\s\p{Cc}]/u.test(value))
      throw new CredentialsError(`${name} has a line end, a blank or a control character in it`, {
        hint: `Take it out; from a file: export ${name}="$(tr -d '\\r\\n' < file)".`,
      });
  return { clientId, clientSecret };
}
