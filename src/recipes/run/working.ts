import { HookError } from "../../errors.js";
import type { Progress } from "../../report/progress.js";
import type { Connection, RunContext } from "./connect.js";
import { GraceOver, type Stop } from "./control.js";
import type { RunHooks } from "./hooks.js";
import type { Ledger } from "./ledger.js";
import { type Whereabouts, watchProgress } from "./progress.js";

/** A run that has its id. */
interface Begun {
  readonly importId: string;
  readonly job: { readonly ledger: Ledger; readonly whereabouts: Whereabouts };
  readonly connection: Connection;
}

/** Does the work of a run that has its id, and tells the caller how far it is. A failure is a value. */
export async function working(
  context: RunContext,
  { importId, job: { ledger, whereabouts }, connection }: Begun,
  work: () => Promise<void>,
): Promise<Worked> {
  const { stop } = connection.control;
  const progress = watchProgress(ledger, connection, whereabouts);
  return doWork(stop, () => {
    context.onStart?.({ importId, progress });
    return whileTold(context, progress, stop, work);
  });
}

/** Between two calls of `onProgress`, in milliseconds. */
const progressEveryMs = 1000;

/** Does the work of a run while its caller is told how far it is. @throws {HookError} when the caller's function throws, which stops the run */
async function whileTold(
  { onProgress }: RunHooks,
  progress: () => Progress,
  stop: Pick<Stop, "because">,
  work: () => Promise<void>,
): Promise<void> {
  if (onProgress === undefined) return work();
  let thrown: HookError | undefined;
  const tell = (): void => {
    try {
      if (thrown === undefined) onProgress(progress());
    } catch (cause) {
      thrown = new HookError("onProgress", cause);
      stop.because("failed");
    }
  };
  const timer = setInterval(tell, progressEveryMs);
  timer.unref();
  try {
    await work();
  } catch (error) {
    throw thrown ?? error;
  } finally {
    clearInterval(timer);
    tell();
  }
  if (thrown !== undefined) throw thrown;
}

/** How the work of an import went. */
export interface Worked {
  readonly durationMs: number;
  /** Why it could not continue; absent where it was done, or stopped. */
  readonly error?: unknown;
}

/** Does the work of an import. A failure stops it, and is a value. */
export async function doWork(stop: Stop, work: () => Promise<void>): Promise<Worked> {
  const startedMs = performance.now();
  const failed = await caught(stop, work);
  return { durationMs: performance.now() - startedMs, ...failed };
}

/** What the work throws, as a value; a failure stops the run. */
export async function caught(stop: Stop, work: () => Promise<void>): Promise<{ readonly error?: unknown }> {
  try {
    await work();
    return {};
  } catch (error) {
    // Reading that was stopped ends with the stop's own reason.
    if (error === stop.signal.reason || error instanceof GraceOver) return {};
    stop.because("failed");
    return { error };
  }
}
