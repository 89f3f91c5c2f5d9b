import { copyFile } from "node:fs/promises";
import { EnvironmentError } from "../errors.js";
import { type Dye, formatPlan } from "../plan/format-plan.js";
import { planLines } from "../recipes/plan/planned.js";
import { runPlan } from "../recipes/plan.js";
import { planOptions } from "../recipes/sync/options.js";
import { causeLines } from "../report/summary.js";
import { makePaint } from "../report/words.js";
import type { Command } from "./command.js";
import { describeError, type ExitCode } from "./exit.js";
import { flagsOf, parseFlags } from "./flags.js";
import { showProgress } from "./progress.js";
import { pruneFlag } from "./sync.js";
import { talkFlags, talkOf } from "./talk.js";
import { mayColor, type Terminal, writeOut } from "./terminal.js";

const exitcodeFlag = {
  "detailed-exitcode": { type: "boolean", describe: planOptions.shape.detailedExitcode.description ?? "" },
} as const;

/** `portload plan`: what a sync would do. */
export const planCommand: Command = {
  name: "plan <sources..>",
  describe: "Show what a sync would create, update and delete; write nothing",
  build: (parser) =>
    parser
      .positional("sources", { type: "string", array: true, describe: planOptions.shape.sources.description ?? "" })
      .options(flagsOf(planOptions.shape, ["sources", "prune", "detailedExitcode"]))
      .options(pruneFlag)
      .options(exitcodeFlag)
      .options(talkFlags)
      .example("$0 plan services.csv -m services.yaml --out tonight.plan", "then: $0 apply tonight.plan"),
  async run(args, terminal) {
    const options = parseFlags(planOptions, args);
    const talk = talkOf(args, terminal);
    const progress = showProgress(terminal, talk);
    const { report, file, error, discard } = await runPlan(options, {
      env: terminal.env,
      stdin: terminal.stdin,
      signal: terminal.signal,
      onStart: progress.start,
    }).finally(progress.stop);
    try {
      if (error !== undefined) await writeOut(terminal.stderr, `${describeError(error)}\n`);
      if (file === undefined) {
        const why = report.exitCode === 2 ? "--max-errors was passed" : "it was interrupted";
        if (error === undefined) await writeOut(terminal.stderr, `no plan: ${why}\n`);
        return report.exitCode as ExitCode;
      }
      if (options.out !== undefined) await keep(file, options.out);
      if (talk.output === "json") await printJson(file, terminal);
      else if (!talk.quiet) {
        const dye = dyeFor(
          mayColor({ ...terminal, stderr: terminal.stdout as Terminal["stderr"] }, args.color !== false),
        );
        for await (const text of formatPlan(planLines(file), dye)) if (!(await writeOut(terminal.stdout, text))) break;
        const causes = causeLines(report.rejects, report.warnings, makePaint(talk.color));
        if (causes.length > 0) await writeOut(terminal.stderr, `\n${causes.join("\n")}\n`);
        if (options.out !== undefined)
          await writeOut(terminal.stderr, `\nTo do exactly this: portload apply ${options.out}\n`);
      }
      if (report.exitCode !== 0 || !options.detailedExitcode) return report.exitCode as ExitCode;
      return (await hasChanges(file)) ? 10 : 0;
    } finally {
      await discard();
    }
  },
};

async function keep(file: string, out: string): Promise<void> {
  await copyFile(file, out).catch((cause: Error) => {
    throw new EnvironmentError(`${out}: the plan cannot be written: ${cause.message}`, { cause });
  });
}

/** The plan as one JSON document: its header, `changes`, and its counts. */
async function printJson(file: string, { stdout }: Terminal): Promise<void> {
  let first = true;
  for await (const line of planLines(file)) {
    if ("op" in line) {
      if (!(await writeOut(stdout, `${first ? "" : ","}\n${JSON.stringify(line)}`))) return;
      first = false;
    } else if (line.line === "plan") {
      const { line: _, ...header } = line;
      await writeOut(stdout, `${JSON.stringify(header).slice(0, -1)},"changes":[`);
    } else {
      const { line: _, ...counts } = line;
      await writeOut(stdout, `],"counts":${JSON.stringify(counts)}}\n`);
    }
  }
}

async function hasChanges(file: string): Promise<boolean> {
  for await (const line of planLines(file)) if ("op" in line) return true;
  return false;
}

const codes = { create: "32", update: "33", delete: "31", strong: "1", faint: "2" } as const;

function dyeFor(color: boolean): Dye {
  return (text, kind) => (color ? `\u001b[${codes[kind]}m${text}\u001b[0m` : text);
}
