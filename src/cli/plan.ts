import { UsageError } from "../errors.js";
import type { planOptions, undoOptions } from "../options/run.js";
import { copyOutputFile } from "../output-file.js";
import { type Dye, formatPlan } from "../plan/show-plan.js";
import { runPlan } from "../recipes/plan.js";
import { planLines } from "../recipes/read-plan.js";
import type { RunContext } from "../recipes/run/connect.js";
import { changesOf, type PlannedUndo, runUndo } from "../recipes/undo.js";
import { quoted } from "../reject.js";
import type { ExitCode } from "../report/exit-code.js";
import { causeLines } from "../report/summary.js";
import { failedWords, makePaint } from "../report/words.js";
import type { OutputOptions, Run } from "./command.js";
import { showFinished, typedLine } from "./load.js";
import { describeError, mayColor, print, printJson, printProse, question, say, type Terminal } from "./terminal.js";
import { showProgress, sourceQuestions } from "./under-way.js";

/** `portload plan`: what a sync would do. */
export const plan: Run<typeof planOptions> = async (options, terminal, output) => {
  const progress = showProgress(terminal, output);
  const { commandLine, env, stdin, signal } = terminal;
  const { onConnection, onStart } = progress;
  const context: RunContext = {
    ...{ env, stdin, signal, onConnection, onStart },
    ...(commandLine !== undefined && { commandLine }),
    ...sourceQuestions(terminal, output),
  };
  const { report, file, error, discard } = await runPlan(options, context).finally(progress.stop);
  try {
    if (error !== undefined) await say(terminal, `${describeError(error, commandLine && typedLine(commandLine))}\n`);
    if (file === undefined) {
      const why = report.exitCode === 2 ? "--max-errors was passed" : "it was interrupted";
      if (error === undefined) await say(terminal, `no plan: ${why}\n`);
      return report.exitCode as ExitCode;
    }
    if (options.out !== undefined) await copyOutputFile(file, options.out, "--out");
    if (output.output === "json") await printPlan(file, terminal);
    else if (!output.quiet) {
      const dye = dyeFor(mayColor(terminal, terminal.stdout, output.color));
      for await (const text of formatPlan(planLines(file), dye)) if (!(await print(terminal, text))) break;
      const paint = makePaint(mayColor(terminal, terminal.stderr, output.color));
      const causes = causeLines(report.rejects, report.warnings, paint);
      if (causes.length > 0) await say(terminal, `\n${causes.join("\n")}\n`);
      if (options.out !== undefined) await say(terminal, applyLine(options.out, options));
    } else if (report.exitCode === 1) await say(terminal, `portload: plan: ${failedWords(report)}\n`);
    if (report.exitCode !== 0 || !options.detailedExitcode) return report.exitCode as ExitCode;
    return (await hasChanges(file)) ? 10 : 0;
  } finally {
    await discard();
  }
};

/** The command that does what a plan says, with the flags that said where. */
function applyLine(
  out: string,
  { apiUrl, stateDir }: { readonly apiUrl?: string | undefined; readonly stateDir?: string | false | undefined },
): string {
  const flags = [
    ...(apiUrl === undefined ? [] : ["--api-url", apiUrl]),
    ...(typeof stateDir === "string" ? ["--state-dir", stateDir] : []),
  ];
  return `\nTo do exactly this: portload apply ${[out, ...flags].map(quoted).join(" ")}\n`;
}

/** The plan as one JSON document: its header, `changes`, and its counts. */
async function printPlan(file: string, terminal: Terminal): Promise<void> {
  let first = true;
  let list = "changes";
  const separator = (name: string): string => {
    const text = name === list ? (first ? "" : ",") : `],${JSON.stringify(name)}:[`;
    first = false;
    list = name;
    return text;
  };
  for await (const line of planLines(file)) {
    if ("op" in line) {
      if (!(await printJson(terminal, `${separator("changes")}\n${JSON.stringify(line)}`))) return;
    } else if (line.line === "refused") {
      const { line: _, ...refused } = line;
      if (!(await printJson(terminal, `${separator("refused")}\n${JSON.stringify(refused)}`))) return;
    } else if (line.line === "plan") {
      const { line: _, ...header } = line;
      await printJson(terminal, `${JSON.stringify(header).slice(0, -1)},"changes":[`);
    } else {
      const { line: _, ...counts } = line;
      await printJson(terminal, `],"counts":${JSON.stringify(counts)}}\n`);
    }
  }
}

async function hasChanges(file: string): Promise<boolean> {
  for await (const line of planLines(file)) if ("op" in line) return true;
  return false;
}

const codes = { create: "32", update: "33", delete: "31", strong: "1", faint: "2" } as const;

/** Colours for a plan. */
function dyeFor(color: boolean): Dye {
  return (text, kind) => (color ? `\u001b[${codes[kind]}m${text}\u001b[0m` : text);
}

/** `portload undo`: shows what would take a run back, asks, and does it. */
export const undo: Run<typeof undoOptions> = async (options, terminal, output) => {
  const progress = showProgress(terminal, output);
  const { commandLine, env, signal } = terminal;
  const { counts, finished, importId, undoneBy, earlier } = await runUndo(options, {
    ...{ env, signal, onStart: progress.onStart },
    ...(commandLine !== undefined && { commandLine }),
    async confirm(planned) {
      if (options.out !== undefined) await copyOutputFile(planned.file, options.out, "--out");
      await show(planned, terminal, output);
      return mayApply(planned, options, terminal, output);
    },
  }).finally(progress.stop);
  if (finished !== undefined) return showFinished(finished, terminal, output);
  if (signal.aborted) return 4;
  if (changesOf(counts) > 0) return 0;
  if (!output.quiet) {
    const left = counts.rejected === 0 ? "" : `; ${counts.rejected} stay as they are, see above`;
    const why =
      undoneBy === undefined
        ? counts.rejected === 0
          ? `all is as it was before ${importId}`
          : `of what ${importId} wrote nothing can be taken back`
        : `${importId} is already undone by ${undoneBy}`;
    const before = earlier === undefined ? "" : `To take back the run before it: ${earlier}\n`;
    await say(terminal, `Nothing to undo: ${why}${left}.\n${before}`);
  }
  return counts.rejected === 0 ? 0 : 1;
};

/** The plan on stdout; on stderr where the run's report will be the answer there. */
async function show({ file }: PlannedUndo, terminal: Terminal, output: OutputOptions): Promise<void> {
  const isAnswer = output.output !== "json";
  if (!isAnswer && !output.yes && !mayAsk(terminal)) return printPlan(file, terminal);
  if (output.quiet && (output.yes || !mayAsk(terminal))) return;
  const dye = dyeFor(mayColor(terminal, isAnswer ? terminal.stdout : terminal.stderr, output.color));
  for await (const text of formatPlan(planLines(file), dye)) {
    if (!isAnswer) await say(terminal, text);
    else if (!(await printProse(terminal, text))) break;
  }
}

function mayAsk({ stdin, stderr }: Terminal): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** @throws {UsageError} without a terminal, and nothing else was asked for than to apply it */
async function mayApply(
  { command, counts, importId }: PlannedUndo,
  { out, ...given }: Parameters<typeof applyLine>[1] & { readonly out?: string | undefined },
  terminal: Terminal,
  output: OutputOptions,
): Promise<boolean> {
  if (changesOf(counts) === 0) return false;
  if (output.yes) return true;
  if (!mayAsk(terminal)) {
    if (out === undefined)
      throw new UsageError(`would undo ${command} ${importId}, and there is no terminal to ask at`, {
        hint: "Give --yes, or --out FILE for a plan that portload apply takes.",
      });
    if (!output.quiet) await say(terminal, applyLine(out, given));
    return false;
  }
  const answer = await question(terminal, `\nUndo ${command} ${importId}? [y/N] `);
  const isYes = /^y(es)?$/i.test(answer ?? "");
  if (!isYes && answer !== undefined) await say(terminal, "Nothing is undone.\n");
  return isYes;
}
