import { HookError } from "../../errors.js";
import type { Progress } from "../../report/progress.js";
import type { Connection, RunContext } from "./connect.js";
import type { Stop } from "./control.js";
import { doWork, type Worked } from "./finish.js";
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
