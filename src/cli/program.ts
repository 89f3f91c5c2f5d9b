import yargs, { type Argv } from "yargs";
import { PortloadError, UsageError } from "../errors.js";
import { version } from "../version.js";
import { applyCommand } from "./apply.js";
import { blueprintCommand } from "./blueprint.js";
import type { Command } from "./command.js";
import { demoCommand } from "./demo.js";
import { doctorCommand } from "./doctor.js";
import { emulatorCommand } from "./emulator.js";
import { entityCommand } from "./entity.js";
import { describeError, type ExitCode, exitCodeOf } from "./exit.js";
import { explainCommand } from "./explain.js";
import { hideStdin } from "./flags.js";
import { importCommand } from "./import.js";
import { initCommand } from "./init.js";
import { lintCommand } from "./lint.js";
import { planCommand } from "./plan.js";
import { previewCommand } from "./preview.js";
import { reportCommand } from "./report.js";
import { resumeCommand } from "./resume.js";
import { retryCommand } from "./retry.js";
import { schemaCommand } from "./schema.js";
import { syncCommand } from "./sync.js";
import { commonFlags } from "./talk.js";
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
  initCommand,
  lintCommand,
  testCommand,
  explainCommand,
  blueprintCommand,
  entityCommand,
  emulatorCommand,
  doctorCommand,
  demoCommand,
  schemaCommand,
];

/** Parses the command line, calls the command and gives its exit code. Everything it prints goes to the terminal passed in. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  // Called once the whole line has been parsed: yargs calls a command whatever it finds wrong with its flags.
  let chosen = async (): Promise<ExitCode> => 0;
  const parser = yargs()
    .scriptName("portload")
    .usage("$0 <command>\n\nBulk-loads CSV and JSON inventories into a Port software catalog.")
    .version(version)
    .help()
    .options(commonFlags)
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
  const register = (onto: Argv, { name, describe, build, run, commands: below = [] }: Command): void => {
    const buildAll = (inner: Argv): Argv => {
      for (const command of below) register(inner, command);
      return build(inner);
    };
    onto.command(name, describe, buildAll, (args) => {
      chosen = () => run(args, terminal);
    });
  };
  for (const command of commands) register(parser, command);
  // yargs' own command for this counts on ending the process.
  parser.command("completion", "Print a script that completes commands and flags in bash, zsh or fish", {}, () => {
    parser.showCompletionScript();
  });
  try {
    const output = await parse(parser, argv);
    await writeOut(terminal.stdout, output);
    return await chosen();
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
