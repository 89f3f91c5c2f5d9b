import { MappingError, UsageError } from "../errors.js";
import type { reportOptions } from "../options/run.js";
import { undoFlags } from "../plan/guards.js";
import type { Connection, ImportContext, RunContext } from "../recipes/run/connect.js";
import type { Finished } from "../recipes/run/finish.js";
import { commandLineOf, pastReport } from "../recipes/run/folder.js";
import { commandOn, quoted } from "../reject.js";
import type { ExitCode } from "../report/exit-code.js";
import { formatSummary } from "../report/summary.js";
import { failedWords, formatCount } from "../report/words.js";
import type { OutputOptions, Run } from "./command.js";
import { showProgress } from "./progress.js";
import { describeError, mayColor, printJson, printProse, say, type Terminal } from "./terminal.js";

/** How a recipe is called from the command line. */
export interface RecipeCall<O, C> {
  /** Loads its code. */
  readonly load: () => Promise<(options: O, context: RunContext) => Promise<Finished>>;
  /** Opens its connection while the code is loaded; the stop and the error budget (`control`) come with it. */
  readonly connect?: (options: C, context: ImportContext) => Connection | undefined;
  /** Whether stdin is only read where it is piped: nobody pipes a terminal. */
  readonly onlyPipedStdin?: boolean;
}

/** Makes a command of a recipe that ends with a report: shows how far it is, then how it ended. */
export function toItsEnd<O, C>({ load, connect, onlyPipedStdin = false }: RecipeCall<O, C>) {
  return async (options: O & C, terminal: Terminal, output: OutputOptions): Promise<ExitCode> => {
    const { commandLine, env, stdin, signal } = terminal;
    const connection = connect?.(options, { env, signal });
    try {
      const recipe = await load();
      const { sourceQuestions } = await import("./question.js");
      const progress = showProgress(terminal, output);
      const finished = await recipe(options, {
        env,
        ...(!(onlyPipedStdin && stdin.isTTY === true) && { stdin }),
        signal,
        ...(commandLine !== undefined && { commandLine }),
        ...sourceQuestions(terminal, output),
        connection,
        onConnection: progress.onConnection,
        onStart: progress.onStart,
      }).finally(progress.stop);
      return await showFinished(finished, terminal, output);
    } finally {
      await connection?.close();
    }
  };
}

/** Prints how an import ended, and gives its exit code, which `main.ts` makes the process's. */
export async function showFinished(
  { report, folder = "", reportFiles, mode, ending, keptBefore, error }: Finished,
  terminal: Terminal,
  output: OutputOptions,
): Promise<ExitCode> {
  // A mapping that was corrected is another one, and not gone on with.
  const resume = error instanceof MappingError ? undefined : resumeCommand(report, folder);
  const { commandLine } = terminal;
  if (error !== undefined) await say(terminal, `${describeError(error, commandLine && typedLine(commandLine))}\n\n`);
  const color = mayColor(terminal, terminal.stderr, output.color);
  const summary = {
    report,
    mode,
    folder,
    reportFiles,
    stopped: ending === "overBudget",
    color,
    ...(resume !== undefined && { resume }),
  };
  const { formatSummary } = await import("../report/summary.js");
  if (!output.quiet)
    await say(
      terminal,
      `${formatSummary(summary)}${nextLines(report, folder, reportFiles, terminal)}${undoLine(report, folder, { keptBefore, mode })}`,
    );
  // Quiet is not silent about what failed, nor about how to go on.
  else {
    if (report.exitCode !== 0 && report.rejects.length > 0) await say(terminal, failedLines(report, folder));
    if (resume !== undefined) await say(terminal, `go on with: ${resume}\n`);
  }
  if (output.output === "json")
    // What became of the import stays its exit code: its report is in its folder, too.
    await printJson(terminal, `${JSON.stringify(report)}\n`).catch((cause) =>
      say(terminal, `${describeError(cause)}\n`),
    );
  return report.exitCode as ExitCode;
}

/** What a quiet run says of what failed: how many, and where they are with their reasons. */
function failedLines(report: Finished["report"], folder: string): string {
  const { command, importId, records, rejectFiles } = report;
  const places = [
    ...(rejectFiles.length === 0 ? [] : [`to correct: ${rejectFiles.map(({ path }) => path).join(", ")}`]),
    ...(folder === "" ? [] : [`why: ${folder}/reasons.ndjson`]),
  ].join("; ");
  const head = `portload: ${command} ${importId}: ${failedWords(report)} of ${formatCount(records.read, "record")} read`;
  return `${head}\n${places === "" ? "" : `  ${places}\n`}`;
}

/** The command that goes on where an import stopped; none where it finished or where going on would not help. */
function resumeCommand(
  { importId, exitCode, command }: Pick<Finished["report"], "importId" | "exitCode" | "command">,
  folder: string,
): string | undefined {
  if (![2, 3, 4].includes(exitCode) || !["import", "retry", "undo"].includes(command)) return undefined;
  return `${commandOn("resume", { importId, folder })}${exitCode === 2 ? " --max-errors <more>" : ""}`;
}

/** What to do about what failed: the commands that import it again, and that show it as a page. */
function nextLines(
  { importId, command, dryRun, entities, exitCode, rejects, rejectFiles }: Finished["report"],
  folder: string,
  reportFiles: readonly string[],
  { commandLine }: Pick<Terminal, "commandLine">,
): string {
  const run = { importId, folder };
  const canRetry = exitCode === 1 && !dryRun && ["import", "retry", "sync"].includes(command) && rejectFiles.length > 0;
  const hasPage = reportFiles.some((path) => /\.html$/i.test(path));
  return [
    ...(dryRun && command === "import" && exitCode <= 1 && commandLine !== undefined
      ? [`To see what differs from the catalog: ${planCommand(commandLine)}\n`]
      : []),
    ...(canRetry
      ? [`To import what failed: correct ${filesWord(rejectFiles)}, then: ${commandOn("retry", run)}\n`]
      : []),
    ...(command === "retry" && entities.created + entities.updated > 0
      ? ["What you corrected in a rejects file is as it was in its source: correct it there, too, or it fails again.\n"]
      : []),
    ...(rejects.length > 0 && !hasPage
      ? [`To see all of it as a page: ${commandOn("report", run)} --report report.html\n`]
      : []),
  ].join("");
}

/** The plan of what an import was told to do, as it is typed: the same words, but for what a plan lacks and the report that would be written over. */
function planCommand(commandLine: readonly string[]): string {
  const command = commandLine.indexOf("import");
  const words = commandLine.filter(
    (word, index) =>
      index !== command &&
      !/^--(no-)?(dry-run|keep-before|report)(=|$)/.test(word) &&
      commandLine[index - 1] !== "--report",
  );
  return typedLine(["plan", ...words]);
}

/** A command line as it is typed again, with what was piped into it before it. */
export function typedLine(words: readonly string[]): string {
  return `${words.includes("-") ? "… | " : ""}${commandLineOf(words)}`;
}

function filesWord(files: readonly { readonly path: string }[]): string {
  return files.length > 3 ? "the rejects files above" : files.map(({ path }) => quoted(path)).join(" and ");
}

/** The line that says whether a run can be taken back, and how; empty where it changed nothing. */
function undoLine(
  report: Finished["report"],
  folder: string,
  { keptBefore, mode }: Pick<Finished, "keptBefore" | "mode">,
): string {
  const { importId, dryRun, entities } = report;
  const { createdInPart = 0, updatedInPart = 0, deleted } = entities;
  const [created, updated] = [entities.created + createdInPart, entities.updated + updatedInPart];
  if (dryRun || created + updated + deleted === 0) return "";
  const stays = keptBefore || updated === 0 ? "" : `what was ${mode === "override" ? "overridden" : "merged"}`;
  if (stays !== "" && created === 0)
    return `An undo cannot take back ${stays}: the import ran without --keep-before, which keeps what was there\n`;
  const what = stays === "" ? "it back" : `what was created back (not ${stays}: it ran without --keep-before)`;
  return `To take ${what}: ${[commandOn("undo", { importId, folder }), ...undoFlags(report)].join(" ")}\n`;
}

/** `portload report`: what became of an earlier import. */
export const report: Run<typeof reportOptions> = async (options, terminal, output) => {
  const { importId } = options;
  if (importId !== undefined && /\.(?:json|html|md|xml|prom)$/i.test(importId))
    throw new UsageError(`portload report takes an import id, and ${importId} is a file`, {
      hint: `Did you mean portload report --report ${quoted(importId)}?`,
    });
  const { report: found, folder = "", mode, passedOver } = await pastReport(options, terminal.env);
  for (const text of passedOver) await say(terminal, `passed over: ${text}\n`);
  const resume = resumeCommand(found, folder);
  const color = mayColor(terminal, terminal.stdout, output.color);
  // Here the report is the data.
  if (output.output === "json") await printJson(terminal, `${JSON.stringify(found)}\n`);
  else
    await printProse(
      terminal,
      formatSummary({
        report: found,
        mode,
        folder,
        reportFiles: options.report,
        color,
        ...(resume !== undefined && { resume }),
      }),
    );
  return 0;
};
