import { existsSync } from "node:fs";
import type { Client } from "../../api/client.js";
import type { Mode } from "../../entity.js";
import { SourceError } from "../../errors.js";
import { undoFlags } from "../../plan/guards.js";
import { extractRecords, rejectsNameOf } from "../../read/extract.js";
import { commandOn, quoted } from "../../reject.js";
import { changedIn } from "../../report/counts.js";
import { type Ending, endingOf } from "../../report/exit-code.js";
import { writeForms } from "../../report/forms.js";
import type { RejectGroup } from "../../report/group-causes.js";
import {
  buildReport,
  type Examples,
  type NextStep,
  type RejectFile,
  type Report,
  type ReportOrigin,
} from "../../report/report.js";
import type { Timeline } from "../../report/timeline.js";
import { canBe } from "../../run-commands.js";
import { keepsBefore } from "../../state/journal-lines.js";
import type { State } from "../../state/state.js";
import { copyOf } from "../stages/entities.js";
import type { Stop } from "./control.js";
import type { AllowedRejects } from "./hooks.js";
import type { Inventory } from "./inventory.js";
import type { Ledger } from "./ledger.js";
import { caught, type Worked } from "./working.js";

/** An import that ended, in whatever way. */
export interface Finished {
  readonly report: Report;
  /** The import's folder: journal, reasons, rejects files, report. Absent with `stateDir: false`. */
  readonly folder?: string;
  readonly mode: Mode;
  /** Further report files that were asked for and written. */
  readonly reportFiles: readonly string[];
  /** How it ended, apart from what it counted. */
  readonly ending: Ending;
  /** Whether it kept what entities held before, so that an undo can restore it. */
  readonly keptBefore: boolean;
  /** Why it could not continue, where `report.exitCode` is 3, 5 or 6. */
  readonly error?: unknown;
}

/** What an import is closed with. */
export interface Closing {
  /** As the report names it. */
  readonly command: string;
  readonly dryRun: boolean;
  /** The import whose rejects this one took up. */
  readonly retryOf?: string | undefined;
  readonly mode: Mode;
  readonly client: Pick<Client, "counts" | "quota" | "warnings">;
  readonly ledger: Ledger;
  readonly state: Pick<State, "close" | "folder" | "header" | "isKept" | "importId" | "rejects" | "writeReport">;
  readonly stop: Stop;
  /** Sources that get a rejects file, and how they are read. */
  readonly rejectsOf: Pick<Inventory, "sources" | "optionsOf">;
  readonly allowed?: AllowedRejects | undefined;
  readonly timeline: Timeline;
  /** A few of the entities, by outcome. */
  readonly examples: () => Examples;
  /** What the import was made with, asked for at its end. */
  readonly origin: () => ReportOrigin;
  /** Further files for the report. */
  readonly reports: readonly string[];
}

/** Closes the accounts of an import, however its work ended: rejects files, report, folder, lock. */
export async function finish(closing: Closing, { durationMs, ...worked }: Worked): Promise<Finished> {
  const { client, ledger, mode, reports, state, stop } = closing;
  let left: "finished" | "unfinished" = "unfinished";
  try {
    ledger.warn(client.warnings());
    const rejectFiles: RejectFile[] = [];
    const lines: RejectLines = new Map();
    const write = () => writeRejectFiles(closing, rejectFiles, lines);
    const rejectsWritten = state.isKept ? await caught(stop, write) : {};
    // Why the work ended says more than why rejects files could not be written.
    const went = "error" in worked ? worked : rejectsWritten;
    const ending = "error" in went ? endingOf(went.error) : (stop.reason ?? "finished");
    const keptBefore = keepsBefore(state.header);
    const made = reportOf(closing, ending, { rejectFiles, lines }, durationMs);
    const next = state.isKept ? nextSteps(made, state.folder, { keptBefore, mode }) : [];
    const report = next.length === 0 ? made : { ...made, next };
    await state.writeReport(`${JSON.stringify(report, null, 2)}\n`);
    if (ending === "finished") left = "finished";
    await writeForms(report, reports);
    const folder = state.isKept && { folder: state.folder };
    return { report, ...folder, reportFiles: reports, mode, ending, keptBefore, ...went };
  } finally {
    await state.close(left);
  }
}

/** What to run next: the command that imports what failed, and the one that undoes the run. */
function nextSteps(
  report: Report,
  folder: string,
  { keptBefore, mode }: Pick<Finished, "keptBefore" | "mode">,
): readonly NextStep[] {
  const { importId, exitCode, entities, rejectFiles } = report;
  const { createdInPart = 0, updatedInPart = 0 } = entities;
  const [created, updated] = [entities.created + createdInPart, entities.updated + updatedInPart];
  const run = { importId, folder };
  const canRetry = exitCode === 1 && canBe("retried", report) && rejectFiles.length > 0;
  const stays = keptBefore || updated === 0 ? "" : `what was ${mode === "override" ? "overridden" : "merged"}`;
  const canUndo = canBe("undone", report) && changedIn(entities) > 0 && (stays === "" || created > 0);
  const what = stays === "" ? "it back" : `what was created back (not ${stays}: it ran without --keep-before)`;
  return [
    ...(canRetry
      ? [
          {
            is: "retry" as const,
            purpose: `To import what failed: correct ${filesWord(rejectFiles)}, then`,
            command: commandOn("retry", run),
          },
        ]
      : []),
    ...(canUndo
      ? [
          {
            is: "undo" as const,
            purpose: `To take ${what}`,
            command: [commandOn("undo", run), ...undoFlags(report)].join(" "),
          },
        ]
      : []),
  ];
}

function filesWord(files: readonly { readonly path: string }[]): string {
  return files.length > 3 ? "the rejects files above" : files.map(({ path }) => quoted(path)).join(" and ");
}

/** The report of a run so far, for a viewer. */
export function reportSoFar(closing: Closing, durationMs: number): Report {
  const { records, entities, blueprints } = closing.ledger.counts;
  const report = reportOf(closing, "interrupted", { rejectFiles: [], lines: new Map() }, durationMs);
  return { ...report, records, entities, blueprints };
}

function reportOf(
  { allowed, client, command, dryRun, examples, ledger, origin, retryOf, state, timeline }: Closing,
  ending: Ending,
  { rejectFiles, lines }: { readonly rejectFiles: readonly RejectFile[]; readonly lines: RejectLines },
  durationMs: number,
): Report {
  if (ending === "finished" && allowed !== undefined) ledger.warn(allowed.cured());
  // Its exit code, which is the program's, follows from the ending: `runExitCode`.
  return buildReport({
    importId: state.importId,
    command,
    dryRun,
    ending,
    // The report's records, entities and blueprints, as they are.
    counts: ledger.close(ending !== "finished"),
    allRejectsAllowed: allowed?.fresh === 0,
    rejects: withLines(ledger.rejectGroups(), lines),
    faults: ledger.faultGroups(),
    warnings: ledger.warningGroups(),
    rejectFiles,
    requests: client.counts(),
    timeline: timeline.points(),
    quota: client.quota(),
    examples: examples(),
    origin: origin(),
    startedAt: state.header.startedAt,
    ...(retryOf !== undefined && { retryOf }),
    durationMs,
  });
}

/** Where the records that are samples of a cause begin in the rejects files, by the source's name and position. */
type RejectLines = Map<string, number>;

function withLines(groups: readonly RejectGroup[], lines: RejectLines): readonly RejectGroup[] {
  return groups.map((group) => ({
    ...group,
    ...(group.samples && {
      samples: group.samples.map((sample) => {
        const rejectsLine = lines.get(`${sample.position} ${sample.source}`);
        return rejectsLine === undefined ? sample : { ...sample, rejectsLine };
      }),
    }),
  }));
}

/** Writes each source's rejected records back as that source wrote them. A source that no longer exists costs only its own file. */
async function writeRejectFiles(
  { ledger, rejectsOf, state }: Closing,
  files: RejectFile[],
  lines: RejectLines,
): Promise<void> {
  const samples = new Set(
    ledger
      .rejectGroups()
      .flatMap((group) => group.samples ?? [])
      .map(({ position, source }) => `${position} ${source}`),
  );
  for (const source of rejectsOf.sources) {
    const wanted = [...state.rejects.rejectedRecords(source.index)];
    if (wanted.length === 0) continue;
    const copy = copyOf(state.folder, source);
    const isCopied = existsSync(copy);
    const options = rejectsOf.optionsOf(source);
    try {
      const onLine = (position: number, line: number): void => {
        const name = `${position} ${source.name}`;
        if (samples.has(name)) lines.set(name, line);
      };
      const bytes = extractRecords(source, options, wanted, { onLine, ...(isCopied && { path: copy }) });
      const named = await rejectsNameOf(source, options, isCopied ? copy : undefined);
      const path = await state.rejects.writeRejectsFile(named, bytes);
      files.push({ path, source: source.name, records: wanted.length });
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      ledger.warn([
        {
          code: "source_changed",
          path: source.name,
          message: `its rejected records could not be read again, so it has no rejects file: ${error.message}`,
          count: wanted.length,
        },
      ]);
    }
  }
}
