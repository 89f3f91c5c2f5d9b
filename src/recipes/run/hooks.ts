import { HookError } from "../../errors.js";
import type { Outcome } from "../../outcome.js";
import type { Place } from "../../record.js";
import type { Finding, Reject } from "../../reject.js";
import type { Progress } from "../../report/progress.js";
import { withoutHidden } from "../../secrets.js";
import type { LedgerHooks } from "./ledger.js";

/** Where the record of a reject or an outcome stands. */
export interface NoticePlace {
  /** Name of its source. */
  readonly source: string;
  /** Its number in the source, from 1. */
  readonly position: number;
  /** Line of its first character, where the source has lines. */
  readonly line?: number;
}

/** A record or entity that was rejected, and why. */
export interface RejectNotice extends NoticePlace, Finding {
  readonly stage: Reject["stage"];
  readonly blueprint?: string;
  readonly identifier?: string;
  /** Further faults of the same record or entity. */
  readonly also?: readonly Finding[];
  /** HTTP status and trace id of the reply that refused it. */
  readonly status?: number;
  readonly traceId?: string;
}

/** What became of an entity. */
export interface OutcomeNotice extends NoticePlace {
  /** In a dry run and a plan a forecast. */
  readonly is: "created" | "updated" | "unchanged" | "duplicate" | "rejected" | "notAttempted";
  readonly blueprint: string;
  readonly identifier: string;
}

/** Functions of the caller that a run calls on its way. One that throws stops the run, which then ends with a {@link HookError}. */
export interface RunHooks {
  /** Called once a second with how far the run is, and at its end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called for each reject, once its reason is known. What it returns is awaited, so that a slow one slows the run. */
  readonly onReject?: (reject: RejectNotice) => unknown;
  /** Called for each entity once it is known what became of it: with `rejected` before `onReject`. What it returns is awaited. */
  readonly onOutcome?: (outcome: OutcomeNotice) => unknown;
}

/** The caller's functions as hooks of a ledger. @param names - of the sources, by their index */
export function callerHooks({ onReject, onOutcome }: RunHooks, names: readonly string[]): LedgerHooks {
  return {
    ...(onReject && {
      onRejects: async (rejects) => {
        for (const reject of rejects) await called("onReject", () => onReject(rejectNotice(reject, names)));
      },
    }),
    ...(onOutcome && {
      onOutcomes: async (outcomes) => {
        for (const outcome of outcomes) await called("onOutcome", () => onOutcome(outcomeNotice(outcome, names)));
      },
    }),
  };
}

/** Calls a function of the caller. @throws {HookError} when it throws */
async function called(name: string, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (cause) {
    throw new HookError(name, cause);
  }
}

/** A reject as the caller sees it. */
export function rejectNotice(reject: Reject, names: readonly string[]): RejectNotice {
  const { at, span: _, resource: __, item: ___, parts: ____, ...facts } = withoutHidden(reject);
  return { ...facts, ...placeIn(at, names) };
}

function outcomeNotice({ is, key, at }: Outcome, names: readonly string[]): OutcomeNotice {
  return { is, ...key, ...placeIn(at, names) };
}

function placeIn({ source, position, line }: Place, names: readonly string[]): NoticePlace {
  return { source: names[source] ?? String(source), position, ...(line !== undefined && { line }) };
}
