import type { Paint } from "./paint.js";
import type { Report } from "./report.js";
import { formatCount, formatNumber } from "./words.js";

/** Writes the summary's last line: how an import ended, and what to do next. `resume` is the command that goes on, if there is one; `stopped` that its error budget ended it. */
export function lastLine(report: Report, resume: string | undefined, paint: Paint, stopped = false): string {
  const { records, entities, dryRun, exitCode } = report;
  const settled = entities.created + entities.updated + entities.unchanged;
  const left = entities.notAttempted === 0 ? "" : `, ${formatCount(entities.notAttempted, "entity")} not attempted`;
  const next = resume === undefined ? "" : `; go on with: ${resume}`;
  const overBudget = () =>
    paint("bad", `Stopped by --max-errors with ${formatNumber(failed(report))} failed${left}${next}`);
  if (stopped && exitCode === 1) return overBudget();
  switch (exitCode) {
    case 0: {
      const would = dryRun ? "would be written" : "in the catalog";
      return paint(
        "good",
        `Finished: ${formatCount(settled, "entity")} ${would}, ${formatCount(records.read, "record")} accounted for.`,
      );
    }
    case 1:
      return paint(
        "bad",
        `Finished with ${formatNumber(failed(report))} failed, ${formatCount(settled, "entity")} ${dryRun ? "would be" : "are"} in the catalog as the sources have ${settled === 1 ? "it" : "them"}.`,
      );
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
      return paint("bad", `Refused by a guard${left}${next}`);
    default:
      return paint("bad", `Stopped before its end${left}${next}`);
  }
}

function failed({ records, entities }: Report): number {
  return records.rejected + entities.rejected;
}
