import type { Readable } from "node:stream";
import { resolveApiUrl, resolveRedisUrl } from "../../api/addresses.js";
import { type Client, type ClientOptions, createClient } from "../../api/client.js";
import { type Clock, realClock } from "../../api/clock.js";
import { openDispatcher } from "../../api/connection.js";
import { CredentialsError, UsageError } from "../../errors.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import type { ReadIo } from "../../read/read.js";
import { openTimeline, type Timeline } from "../../report/timeline.js";
import type { Progress } from "../../report/words.js";
import type { Credentials } from "../../secrets.js";
import { version } from "../../version.js";
import { type OpenControl, openControl } from "./control.js";
import type { SourceTalk } from "./inventory.js";
import type { Ledger } from "./ledger.js";

/** What an import takes from the world around it. */
export interface ImportContext extends SourceTalk {
  /** Read for `PORT_CLIENT_ID`, `PORT_CLIENT_SECRET`, `PORT_API_URL`, `PORT_REGION`, `PORTLOAD_STATE` and the proxy variables. Default none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What a source `-` reads. */
  readonly stdin?: Readable;
  /** Interrupts the import: reading stops, what is in flight is finished. */
  readonly signal?: AbortSignal;
  /** Time for waits between attempts and the pace; default the machine's. */
  readonly clock?: Clock;
  /** The words that were typed behind the program's name, so that the report shows how to do it again. Default: only the command's name is shown. */
  readonly commandLine?: readonly string[];
  /** Called once the import runs, with a function that says how far it is. */
  readonly onStart?: (started: { readonly importId: string; readonly progress: () => Progress }) => void;
}

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

/** Takes the credentials from the environment: never from flags, which other users of the machine can read. @throws {CredentialsError} when one is missing */
export function credentialsFrom(env: Readonly<Record<string, string | undefined>>): Credentials {
  const { PORT_CLIENT_ID: clientId, PORT_CLIENT_SECRET: clientSecret } = env;
  const missing = [!clientId && "PORT_CLIENT_ID", !clientSecret && "PORT_CLIENT_SECRET"].filter(
    (name) => name !== false,
  );
  if (!clientId || !clientSecret)
    throw new CredentialsError(`no credentials: set ${missing.join(" and ")}`, {
      hint: "In Port: the … menu, Credentials. For a local try: portload emulator, whose credentials are portload and portload.",
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

/** An open connection to the API, and the control of what goes through it. */
export interface Connection {
  readonly client: Client;
  readonly control: OpenControl;
  /** What happened when, for the report. */
  readonly timeline: Timeline;
  close(): Promise<void>;
}

/** Opens the connection of a command that writes. Nothing is sent yet. */
export function connect(
  clientOptions: ClientOptions,
  { concurrency, maxErrors }: Pick<ResolvedRunOptions, "concurrency" | "maxErrors">,
  { signal, clock }: ImportContext,
): Connection {
  const control = openControl({ concurrency, maxErrors, signal, clock });
  const timeline = openTimeline(() => performance.now());
  const client = createClient({
    ...clientOptions,
    ...(clock && { clock }),
    signal: control.grace,
    onExchange({ route, ms, trouble, isOverQuota }) {
      timeline.exchange(isOverQuota);
      if (route === "bulk") control.width.settle(ms, trouble);
    },
  });
  return {
    client,
    control,
    timeline,
    async close() {
      control.close();
      await client.close();
    },
  };
}

/** How addresses of sources are downloaded: through the environment's proxies, waits by the clock given. Closed by the caller. */
export function openDownloads({
  env = {},
  clock = realClock,
}: {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly clock?: Clock | undefined;
}): { readonly fetch: NonNullable<ReadIo["fetch"]>; close(): Promise<void> } {
  const dispatcher = openDispatcher(env);
  return {
    fetch: { dispatcher, sleep: (ms, signal) => clock.sleep(ms, signal) },
    close: () => dispatcher.destroy(),
  };
}

/** How far a run is, with the requests per second since it was last asked. */
export function watchProgress(ledger: Ledger, client: Client): () => Progress {
  let last = { at: performance.now(), total: client.counts().total };
  return () => {
    const now = { at: performance.now(), total: client.counts().total };
    const seconds = Math.max(0.001, (now.at - last.at) / 1000);
    const requestsPerSecond = Math.round(((now.total - last.total) / seconds) * 10) / 10;
    last = now;
    const { records, entities } = ledger.counts;
    const quotaShare = client.quotaUse();
    return {
      read: records.read,
      written: entities.created + entities.updated,
      rejected: ledger.rejected,
      requestsPerSecond,
      ...(quotaShare !== undefined && { quotaShare }),
    };
  };
}
