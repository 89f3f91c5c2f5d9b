import type { AnyOption, Schema } from "../options/option.js";
import type { ExitCode } from "../report/exit-code.js";
import { everyCommand, kebab } from "./command.js";
import { commands, families, findCommand } from "./commands.js";
import { print, type Terminal } from "./terminal.js";

/** What the scripts of `portload completion` ask: prints what the last word may become, one a line; nothing where it is a file or a free value. */
export async function complete([shell, ...words]: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const separator = shell === "zsh" ? ":" : "\t";
  const lines = candidates(words).map(([word, why]) => (shell === "bash" ? word : `${word}${separator}${why}`));
  await print(terminal, lines.map((line) => `${line}\n`).join(""));
  return 0;
}

type Candidate = readonly [word: string, why: string];

/** What the last word may become, by those before it. */
export function candidates(words: readonly string[]): readonly Candidate[] {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const plain = before.filter((word) => !word.startsWith("-"));
  const command = findCommand(plain);
  if (command === undefined) return starting(typed, plain.length === 0 ? commandWords() : verbWords(plain));
  const schema: Schema = { ...everyCommand, ...command.terminal, ...command.options };
  // bash parts --mode=merge into three words
  const isInline = typed === "=" || before.at(-1) === "=";
  const flag = isInline ? before.findLast((word) => word.startsWith("-")) : before.at(-1);
  const option = flag === undefined ? undefined : optionOf(flag, schema, command.positionals);
  if (option !== undefined && option.placeholder !== "")
    return starting(
      typed === "=" ? "" : typed,
      option.choices.map((choice) => [choice, option.describe]),
    );
  if (typed.startsWith("-")) return starting(typed, flagWords(schema, command.positionals));
  const [place] = command.positionals;
  const choices = place === undefined ? [] : (schema[place]?.choices ?? []);
  return starting(
    typed,
    choices.map((choice) => [choice, ""]),
  );
}

function commandWords(): readonly Candidate[] {
  const single = commands
    .filter(({ name }) => !name.includes(" "))
    .map(({ name, summary }) => [name, summary] as const);
  return [...single, ...Object.entries(families), ["help", "Help of a command"]];
}

function verbWords([first, ...others]: readonly string[]): readonly Candidate[] {
  if (first === "help") return others.length === 0 ? commandWords() : verbWords(others);
  if (others.length > 0) return [];
  return commands
    .filter(({ name }) => name.startsWith(`${first} `))
    .map(({ name, summary }) => [name.slice((first ?? "").length + 1), summary]);
}

function flagWords(schema: Schema, positionals: readonly string[]): readonly Candidate[] {
  const flags = Object.entries(schema).filter(([name]) => !positionals.includes(name));
  return [...flags.map(([name, { describe }]): Candidate => [`--${kebab(name)}`, describe]), ["--help", "Help"]];
}

function optionOf(flag: string, schema: Schema, positionals: readonly string[]): AnyOption | undefined {
  return Object.entries(schema).find(
    ([name, { short }]) => !positionals.includes(name) && (flag === `--${kebab(name)}` || flag === `-${short}`),
  )?.[1];
}

function starting(typed: string, all: readonly Candidate[]): readonly Candidate[] {
  return all.filter(([word]) => word.startsWith(typed));
}
