import type { Report } from "./report.js";
import { failedWords, formatCount } from "./words.js";

/** Says in one sentence how an import ended, with the tone to say it in. */
export function verdictOf(report: Report): { readonly tone: "good" | "bad" | "warn"; readonly sentence: string } {
  const { records, entities, exitCode, dryRun, balanced } = report;
  const held = entities.created + entities.updated + entities.unchanged;
  const done = dryRun
    ? `${formatCount(held, "entity")} would be in the catalog as the sources have ${held === 1 ? "it" : "them"}`
    : `${formatCount(held, "entity")} ${held === 1 ? "is" : "are"} in the catalog as the sources have ${held === 1 ? "it" : "them"}`;
  const left = entities.notAttempted === 0 ? "" : `; ${formatCount(entities.notAttempted, "entity")} not attempted`;
  switch (exitCode) {
    case 0:
      return {
        tone: "good",
        sentence: `Finished: ${done}, and ${formatCount(records.read, "record")} ${records.read === 1 ? "is" : "are"} accounted for.`,
      };
    case 1:
      return { tone: "warn", sentence: `Finished with ${failedWords(report)}: ${done}.` };
    case 2:
      return {
        tone: "bad",
        sentence: `Stopped by the error budget with ${failedWords(report)}: ${done}${left}.`,
      };
    case 4:
      return { tone: "warn", sentence: `Interrupted after ${formatCount(records.read, "record")}: ${done}${left}.` };
    case 5:
      return {
        tone: "bad",
        sentence: `Ended in a fault of portload itself${balanced ? "" : ": its counts do not add up"}.`,
      };
    case 6:
      return { tone: "bad", sentence: `Refused by a guard: ${done}${left}.` };
    default:
      return { tone: "bad", sentence: `Stopped before its end: ${done}${left}.` };
  }
}
