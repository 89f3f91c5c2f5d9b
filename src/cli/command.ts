import { oneOf } from "../options/kinds.js";
import { group, parseOptions, type Resolved, type Schema, withDefault } from "../options/option.js";
import { formGroup, progressGroup, terminalGroup } from "../options/output.js";
import type { ExitCode } from "../report/exit-code.js";
import { type CommandWords, kebab, nameIn } from "./arguments.js";
import type { Terminal } from "./terminal.js";

/** What a command does, with its options as its schema gives them. */
export type Run<S extends Schema> = (
  options: Resolved<S>,
  terminal: Terminal,
  output: OutputOptions,
) => Promise<ExitCode>;

/** A command: what it is called with, and where its code is. All but the code is data, so that help and completion load nothing else. */
interface Command<S extends Schema> extends Described<S> {
  /** Loads its code. */
  readonly load: () => Promise<Run<S>>;
}

/** A command without the types of its options, as the table holds it. */
export interface AnyCommand extends Described<Schema> {
  /** Reads its options and does its work. @throws {UsageError} for options that do not fit, before its code is loaded */
  run(values: Readonly<Record<string, unknown>>, terminal: Terminal, output: OutputOptions): Promise<ExitCode>;
}

interface Described<S extends Schema> extends CommandWords {
  /** The heading that help lists it under. */
  readonly group: string;
  /** In one line. */
  readonly summary: string;
  readonly options: S;
  readonly positionals: readonly (keyof S & string)[];
  /** Options of the terminal beside those of every command. */
  readonly terminal?: Schema;
  /** A line as it is typed, and what it is for. */
  readonly examples: readonly (readonly [line: string, why: string])[];
  readonly notes?: string;
  /**
   * What it does at an interruption, if it does not just end: `finishes` what is in flight and writes its report, or `closes` what it serves.
   */
  readonly interrupted?: "finishes" | "closes";
}

/** Makes a command of the table. */
export function command<S extends Schema>({ load, ...described }: Command<S>): AnyCommand {
  return {
    ...described,
    async run(values, terminal, output) {
      const own = Object.fromEntries(Object.entries(values).filter(([name]) => name in described.options));
      const options = parseOptions(described.options, own, {
        nameOf: (name) => nameIn(described, name),
        hint: `See portload ${described.name} --help.`,
      });
      for (const [name, option] of Object.entries(described.options)) {
        const paths = [values[name]].flat().filter((path) => typeof path === "string");
        if (option.writes === undefined || paths.length === 0) continue;
        const { checkOutputFile, checkOutputFolder } = await import("../output-file.js");
        const check = option.writes === "file" ? checkOutputFile : checkOutputFolder;
        for (const path of paths) await check(path, `--${kebab(name)}`);
      }
      const run = await load();
      return run(options, terminal, output);
    },
  };
}

/** How a command answers: what goes to stdout, how far it is shown, whether it is quiet, coloured, and asks. */
export interface OutputOptions extends Resolved<typeof terminalGroup & typeof progressGroup> {
  readonly output: "text" | "json" | "github";
}

/** Options of the terminal that every command has. */
export const everyCommand = terminalGroup;
/** Options of a command that answers in text or JSON. */
export const answering = formGroup;
/** Options of a command that takes long and answers in text or JSON. */
export const running = { ...formGroup, ...progressGroup };
/** Options of lint's answer. */
export const lintAnswering = group("Output", {
  output: withDefault(oneOf("text", "json", "github"), "text", "text, one JSON document, or annotations for GitHub", {
    short: "o",
    common: true,
  }),
});
