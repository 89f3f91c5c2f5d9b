import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import { HookError, UsageError } from "../../errors.js";
import type { Outcome } from "../../outcome.js";
import type { Place } from "../../record.js";
import { type Finding, type Reject, rejectCodes } from "../../reject.js";
import type { Progress } from "../../report/progress.js";
import { withoutHidden } from "../../secrets.js";
import type { Warning } from "../../warning.js";
import type { LedgerHooks } from "./ledger.js";

/** Where the record of a reject or an outcome is. */
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

/** Rejects that are known and do not make an import fail. */
export interface AllowedRejects {
  onRejects(rejects: readonly Reject[]): void;
  /** Rejects so far that are not on the list. */
  readonly fresh: number;
  /** Listed rejects that did not occur, as warnings. */
  cured(): readonly Warning[];
}

const listedReject = z.looseObject({
  code: z.enum(Object.keys(rejectCodes) as [keyof typeof rejectCodes], { error: "is not a reject code" }),
  source: z.string().min(1),
  blueprint: z.string().optional(),
  identifier: z.string().optional(),
  position: z.int().min(1).optional(),
});

/**
 * Reads a list of known rejects: lines of JSON with `source` (its base name counts), `code`, and what names the record there: `blueprint` and
 * `identifier`, or, where there is none, its `position`. A copy of an earlier reasons.ndjson is such a list.
 *
 * @param names - the sources as people know them
 * @throws {UsageError} for a file that cannot be read, and a line that is something else
 */
export async function readAllowedRejects(path: string, names: readonly string[]): Promise<AllowedRejects> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new UsageError(`--allow-rejects ${path}: ${cause.message}`, { cause });
  });
  const listed = new Map<string, string>();
  const missing = new Set<string>();
  for (const [index, row] of text.split("\n").entries()) {
    if (row.trim() === "") continue;
    const { code, source, blueprint, identifier, position } = parseListed(row, `${path}:${index + 1}`);
    const key = keyOf(code, source, { blueprint, identifier, position });
    const who = identifier === undefined ? `record ${position}` : `${blueprint ?? ""}/${identifier}`;
    listed.set(key, `${code} of ${who} in ${source}`);
    missing.add(key);
  }
  let fresh = 0;
  return {
    onRejects(rejects) {
      for (const { code, at, blueprint, identifier } of withoutHidden(rejects)) {
        const key = keyOf(code, names[at.source] ?? "", { blueprint, identifier, position: at.position });
        if (listed.has(key)) missing.delete(key);
        else fresh++;
      }
    },
    get fresh() {
      return fresh;
    },
    cured: () =>
      [...missing].map((key) => ({
        code: "reject_cured",
        path: listed.get(key) ?? "",
        message: `${listed.get(key)} did not come up again; take it off the list`,
        count: 1,
      })),
  };
}

interface Who {
  readonly blueprint: string | undefined;
  readonly identifier: string | undefined;
  readonly position: number | undefined;
}

function keyOf(code: string, source: string, { blueprint, identifier, position }: Who): string {
  const who = identifier === undefined ? [position] : [blueprint, identifier];
  return JSON.stringify([code, basename(source), ...who]);
}

function parseListed(row: string, place: string): z.infer<typeof listedReject> {
  let value: unknown;
  try {
    value = JSON.parse(row);
  } catch {
    throw new UsageError(`--allow-rejects ${place}: is not a line of JSON`);
  }
  const parsed = listedReject.safeParse(value);
  if (!parsed.success)
    throw new UsageError(
      `--allow-rejects ${place}: ${parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ")}`,
      { hint: "A line is that of a reasons.ndjson: source, code, and blueprint with identifier, or position." },
    );
  if (parsed.data.identifier === undefined && parsed.data.position === undefined)
    throw new UsageError(`--allow-rejects ${place}: names no record: give identifier or position`);
  return parsed.data;
}
