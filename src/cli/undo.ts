import { UsageError } from "../errors.js";
import type { undoOptions } from "../options/run.js";
import { copyOutputFile } from "../output-file.js";
import { formatPlan } from "../plan/format-plan.js";
import { planLines } from "../recipes/plan/open.js";
import { type PlannedUndo, runUndo } from "../recipes/undo.js";
import type { Run } from "./command.js";
import { showFinished } from "./finished.js";
import type { OutputOptions } from "./output.js";
import { dyeFor, printPlan } from "./plan.js";
import { showProgress } from "./progress.js";
import { mayColor, print, question, say, type Terminal } from "./terminal.js";

/** `portload undo`: shows what would take a run back, asks, and does it. */
export const undo: Run<typeof undoOptions> = async (options, terminal, output) => {
  const progress = showProgress(terminal, output);
  const { commandLine, env, signal } = terminal;
  const { counts, finished, importId } = await runUndo(options, {
    ...{ env, signal, onStart: progress.onStart },
    ...(commandLine !== undefined && { commandLine }),
    async confirm(planned) {
      if (options.out !== undefined) await copyOutputFile(planned.file, options.out, "--out");
      await show(planned, terminal, output);
      return mayApply(planned, options.out, terminal, output);
    },
  }).finally(progress.stop);
  if (finished !== undefined) return showFinished(finished, terminal, output);
  if (signal.aborted) return 4;
  if (changesOf(counts) > 0) return 0;
  if (!output.quiet) {
    const left = counts.rejected === 0 ? "" : `; ${counts.rejected} stay as they are, see above`;
    await say(terminal, `Nothing to undo: of what ${importId} wrote nothing is as it left it${left}.\n`);
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
    else if (!(await print(terminal, text))) break;
  }
}

function mayAsk({ stdin, stderr }: Terminal): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** @throws {UsageError} where nobody sits at a terminal, and nothing else was asked for than to apply it */
async function mayApply(
  { command, counts, importId }: PlannedUndo,
  out: string | undefined,
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
    if (!output.quiet) await say(terminal, `\nTo do exactly this: portload apply ${out}\n`);
    return false;
  }
  const answer = await question(terminal, `\nUndo ${command} ${importId}? [y/N] `);
  const isYes = /^y(es)?$/i.test(answer ?? "");
  if (!isYes && answer !== undefined) await say(terminal, "Nothing is undone.\n");
  return isYes;
}

function changesOf({ create, update, delete: deleted }: PlannedUndo["counts"]): number {
  return create + update + deleted;
}
