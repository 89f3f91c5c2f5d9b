import type { Counts } from "./counts.js";
import type { RejectGroup, WarningGroup } from "./group-causes.js";
import { makePaint } from "./paint.js";
import { causeLines } from "./summary.js";
import { formatCount, formatNumber } from "./words.js";

/** What a preview's summary tells. */
export interface PreviewFacts {
  readonly counts: Counts;
  readonly rejects: readonly RejectGroup[];
  readonly warnings: readonly WarningGroup[];
  readonly color: boolean;
}

/** Writes the summary of a preview for people: failures by cause, warnings, and last how many records gave how many entities. Ends with a line feed. */
export function formatPreview({ counts, rejects, warnings, color }: PreviewFacts): string {
  const { records, entities } = counts;
  const shown = entities.mapped - entities.rejected;
  const failed = records.rejected + entities.rejected;
  const skipped = records.skipped === 0 ? "" : `, ${formatNumber(records.skipped)} skipped`;
  const last = `${formatCount(records.read, "record")} read${skipped}, ${formatCount(shown, "entity")} shown, ${formatNumber(failed)} failed; nothing was written`;
  return `${[...causeLines(rejects, warnings, makePaint(color)), last].join("\n")}\n`;
}
