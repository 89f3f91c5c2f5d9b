import { stat } from "node:fs/promises";
import { HookError } from "../../errors.js";
import type { EarlyProgress, Progress } from "../../report/progress.js";
import type { Connection, RunContext } from "./connect.js";
import { GraceOver, type Stop } from "./control.js";
import type { RunHooks } from "./hooks.js";
import type { Ledger } from "./ledger.js";

/** A run that has its id. */
interface Begun {
  readonly importId: string;
  readonly job: { readonly ledger: Ledger; readonly whereabouts: Whereabouts };
  readonly connection: Connection;
}

/** Does the work of a run that has its id, and reports the progress to the caller. A failure is a value. */
export async function working(
  context: RunContext,
  { importId, job: { ledger, whereabouts }, connection }: Begun,
  work: () => Promise<void>,
): Promise<Worked> {
  const { stop } = connection.control;
  const progress = watchProgress(ledger, connection, whereabouts);
  return doWork(stop, () => {
    context.onStart?.({ importId, progress });
    return reportingProgress(context, progress, stop, work);
  });
}

/** Between two calls of `onProgress`, in milliseconds. */
const progressEveryMs = 1000;

/** Does the work of a run and reports its progress to the caller. @throws {HookError} when the caller's function throws, which stops the run */
async function reportingProgress(
  { onProgress }: RunHooks,
  progress: () => Progress,
  stop: Pick<Stop, "because">,
  work: () => Promise<void>,
): Promise<void> {
  if (onProgress === undefined) return work();
  let thrown: HookError | undefined;
  const report = (): void => {
    try {
      if (thrown === undefined) onProgress(progress());
    } catch (cause) {
      thrown = new HookError("onProgress", cause);
      stop.because("failed");
    }
  };
  const timer = setInterval(report, progressEveryMs);
  timer.unref();
  try {
    await work();
  } catch (error) {
    throw thrown ?? error;
  } finally {
    clearInterval(timer);
    report();
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

/** Says where a run is, for who watches it. */
export interface Whereabouts {
  /** The run begins this step, from 1, or does something after its last one. */
  enter(name: string, number?: number): void;
  /** So many bytes of a local source were read. */
  read(source: number, bytes: number): void;
  /** A source was read to its end, or as far as it is wanted. */
  whole(source: number): void;
  readonly step: Progress["step"];
  /** Share of the bytes that are read, 0 to 1; undefined where a source has no size. */
  share(): number | undefined;
}

/**
 * Notes where a run is.
 *
 * @param steps - how many there are
 * @param sources - with their paths; the sizes of files are asked for here
 */
export async function openWhereabouts(
  steps: number,
  sources: readonly { readonly index: number; readonly path: string; readonly readFrom?: string }[],
): Promise<Whereabouts> {
  const sizes = new Map<number, number>();
  const done = new Map<number, number>();
  let isKnown = true;
  for (const { index, path, readFrom = path } of sources) {
    const found = await stat(readFrom).catch(() => undefined);
    if (found?.isFile() === true) sizes.set(index, (sizes.get(index) ?? 0) + found.size);
    else isKnown = false;
  }
  const total = sum(sizes);
  let step: Progress["step"];
  return {
    enter(name, number = steps) {
      step = { number, of: steps, name };
    },
    read: (source, bytes) => void done.set(source, Math.min(sizes.get(source) ?? 0, (done.get(source) ?? 0) + bytes)),
    whole: (source) => void done.set(source, sizes.get(source) ?? 0),
    get step() {
      return step;
    },
    share: () => (isKnown && total > 0 ? sum(done) / total : undefined),
  };
}

function sum(numbers: ReadonlyMap<unknown, number>): number {
  return [...numbers.values()].reduce((all, one) => all + one, 0);
}

/** Rates cover the last so many milliseconds, the time left a longer span. */
const rateMs = 10_000;
const estimateMs = 60_000;
/** Nothing is estimated before. */
const firstEstimateMs = 3000;
const firstEstimateShare = 0.005;

interface SpeedSample {
  readonly at: number;
  readonly read: number;
  readonly done: number;
  readonly requests: number;
  readonly share: number | undefined;
}

/** The progress before the first record is read. */
export function watchConnection({ client, control: { clock } }: Connection): () => EarlyProgress {
  const startedAt = clock.now();
  return () => ({ elapsedMs: clock.now() - startedAt, ...trafficOf(client) });
}

/** How far a run is. What it does per second is that of the last seconds, whenever it was asked before. */
export function watchProgress(
  ledger: Ledger,
  { client, control: { clock } }: Connection,
  whereabouts: Pick<Whereabouts, "share" | "step">,
): () => Progress {
  const take = (): SpeedSample => {
    const { records, entities } = ledger.counts;
    const { created, updated, unchanged, duplicate, rejected, mapped } = entities;
    const done = created + updated + unchanged + duplicate + rejected;
    const bytes = whereabouts.share();
    // What was read and is not settled is still to be done.
    const share = bytes === undefined ? undefined : Math.min(1, bytes * (mapped === 0 ? 1 : done / mapped));
    return { at: clock.now(), read: records.read, done, requests: client.counts().total, share };
  };
  const first = take();
  let samples = [first];
  return () => {
    const now = take();
    samples = [...samples.filter(({ at }) => now.at - at <= estimateMs), now];
    const before = samples.find(({ at }) => now.at - at <= rateMs) ?? now;
    const seconds = Math.max(0.001, (now.at - before.at) / 1000);
    const perSecond = (of: "read" | "done" | "requests"): number =>
      Math.round(((now[of] - before[of]) / seconds) * 10) / 10;
    const leftMs = estimate(samples[0] ?? first, now, now.at - first.at);
    const quotaShare = client.quotaUse();
    const { step } = whereabouts;
    const { entities } = ledger.counts;
    return {
      read: now.read,
      written: entities.created + entities.updated,
      done: now.done,
      rejected: ledger.rejected,
      recordsPerSecond: perSecond("read"),
      entitiesPerSecond: perSecond("done"),
      requestsPerSecond: perSecond("requests"),
      elapsedMs: now.at - first.at,
      ...(now.share !== undefined && { share: now.share }),
      ...(leftMs !== undefined && { leftMs }),
      ...(step !== undefined && { step }),
      ...(quotaShare !== undefined && { quotaShare }),
      ...trafficOf(client),
    };
  };
}

function trafficOf(client: Connection["client"]): Pick<Progress, "inFlight" | "waiting"> {
  const { inFlight, wait } = client.traffic();
  return { inFlight, ...(wait && { waiting: wait }) };
}

function estimate(before: SpeedSample, now: SpeedSample, elapsedMs: number): number | undefined {
  if (now.share === undefined || before.share === undefined) return undefined;
  if (elapsedMs < firstEstimateMs || now.share < firstEstimateShare || now.share <= before.share) return undefined;
  return ((1 - now.share) * (now.at - before.at)) / (now.share - before.share);
}
