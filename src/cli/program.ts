import { GuardError, UsageError } from "../errors.js";
import { nearest } from "../nearest.js";
import { parseOptions, type Schema } from "../options/option.js";
import { stateDirFlag } from "../reject.js";
import { type ExitCode, errorExitCode } from "../report/exit-code.js";
import { canBe } from "../run-commands.js";
import { version } from "../version.js";
import {
  type AnyCommand,
  everyCommand,
  kebab,
  type OutputOptions,
  readArguments,
  running,
  type Values,
} from "./command.js";
import { commands, families, findCommand } from "./commands.js";
import { refuseWithoutMapping, withConfig } from "./config.js";
import { describeError, print, printProse, say, type Terminal, typedUnder } from "./terminal.js";

/** Reads the command line, calls the command and gives its exit code. Everything it prints goes to the terminal passed in. */
export async function runProgram(argv: readonly string[], world: Terminal): Promise<ExitCode> {
  const terminal = { ...world, ...typedUnder(world.env, firstWords()) };
  try {
    return await answer(argv, terminal);
  } catch (error) {
    await say(terminal, `${describeError(error, await refusedLine(error, argv))}\n`);
    return errorExitCode(error);
  }
}

/** The command line, where a guard refused it that flags would allow. */
async function refusedLine(error: unknown, argv: readonly string[]): Promise<string | undefined> {
  if (!(error instanceof GuardError) || error.allowedBy.length === 0) return undefined;
  return (await import("./load.js")).typedLine(argv);
}

function firstWords(): readonly string[] {
  return [...new Set(commands.map(({ name }) => name.replace(/ .*/, "")))];
}

async function answer(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  if (argv[0] === "__complete") return (await import("./help.js")).complete(argv.slice(1), terminal);
  const { before, words, after } = parts(argv);
  const flags = [...before, ...untilTerminator(after)];
  const isHelp = words[0] === "help";
  const named = isHelp ? words.slice(1) : words;
  const command = findCommand(named);
  if (isHelp || flags.includes("--help") || flags.includes("-h"))
    return help({ words: named, argv }, command, flags.includes("--all"), terminal);
  if (flags.includes("--version") || (command === undefined && flags.includes("-V"))) {
    await print(terminal, `${version}\n`);
    return 0;
  }
  if (command === undefined) throw await unknownCommand(named, argv);
  const rest = words.slice(command.name.split(" ").length);
  return call(command, [...before, ...rest, ...after], { ...terminal, commandLine: argv });
}

/** A command line as flags before the command, the words from there to the next flag, and what follows. */
function parts(argv: readonly string[]) {
  const isWord = (text: string): boolean => !text.startsWith("-");
  const first = argv.findIndex(isWord);
  const start = first === -1 ? argv.length : first;
  const length = argv.slice(start).findIndex((text) => !isWord(text));
  const end = length === -1 ? argv.length : start + length;
  return { before: argv.slice(0, start), words: argv.slice(start, end), after: argv.slice(end) };
}

function untilTerminator(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end === -1 ? argv : argv.slice(0, end);
}

async function help(
  { words, argv }: { readonly words: readonly string[]; readonly argv: readonly string[] },
  command: AnyCommand | undefined,
  all: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  const { commandHelp, familyHelp, programHelp } = await import("./help.js");
  const width = Math.max(60, Math.min(120, terminal.stdout.columns ?? 100));
  const [first] = words;
  if (command !== undefined) await printProse(terminal, `${commandHelp(command, all, width)}\n`);
  else if (first === undefined) await printProse(terminal, `${programHelp(width)}\n`);
  else if (first in families && words.length === 1) await printProse(terminal, `${familyHelp(first, width)}\n`);
  else throw await unknownCommand(words, argv);
  return 0;
}

/** Says what was meant, with everything else as it was typed. */
async function unknownCommand(words: readonly string[], argv: readonly string[]): Promise<UsageError> {
  const [first, second] = words;
  if (first === undefined) return new UsageError("name a command", { hint: "See portload --help." });
  /** The line with other words in the place of the first few. */
  const meant = async (count: number, ...right: readonly string[]): Promise<{ readonly hint: string }> => {
    const at = argv.indexOf(first);
    const { typedLine } = await import("./load.js");
    return { hint: `Did you mean: ${typedLine([...argv.slice(0, at), ...right, ...argv.slice(at + count)])}` };
  };
  if (first in families) {
    const verbs = commands.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []));
    if (second === undefined)
      return new UsageError(`${first}: name one of its commands`, { hint: `portload ${first} ${verbs.join("|")}` });
    const late = words.findIndex((word, at) => at > 1 && verbs.includes(word));
    const verb = late === -1 ? nearest(second, verbs) : words[late];
    return new UsageError(
      `there is no command ${first} ${second}`,
      verb === undefined
        ? { hint: `portload ${first} ${verbs.join("|")}` }
        : await (late === -1 ? meant(2, first, verb) : meant(late + 1, first, verb, ...words.slice(1, late))),
    );
  }
  const message = `there is no command ${first}`;
  const of = Object.keys(families).filter((family) => findCommand([family, first])?.name === `${family} ${first}`);
  const [family] = of.length === 1 ? of : of.filter((each) => each === second);
  if (family !== undefined) return new UsageError(message, await meant(family === second ? 2 : 1, family, first));
  if (of.length > 1) return new UsageError(message, { hint: `Name of what: portload ${of.join("|")} ${first}` });
  if (/^(?:validate|verify|check)$/i.test(first))
    return new UsageError(message, {
      hint: "A mapping is checked by portload lint; what it would write by portload import --dry-run",
    });
  const near = nearest(first, [...commands.map(({ name }) => name), ...Object.keys(families), "help"]);
  return new UsageError(message, near === undefined ? { hint: "See portload --help." } : await meant(1, near));
}

/** Milliseconds that a command which was interrupted has to tidy up. */
const tidyMs = 300;

async function call(command: AnyCommand, argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const schema: Schema = { ...everyCommand, ...command.terminal, ...command.options };
  const values = await withConfig(command, readArguments(argv, command, schema), terminal);
  await refuseWithoutMapping(command, values);
  const output = outputOf(command, values);
  const { signal } = terminal;
  // What the table says of it: its code is loaded by its row's `load`, then called.
  const work = command.run(values, terminal, output);
  if (command.interrupted === "closes") return work;
  let interrupt = (): void => undefined;
  const interrupted = new Promise<void>((done) => {
    interrupt = done;
  });
  const onAbort = (): void => {
    if (command.interrupted === "finishes")
      void say(
        terminal,
        `Stopping once the requests in flight are answered; Ctrl-C again stops now.${goingOn(command, values)}\n`,
      );
    else interrupt();
  };
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const ended = await Promise.race([work, interrupted]);
    if (ended !== undefined) return ended;
    await say(
      terminal,
      `portload: interrupted${/^(?:entity (?!get|export)|blueprint)/.test(command.name) ? "; what was under way may or may not have been done" : ""}\n`,
    );
    await Promise.race([work.catch(() => undefined), new Promise((done) => setTimeout(done, tidyMs).unref())]);
    return 4;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** How to continue after a second Ctrl-C, which leaves no time to say it. */
function goingOn({ name }: AnyCommand, { stateDir, dryRun }: Values): string {
  if (!canBe("resumed", { command: name, dryRun: dryRun === true }) || stateDir === false) return "";
  return ` To resume after that: portload resume${typeof stateDir === "string" ? stateDirFlag(stateDir) : ""}`;
}

/** How the command answers, by the options of the terminal that it has; those that it has not are as they are by default. */
function outputOf(command: AnyCommand, values: Values): OutputOptions {
  const own: Schema = { ...everyCommand, ...command.terminal };
  const given = Object.fromEntries(Object.entries(values).filter(([name]) => name in own));
  const parsed = parseOptions(own, given, {
    nameOf: (name) => `--${kebab(name)}`,
    hint: `See portload ${command.name} --help.`,
  });
  return { ...parseOptions({ ...running, ...everyCommand }, {}), ...parsed } as OutputOptions;
}
