import { sep } from "node:path";
import type { Finished } from "../recipes/run/finish.js";
import { formatSummary } from "../report/summary.js";
import { describeError, type ExitCode } from "./exit.js";
import type { Talk } from "./talk.js";
import { type Terminal, writeOut } from "./terminal.js";

/** Prints how an import ended, and gives its exit code. */
export async function tellFinished(
  { report, folder, mode, ending, error }: Finished,
  terminal: Terminal,
  talk: Talk,
): Promise<ExitCode> {
  const resume = resumeCommand(report, folder);
  if (error !== undefined) await writeOut(terminal.stderr, `${describeError(error)}\n\n`);
  if (talk.output === "json") await writeOut(terminal.stdout, `${JSON.stringify(report)}\n`);
  const told = {
    report,
    mode,
    folder,
    stopped: ending === "overBudget",
    color: talk.color,
    ...(resume !== undefined && { resume }),
  };
  if (!talk.quiet) await writeOut(terminal.stderr, formatSummary(told));
  // Quiet is not silent about how to go on.
  else if (resume !== undefined) await writeOut(terminal.stderr, `go on with: ${resume}\n`);
  return report.exitCode as ExitCode;
}

/** The command that goes on where an import stopped; none where it finished or where going on would not help. */
export function resumeCommand(
  { importId, exitCode, command }: Pick<Finished["report"], "importId" | "exitCode" | "command">,
  folder: string,
): string | undefined {
  if (![2, 3, 4].includes(exitCode) || (command !== "import" && command !== "retry")) return undefined;
  const stateDir = folder.slice(0, folder.lastIndexOf(importId)).replace(new RegExp(`\\${sep}$`), "");
  const where = stateDir === ".portload" ? "" : ` --state-dir ${quoted(stateDir)}`;
  return `portload resume ${importId}${where}${exitCode === 2 ? " --max-errors <more>" : ""}`;
}

function quoted(path: string): string {
  return /^[\w./:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
