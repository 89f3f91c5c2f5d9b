import type { Readable } from "node:stream";
import { type Client, type ClientOptions, createClient } from "../../api/client.js";
import { type Clock, realClock } from "../../api/clock.js";
import { openDispatcher } from "../../api/connection.js";
import { PortloadError } from "../../errors.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import type { ReadIo } from "../../read/read.js";
import type { EarlyProgress, Progress } from "../../report/progress.js";
import type { Report } from "../../report/report.js";
import { openTimeline, type Timeline } from "../../report/timeline.js";
import { type ApiChoices, clientOptionsOf } from "./client-options.js";
import { type OpenControl, openControl } from "./control.js";
import type { RunHooks } from "./hooks.js";
import type { SourceHooks, SourceQuestions } from "./inventory.js";

/** What a run takes from the world around it. */
export interface ImportContext extends SourceHooks, RunHooks {
  /** Read for `PORT_CLIENT_ID`, `PORT_CLIENT_SECRET`, `PORT_API_URL`, `PORT_REGION`, `PORTLOAD_STATE` and the proxy variables. Default none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What a source `-` reads. */
  readonly stdin?: Readable;
  /** Interrupts the run: reading stops, what is in flight is finished, and the run ends with a report (`ending` is `interrupted`). */
  readonly signal?: AbortSignal;
  /** Called once the run has its id, with a function that says how far it is. */
  readonly onStart?: (started: { readonly importId: string; readonly progress: () => Progress }) => void;
}

/** What a run takes from the program around it, besides. */
export interface RunContext extends ImportContext, SourceQuestions {
  /** Time for waits between attempts and the pace; default the machine's. */
  readonly clock?: Clock;
  /** The arguments that were typed after the program's name, so that the report shows how to repeat the run. Default: only the command's name is shown. */
  readonly commandLine?: readonly string[];
  /** A connection that is open already; closed with the run. Default: one of its own. */
  readonly connection?: Connection | undefined;
  /** Called once there is a connection, with a function that reports progress before the run has its id. */
  readonly onConnection?: (progress: () => EarlyProgress) => void;
  /** Called once the run has its id, with a function that gives the report so far. */
  readonly onReport?: (soFar: () => Report) => void;
}

/** An open connection to the API, and the control of its requests. */
export interface Connection {
  readonly client: Client;
  readonly control: OpenControl;
  /** What happened when, for the report. */
  readonly timeline: Timeline;
  close(): Promise<void>;
}

/** Options of what is under way at once, and of how much may be rejected. */
type ControlChoices = Pick<ResolvedRunOptions, "concurrency" | "maxErrors">;

/** Opens the connection of a command that writes. Nothing is sent yet. */
export function connect(
  clientOptions: ClientOptions,
  { concurrency = "auto", maxErrors }: Partial<ControlChoices>,
  { signal, clock }: RunContext,
): Connection {
  const control = openControl({ concurrency, maxErrors, signal, clock });
  const timeline = openTimeline(() => performance.now());
  const client = createClient({
    ...clientOptions,
    connections: "pool",
    ...(clock && { clock }),
    signal: control.grace,
    onWait: timeline.waited,
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

/**
 * Opens the connection of a command and asks for the token, so that it arrives while the rest of the program is loaded and the sources are inspected.
 *
 * @returns undefined where the options or the environment do not fit: the command reports that in its turn, and opens its own
 */
export function connectEarly(
  options: ApiChoices & Partial<ControlChoices>,
  context: Pick<ImportContext, "env" | "signal">,
): Connection | undefined {
  try {
    const connection = connect(clientOptionsOf(options, context.env ?? {}), options, context);
    connection.client.signIn();
    return connection;
  } catch (error) {
    if (error instanceof PortloadError) return undefined;
    throw error;
  }
}

/** How addresses of sources are downloaded: through the environment's proxies, waits by the clock given. Closed by the caller. */
export async function openDownloads({
  env = {},
  clock = realClock,
}: {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly clock?: Clock | undefined;
}): Promise<{ readonly fetch: NonNullable<ReadIo["fetch"]>; close(): Promise<void> }> {
  const dispatcher = await openDispatcher(env);
  return {
    fetch: { dispatcher, sleep: (ms, signal) => clock.sleep(ms, signal) },
    close: () => dispatcher.destroy(),
  };
}
