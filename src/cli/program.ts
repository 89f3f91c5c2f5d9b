import yargs from "yargs";
import { PortloadError, UsageError } from "../errors.js";
import { version } from "../version.js";
import { applyCommand } from "./apply.js";
import { blueprintCommand } from "./blueprint.js";
import type { Command } from "./command.js";
import { demoCommand } from "./demo.js";
import { doctorCommand } from "./doctor.js";
import { emulatorCommand } from "./emulator.js";
import { describeError, type ExitCode, exitCodeOf } from "./exit.js";
import { explainCommand } from "./explain.js";
import { hideStdin } from "./flags.js";
import { importCommand } from "./import.js";
import { lintCommand } from "./lint.js";
import { initCommand } from "./init.js";
import { planCommand } from "./plan.js";
import { previewCommand } from "./preview.js";
import { reportCommand } from "./report.js";
import { resumeCommand } from "./resume.js";
import { retryCommand } from "./retry.js";
import { syncCommand } from "./sync.js";
import { type Terminal, writeOut } from "./terminal.js";
import { testCommand } from "./test.js";

const commands: readonly Command[] = [
  importCommand,
  syncCommand,
  planCommand,
  applyCommand,
  resumeCommand,
  retryCommand,
  reportCommand,
  previewCommand,
  lintCommand,
  initCommand,
  testCommand,
  explainCommand,
  blueprintCommand,
  emulatorCommand,
  doctorCommand,
  demoCommand,
];

/** Parses the command line, calls the command and gives its exit code. Everything it prints goes to the terminal passed in. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0;
  const parser = yargs()
    .scriptName("portload")
    .usage("$0 <command>\n\nBulk-loads CSV and JSON inventories into a Port software catalog.")
    .version(version)
    .help()
    .strict()
    .demandCommand(1, "Name a command.")
    .recommendCommands()
    .wrap(terminal.stderr.columns ?? 100)
    .parserConfiguration({
      "duplicate-arguments-array": true,
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .exitProcess(false);
  for (const { name, describe, build, run } of commands) {
    parser.command(name, describe, build, async (args) => {
      code = await run(args, terminal);
    });
  }
  try {
    const output = await parse(parser, argv);
    await writeOut(terminal.stdout, output);
    return code;
  } catch (error) {
    await writeOut(terminal.stderr, `${describeError(error)}\n`);
    return exitCodeOf(error);
  }
}

/** Runs yargs; what it says of its own (help, version) comes back, its complaints are thrown as wrong usage. */
function parse(parser: ReturnType<typeof yargs>, argv: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    parser.fail((message, error) => {
      if (error instanceof PortloadError || message === null) fail(error);
      else fail(new UsageError(message, { hint: "See portload --help." }));
    });
    parser
      .parseAsync(argv.map(hideStdin), {}, (_error: Error | undefined, _args: unknown, output: string) => {
        if (output !== "") done(`${output}\n`);
      })
      .then(() => done(""), fail);
  });
}
