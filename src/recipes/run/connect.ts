import { type Client, createClient } from "../../api/client.js";
import { type Clock, realClock } from "../../api/clock.js";
import { openDispatcher } from "../../api/connection.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import type { ReadIo } from "../../read/read.js";
import { openTimeline, type Timeline } from "../../report/timeline.js";
import type { clientOptionsOf } from "./client-options.js";
import type { ImportContext } from "./context.js";
import { type OpenControl, openControl } from "./control.js";

/** An open connection to the API, and the control of what goes through it. */
export interface Connection {
  readonly client: Client;
  readonly control: OpenControl;
  /** What happened when, for the report. */
  readonly timeline: Timeline;
  close(): Promise<void>;
}

/** What a command that writes is connected with. */
export type ConnectOptions = Parameters<typeof clientOptionsOf>[0] &
  Pick<ResolvedRunOptions, "concurrency" | "maxErrors">;

/** Opens the connection of a command that writes. Nothing is sent yet. */
export function connect(
  clientOptions: ReturnType<typeof clientOptionsOf>,
  { concurrency, maxErrors }: ConnectOptions,
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
