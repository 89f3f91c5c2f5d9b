import { formatCount, formatDuration, formatNumber } from "./words.js";

/** What a run waits for. */
export interface ProgressWait {
  /** Room in the quota, another attempt, or the token. */
  readonly for: "quota" | "retry" | "token";
  /** Milliseconds until it continues, where that is known. */
  readonly leftMs?: number;
  /** Requests that wait for another attempt. */
  readonly requests?: number;
  /** What was wrong with the attempt before, such as `HTTP 503`. */
  readonly why?: string;
}

/** How far an import is. */
export interface Progress {
  /** Records read. */
  readonly read: number;
  /** Entities created or updated. */
  readonly written: number;
  /** Entities that are settled, in whatever way. */
  readonly done: number;
  /** Records and entities rejected. */
  readonly rejected: number;
  /** Over the last seconds, like all rates. */
  readonly recordsPerSecond: number;
  readonly entitiesPerSecond: number;
  readonly requestsPerSecond: number;
  /** Requests sent and not answered. */
  readonly inFlight: number;
  readonly elapsedMs: number;
  /** Share of the work that is done, 0 to 1: by the bytes of local sources, and the entities read from them that are settled. Absent where a source has no size. */
  readonly share?: number;
  /** Milliseconds to the end at the speed of the last minute. */
  readonly leftMs?: number;
  /** Where the run is: the blueprint of the step, or what it does. */
  readonly step?: { readonly number: number; readonly of: number; readonly name: string };
  /** Share of the bulk quota in use, 0 to 1; absent where nothing holds the pace. */
  readonly quotaShare?: number;
  readonly waiting?: ProgressWait;
}

/** What is known of a run before its first record is read. */
export type EarlyProgress = Pick<Progress, "elapsedMs" | "inFlight" | "waiting">;

/** The facts of a progress in short phrases, the most important first, except for its share and its wait. */
export function progressFacts(progress: Progress | EarlyProgress): readonly string[] {
  const elapsed = `${wholeSeconds(progress.elapsedMs)} so far`;
  if (!("read" in progress)) return [elapsed, "looking at blueprints and sources"];
  const { read, done, written, rejected, inFlight, quotaShare, step, leftMs } = progress;
  return [
    elapsed,
    ...(leftMs === undefined ? [] : [`about ${wholeSeconds(rounded(leftMs))} left`]),
    ...(step === undefined ? [] : [`step ${step.number} of ${step.of}: ${step.name}`]),
    `${formatCount(read, "record")} read, ${rate(progress.recordsPerSecond)}`,
    `${formatCount(done, "entity")} done, ${rate(progress.entitiesPerSecond)}`,
    `${formatNumber(written)} written`,
    `${formatNumber(rejected)} failed`,
    `${formatCount(inFlight, "request")} in flight, ${rate(progress.requestsPerSecond)}`,
    ...(quotaShare === undefined ? [] : [`${Math.round(quotaShare * 100)} % of the quota used`]),
  ];
}

/** Says what a run waits for, and how long. */
export function waitingFor({ for: what, leftMs, requests = 1, why }: ProgressWait): string {
  const because = why === undefined ? "" : ` after ${why}`;
  const left = leftMs === undefined ? "" : ` in ${wholeSeconds(Math.max(1000, leftMs))}`;
  if (what === "quota") return `waiting for the quota${left === "" ? "" : `: continues${left}`}`;
  if (what === "token") return `waiting for the token${left === "" ? "" : `: next attempt${left}${because}`}`;
  const some = requests === 1 ? "1 request" : `${formatNumber(requests)} requests`;
  return `waiting to send ${some} again${because}${left === "" ? "" : `: next attempt${left}`}`;
}

/** Writes a share: `52 %`. What is not done whole is never 100 %. */
export function percentage(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** Writes progress as one line, without line end. */
export function formatProgress(progress: Progress | EarlyProgress): string {
  const share = "share" in progress && progress.share !== undefined ? [percentage(progress.share)] : [];
  const waiting = progress.waiting === undefined ? [] : [waitingFor(progress.waiting)];
  return [...share, ...progressFacts(progress), ...waiting].join("; ");
}

function rate(perSecond: number): string {
  return `${formatNumber(perSecond < 10 ? perSecond : Math.round(perSecond))}/s`;
}

function wholeSeconds(ms: number): string {
  return ms < 1000 ? "0 s" : formatDuration(Math.round(ms / 1000) * 1000);
}

/** An estimate is not shown more exactly than it is known. */
function rounded(ms: number): number {
  const step = ms < 60_000 ? 1000 : ms < 600_000 ? 5000 : 60_000;
  return Math.max(1000, Math.ceil(ms / step) * step);
}
