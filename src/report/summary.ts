import type { Mode } from "../entity.js";
import { visible } from "../reject.js";
import type { Counts } from "./counts.js";
import type { FaultGroup, RejectGroup, WarningGroup } from "./group-causes.js";
import { endingCode, furtherFaults, type Report } from "./report.js";
import {
  entityWords,
  failedOf,
  failedWords,
  faultAndFix,
  formatCount,
  formatDuration,
  formatFirst,
  formatNumber,
  formatPlace,
  keptWords,
  makePaint,
  type Paint,
  settledWords,
  tail,
  unprunedWords,
  wordOf,
} from "./words.js";

/** What the terminal summary needs besides the report. */
export interface SummaryFacts {
  readonly report: Report;
  readonly mode: Mode;
  /** The import's folder, as the user would name it. */
  readonly folder: string;
  /** Further report files that were written. Default none. */
  readonly reportFiles?: readonly string[];
  /** Whether the terminal takes colours. */
  readonly color: boolean;
  /** The command that resumes the import, if there is one. */
  readonly resume?: string;
}

/** Most causes shown on the terminal; report.json has them all. */
const maxCauses = 20;

/** Writes the summary for people, ending with a line feed: counts, failures by cause, warnings, files, the ledger, and last how it ended. */
export function formatSummary(facts: SummaryFacts): string {
  const { report, mode, folder } = facts;
  const paint = makePaint(facts.color);
  const blocks = [
    countLines(report, mode, paint),
    failureLines(report.rejects, paint),
    furtherLines(report, paint),
    warningLines(report.warnings, paint),
    fileLines(report, folder, facts.reportFiles),
    ledgerLines(report, mode, paint),
    [lastLine(facts, paint)],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function countLines(
  { importId, command, dryRun, records, blueprints, requests, durationMs, entitiesPerSecond }: Report,
  mode: Mode,
  paint: Paint,
): string[] {
  const rows: [string, string][] = [
    [command, `${importId}${dryRun ? ", dry run: nothing was written, the figures say what an import would do" : ""}`],
    [
      "records",
      `${formatNumber(records.read)} read${tail([
        [records.skipped, "skipped"],
        [records.rejected, "failed"],
      ])}`,
    ],
    ...Object.entries(blueprints).map(([id, counts]): [string, string] => [visible(id), entityWords(counts, mode)]),
    [
      "requests",
      `${formatNumber(requests.total)} in ${formatDuration(durationMs)}${tail([
        [requests.retries, "sent again"],
        [requests.rateLimited, "over the limit"],
      ])}, ${formatNumber(entitiesPerSecond)} entities/s`,
    ],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${paint("strong", label.padEnd(width))}  ${text}`);
}

/** Failures and warnings by cause, as lines. */
export function causeLines(
  rejects: readonly RejectGroup[],
  warnings: readonly WarningGroup[],
  paint: Paint,
): readonly string[] {
  return [...failureLines(rejects, paint), ...warningLines(warnings, paint)];
}

function failureLines(groups: readonly RejectGroup[], paint: Paint): string[] {
  if (groups.length === 0) return [];
  const lines = groups
    .slice(0, maxCauses)
    .flatMap((group) => [
      `  ${paint("bad", formatNumber(group.count))}  ${about(group)}${visible(faultAndFix(group).fault)}`,
      paint("faint", `     first: ${visible(formatFirst(group))}${shownValue(group)}`),
      ...(group.leaf === undefined ? [] : [paint("faint", `     from:  ${visible(group.leaf)}`)]),
      paint("faint", `     fix:   ${visible(faultAndFix(group).fix)}`),
    ]);
  return [paint("bad", "failed"), ...lines, ...more(groups.length)];
}

function furtherLines(report: Parameters<typeof furtherFaults>[0], paint: Paint): string[] {
  const further = furtherFaults(report);
  if (further.length === 0) return [];
  const lines = further
    .slice(0, maxCauses)
    .flatMap((fault) => [
      `  ${paint("bad", formatNumber(fault.count))}  ${about(fault)}${visible(fault.message ?? fault.code)}`,
      ...(fault.first === undefined ? [] : [paint("faint", `     first: ${visible(formatPlace(fault.first))}`)]),
    ]);
  return [paint("bad", "further faults of what failed"), ...lines, ...more(further.length)];
}

function shownValue({ value }: RejectGroup): string {
  return value === undefined ? "" : `, value ${visible(value)}`;
}

function warningLines(groups: readonly WarningGroup[], paint: Paint): string[] {
  if (groups.length === 0) return [];
  const lines = groups
    .slice(0, maxCauses)
    .flatMap((group) => [
      `  ${paint("warn", formatNumber(group.count))}  ${about(group)}${visible(group.message)}`,
      ...(group.first === undefined ? [] : [paint("faint", `     first: ${visible(formatPlace(group.first))}`)]),
    ]);
  return [paint("warn", "warnings"), ...lines, ...more(groups.length)];
}

function about({ blueprint, path }: { blueprint?: string; path?: string }): string {
  const words = [blueprint, path].filter((word) => word !== undefined);
  return words.length === 0 ? "" : `${visible(words.join(" "))}: `;
}

function more(groups: number): string[] {
  return groups <= maxCauses ? [] : [`  and ${formatCount(groups - maxCauses, "cause")} more in report.json`];
}

function fileLines({ rejectFiles, rejects }: Report, folder: string, reportFiles: readonly string[] = []): string[] {
  return [
    "files",
    ...rejectFiles.map(
      ({ path, records }) => `  ${visible(path)}  ${formatCount(records, "record")} to correct and import again`,
    ),
    ...(rejects.length === 0 ? [] : [`  ${folder}/reasons.ndjson  why, one line each`]),
    `  ${folder}/report.json`,
    ...reportFiles.map((path) => `  ${visible(path)}`),
  ];
}

function ledgerLines({ records, entities, balanced }: Report, mode: Mode, paint: Paint): string[] {
  const ofRecords = `${formatCount(records.read, "record")} = ${sum([records.mapped, records.skipped, records.rejected], ["mapped", "skipped", "failed"])}`;
  const { created, updated, unchanged, duplicate, rejected, notAttempted } = entities;
  const words = ["created", wordOf(mode), "unchanged", "duplicate", "failed", "not attempted"];
  const ofEntities = `${formatCount(entities.mapped, "entity")} = ${sum([created, updated, unchanged, duplicate, rejected, notAttempted], words)}`;
  const label = balanced ? "ledger" : paint("bad", "ledger does not balance");
  return [
    `${label}  ${ofRecords}`,
    `${" ".repeat(balanced ? 6 : 23)}  ${ofEntities}${tail([[entities.deleted, "deleted besides"]])}`,
  ];
}

function sum(numbers: readonly number[], words: readonly string[]): string {
  return numbers.map((number, i) => `${formatNumber(number)} ${words[i]}`).join(" + ");
}

/** Writes the summary's last line: how an import ended, and what to do next. Its counts are of the run alone, `failedWords` "1 record and 5 entities failed": what else the catalog holds is not known. */
function lastLine({ report, mode, resume }: SummaryFacts, paint: Paint): string {
  const { records, entities, dryRun } = report;
  const left = entities.notAttempted === 0 ? "" : `, ${formatCount(entities.notAttempted, "entity")} not attempted`;
  const next = resume === undefined ? "" : `; resume with: ${resume}`;
  const overBudget = () => paint("bad", `Stopped by --max-errors with ${failedWords(report)}${left}${next}`);
  switch (endingCode(report)) {
    case 0: {
      const kept = keptWords(report, "; the catalog keeps");
      const done = dryRun
        ? `${formatCount(entities.created + entities.updated + entities.unchanged, "entity")} would be written`
        : entityWords(entities, mode);
      // What a prune or an undo deletes is not a record.
      const read = records.read === 0 ? "" : `; ${formatCount(records.read, "record")} accounted for`;
      return paint("good", `Finished: ${done}${read}${kept}.`);
    }
    case 1:
      return paint("bad", `Finished with ${failedWords(report)}${failedOf(report)}, ${settledWords(report)}.`);
    case 2:
      return overBudget();
    case 4:
      return paint("bad", `Interrupted after ${formatCount(records.read, "record")}${left}${next}`);
    case 5:
      return paint(
        "bad",
        `The import ended in a fault of portload itself${report.balanced ? "" : ": its counts do not add up"}. Please report it with report.json.`,
      );
    case 6:
      return paint("bad", `Refused by a guard${left === "" ? unprunedWords(report) : left}${next}`);
    default:
      return paint("bad", `Stopped before its end${left}${next}`);
  }
}

/** What a preview's summary shows. */
export interface PreviewFacts {
  readonly counts: Counts;
  readonly rejects: readonly RejectGroup[];
  readonly faults?: readonly FaultGroup[];
  readonly warnings: readonly WarningGroup[];
  readonly color: boolean;
}

/** Writes the summary of a preview for people: failures by cause, warnings, and last how many records gave how many entities. Ends with a line feed. */
export function formatPreview({ counts, rejects, faults = [], warnings, color }: PreviewFacts): string {
  const { records, entities } = counts;
  const shown = entities.mapped - entities.rejected;
  const failed = records.rejected + entities.rejected;
  const skipped = records.skipped === 0 ? "" : `, ${formatNumber(records.skipped)} skipped`;
  const last = `${formatCount(records.read, "record")} read${skipped}, ${formatCount(shown, "entity")} shown, ${formatNumber(failed)} failed; nothing was written`;
  const paint = makePaint(color);
  const further = furtherLines({ rejects, faults }, paint);
  const causes = [...failureLines(rejects, paint), ...further, ...warningLines(warnings, paint)];
  return `${[...causes, last].join("\n")}\n`;
}
