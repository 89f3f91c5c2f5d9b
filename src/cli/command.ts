import { parseArgs } from "node:util";
import { UsageError } from "../errors.js";
import { nearest } from "../nearest.js";
import { formGroup, progressGroup, terminalGroup } from "../options/groups.js";
import { oneOf } from "../options/kinds.js";
import { type AnyOption, group, parseOptions, type Resolved, type Schema, withDefault } from "../options/option.js";
import type { ExitCode } from "../report/exit-code.js";
import type { Terminal } from "./terminal.js";

/** A flag's name: `max-errors` for the option `maxErrors`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What of a command says how its words are read. */
interface CommandWords {
  /** Such as `entity get`. */
  readonly name: string;
  /** Options that are given by their place; the last may take all that is left. */
  readonly positionals: readonly string[];
  /** Gives words to their options where their place alone does not decide. */
  readonly arrange?: (words: readonly string[]) => Readonly<Record<string, unknown>>;
}

/** How a message names an option of a command: as a flag, or as its place in the line. */
function nameIn({ positionals }: Pick<CommandWords, "positionals">, name: string): string {
  if (!positionals.includes(name)) return `--${kebab(name)}`;
  return kebab(name).replaceAll("-", " ").replace(/s$/, "");
}

/** What a command line gives: values by the options' names, as text, true or false, or lists of text. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * Reads what follows a command's name. After `--` every word is taken as it is; `-` alone is a word, too.
 *
 * @param schema - all options that may be given
 * @throws {UsageError} with every flag that there is not, lacks its value, or is given once too often
 */
export function readArguments(argv: readonly string[], command: CommandWords, schema: Schema): Values {
  const byFlag = new Map(Object.keys(schema).map((name) => [kebab(name), name]));
  const options = Object.fromEntries(
    [...byFlag].map(([flag, name]) => {
      const { placeholder, short } = schema[name] as AnyOption;
      const type = placeholder === "" ? ("boolean" as const) : ("string" as const);
      return [flag, { type, multiple: true as const, ...(short !== undefined && { short }) }];
    }),
  );
  const { tokens } = parseArgs({
    args: command.positionals.includes("mappings") ? withoutMappingFlag(argv) : [...argv],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
    allowNegative: true,
  });
  const words: string[] = [];
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const name = byFlag.get(token.name);
    const option = name === undefined ? undefined : schema[name];
    if (name === undefined || option === undefined || command.positionals.includes(name)) {
      faults.push(unknownFlag(token.rawName, schema, command));
      continue;
    }
    const value = option.placeholder === "" ? switchOf(token) : token.value;
    const isFlag = typeof value === "string" && token.inlineValue === false && isKnownFlag(value, schema);
    if (value === undefined || value === "" || isFlag)
      faults.push(
        option.placeholder === "" ? `${token.rawName} takes no value` : `${token.rawName} needs ${option.placeholder}`,
      );
    else if (option.isList) values[name] = [...((values[name] as unknown[] | undefined) ?? []), value];
    else if (name in values && option.placeholder !== "") faults.push(`--${token.name} is given more than once`);
    else values[name] = value;
  }
  const placed = command.arrange?.(words) ?? place(words, command, schema, faults);
  if (faults.length > 0)
    throw new UsageError(faults.join("\n"), { hint: `See portload ${command.name} --help --all.` });
  return { ...values, ...placed };
}

/** A command that takes mappings by their place takes them after `-m` as well, as the others do. */
function withoutMappingFlag(argv: readonly string[]): string[] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  return argv.flatMap((word, index) => {
    if (index >= end) return [word];
    return word === "-m" || word === "--mapping" ? [] : [word.replace(/^--mapping=/, "")];
  });
}

function switchOf(token: { readonly rawName: string; readonly value?: string | undefined }): boolean | undefined {
  if (token.value === undefined) return !token.rawName.startsWith("--no-");
  return token.value === "true" ? true : token.value === "false" ? false : undefined;
}

function isKnownFlag(text: string, schema: Schema): boolean {
  return text.startsWith("--") && Object.keys(schema).some((name) => text === `--${kebab(name)}`);
}

function unknownFlag(rawName: string, schema: Schema, { name, positionals }: CommandWords): string {
  const isPrune = ["--prune", "--purge", "--delete"].includes(rawName);
  if (isPrune && name === "import")
    return `portload import has no ${rawName}; what the sources lack is deleted by portload sync --prune`;
  const flags = Object.keys(schema)
    .filter((option) => !positionals.includes(option))
    .map((option) => `--${kebab(option)}`);
  const near = isPrune && flags.includes("--prune") ? "--prune" : nearFlag(rawName, flags);
  return `${name} has no ${rawName}${near === undefined ? "" : `; did you mean ${near}?`}`;
}

function nearFlag(rawName: string, flags: readonly string[]): string | undefined {
  // A dash is what is forgotten most.
  const plain = (text: string) => text.replaceAll("-", "");
  return flags.find((flag) => plain(flag) === plain(rawName)) ?? nearest(rawName, flags);
}

/** Gives each word to the option of its place; a list takes all that is left. */
function place(words: readonly string[], command: CommandWords, schema: Schema, faults: string[]): Values {
  const values: Record<string, unknown> = {};
  let at = 0;
  for (const name of command.positionals) {
    if (at >= words.length) break;
    if (schema[name]?.isList === true) {
      values[name] = words.slice(at);
      at = words.length;
    } else values[name] = words[at++];
  }
  if (at < words.length) faults.push(`${command.name} takes no "${words[at]}"`);
  return values;
}

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
  /** Options of the terminal besides those of every command. */
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
