import { setFlagsFromString } from "node:v8";
import { MappingError, UsageError } from "../errors.js";
import type { reportOptions } from "../options/run.js";
import { type Connection, connectEarly, type ImportContext, type RunContext } from "../recipes/run/connect.js";
import type { Finished } from "../recipes/run/finish.js";
import { commandLineOf, pastReport } from "../recipes/run/folder.js";
import { commandOn, quoted } from "../reject.js";
import { changedIn } from "../report/counts.js";
import type { ExitCode } from "../report/exit-code.js";
import type { NextStep } from "../report/report.js";
import { failedWords, formatCount } from "../report/words.js";
import { canBe } from "../run-commands.js";
import type { OutputOptions, Run } from "./command.js";
import { describeError, mayColor, printJson, printProse, say, type Terminal } from "./terminal.js";

// Of the commands that run long alone: others start sooner without.
// The heap grows by a quarter at a time, not to several times what lives: an import of a million records peaks a third lower, as fast (bench/memory.ts).
setFlagsFromString("--heap-growing-percent=25");
// WebAssembly is optimised once it is hot: the pool's parser of HTTP replies alone costs a short import as much time as Node's start otherwise (bench/startup.ts).
setFlagsFromString("--wasm-tiering-budget=50000000");

/** `portload import`. Its options say all that a connection needs, so that it is open before the rest is loaded. */
export const importSources = toItsEnd(async () => (await import("../recipes/import.js")).runImport, {
  connect: connectEarly,
});
/** `portload sync`. */
export const sync = toItsEnd(async () => (await import("../recipes/sync.js")).runSync);
/** `portload apply`. */
export const apply = toItsEnd(async () => (await import("../recipes/apply.js")).runApply, { connect: connectEarly });
/** `portload resume`. Nobody pipes a terminal. */
export const resume = toItsEnd(async () => (await import("../recipes/resume.js")).resumeImport, {
  onlyPipedStdin: true,
});
/** `portload retry`. */
export const retry = toItsEnd(async () => (await import("../recipes/retry.js")).retryImport);

/**
 * Makes a command of a recipe that ends with a report: shows how far it is, then how it ended.
 *
 * @param connect - opens its connection while its code is loaded
 */
function toItsEnd<O, C = unknown>(
  recipe: () => Promise<(options: O, context: RunContext) => Promise<Finished>>,
  {
    connect,
    onlyPipedStdin = false,
  }: {
    readonly connect?: (options: C, context: ImportContext) => Connection | undefined;
    readonly onlyPipedStdin?: boolean;
  } = {},
) {
  return async (options: O & C, terminal: Terminal, output: OutputOptions): Promise<ExitCode> => {
    const { commandLine, env, stdin, signal } = terminal;
    const connection = connect?.(options, { env, signal });
    try {
      const run = await recipe();
      const { showProgress, sourceQuestions } = await import("./under-way.js");
      const progress = showProgress(terminal, output);
      const finished = await run(options, {
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
  { report, folder = "", reportFiles, mode, error }: Finished,
  terminal: Terminal,
  output: OutputOptions,
): Promise<ExitCode> {
  // A corrected mapping is another one, so the import is not resumed.
  const resume = error instanceof MappingError ? undefined : resumeCommand(report, folder);
  const { commandLine } = terminal;
  if (error !== undefined) await say(terminal, `${describeError(error, commandLine && typedLine(commandLine))}\n\n`);
  const color = mayColor(terminal, terminal.stderr, output.color);
  const summary = {
    report,
    mode,
    folder,
    reportFiles,
    color,
    ...(resume !== undefined && { resume }),
  };
  const { formatSummary } = await import("../report/summary.js");
  if (!output.quiet)
    await say(
      terminal,
      `${formatSummary(summary)}${nextLines(report, folder, reportFiles, terminal)}${folder === "" ? "" : stepLine(report.next, "undo") || noUndoLine(report, { mode })}`,
    );
  // Quiet is not silent about what failed, nor about how to continue.
  else {
    if (report.exitCode !== 0 && report.rejects.length > 0) await say(terminal, failedLines(report, folder));
    if (resume !== undefined) await say(terminal, `resume with: ${resume}\n`);
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

/** The command that resumes an import; none where it finished or where resuming would not help. */
function resumeCommand(
  { importId, exitCode, command, dryRun }: Pick<Finished["report"], "importId" | "exitCode" | "command" | "dryRun">,
  folder: string,
): string | undefined {
  if (![2, 3, 4].includes(exitCode) || !canBe("resumed", { command, dryRun })) return undefined;
  return `${commandOn("resume", { importId, folder })}${exitCode === 2 ? " --max-errors <more>" : ""}`;
}

/** What to do about what failed: the commands that import it again, and that show it as a page. */
function nextLines(
  { importId, command, dryRun, entities, exitCode, rejects, next }: Finished["report"],
  folder: string,
  reportFiles: readonly string[],
  { commandLine }: Pick<Terminal, "commandLine">,
): string {
  const run = { importId, folder };
  const hasPage = reportFiles.some((path) => /\.html$/i.test(path));
  return [
    ...(dryRun && command === "import" && exitCode <= 1 && commandLine !== undefined
      ? [`To see what differs from the catalog: ${planCommand(commandLine)}\n`]
      : []),
    stepLine(next, "retry"),
    ...(command === "retry" && entities.created + entities.updated > 0
      ? ["What you corrected in a rejects file is as it was in its source: correct it there, too, or it fails again.\n"]
      : []),
    ...(rejects.length > 0 && !hasPage
      ? [`To see all of it as a page: ${commandOn("report", run)} --report report.html\n`]
      : []),
  ].join("");
}

/** A command to run next, with its purpose; empty where there is none. */
function stepLine(next: readonly NextStep[] | undefined, step: NextStep["is"]): string {
  return (next ?? []).map(({ is, purpose, command }) => (is === step ? `${purpose}: ${command}\n` : "")).join("");
}

/** The plan of an import, as it is typed: the same words, except for what a plan lacks and the report that would be written over. */
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

/** Why a run that changed something cannot be taken back; empty where it can. */
function noUndoLine({ dryRun, entities, next = [] }: Finished["report"], { mode }: Pick<Finished, "mode">): string {
  if (dryRun || changedIn(entities) === 0 || next.some(({ is }) => is === "undo")) return "";
  return `An undo cannot take back what was ${mode === "override" ? "overridden" : "merged"}: the import ran without --keep-before, which keeps what was there\n`;
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
  const { formatSummary } = await import("../report/summary.js");
  // Here the report is the data, and files that were asked for are the answer.
  if (output.output === "json") await printJson(terminal, `${JSON.stringify(found)}\n`);
  else if (options.report.length > 0) {
    if (!output.quiet)
      await say(terminal, `${found.command} ${found.importId}: written to ${options.report.join(", ")}\n`);
  } else
    await printProse(
      terminal,
      formatSummary({
        report: found,
        mode,
        folder,
        color,
        ...(resume !== undefined && { resume }),
      }),
    );
  return 0;
};
