import type { AnyOption, Schema } from "../options/option.js";
import type { ExitCode } from "../report/exit-code.js";
import { type AnyCommand, everyCommand, kebab } from "./command.js";
import { commands, families, findCommand } from "./commands.js";
import { print, type Terminal } from "./terminal.js";

const indent = "  ";

/** The help of the program: its commands by what they are for. */
export function programHelp(width: number): string {
  const groups = new Map<string, (readonly [string, string])[]>();
  for (const { name, group, summary } of commands) {
    const [first = "", second] = name.split(" ");
    const rows = groups.get(group) ?? [];
    groups.set(group, rows);
    if (second === undefined) rows.push([name, summary]);
    else if (!rows.some(([shown]) => shown === first)) rows.push([first, `${families[first]}: ${verbsOf(first)}`]);
  }
  return [
    "portload <command> [flags]",
    "Bulk-loads CSV, JSON and Excel inventories into a Port (port.io) software catalog.",
    ...[...groups].map(([group, rows]) => section(group, rows, width)),
    section(
      "Everywhere",
      [
        ["-h, --help", "help; portload help <command> is the same"],
        ["-V, --version", "the version"],
      ],
      width,
    ),
    "New here? portload demo shows an import without an account; portload init <file> proposes a mapping for a file of yours.",
  ].join("\n\n");
}

/** The help of commands with one first word, such as `entity`. */
export function familyHelp(first: string, width: number): string {
  const rows = commands
    .filter(({ name }) => name.startsWith(`${first} `))
    .map((each) => [usageOf(each), each.summary] as const);
  return [`portload ${first} <verb> [flags]`, `${families[first]}.`, section("Verbs", rows, width)].join("\n\n");
}

/** The help of a command: its common flags, or all of them by their groups. */
export function commandHelp(command: AnyCommand, all: boolean, width: number): string {
  const own: Schema = { ...command.options, ...command.terminal };
  // Those that every command has come last, in the words of the command where it has its own.
  const schema: Schema = { ...own, ...everyCommand, ...command.terminal, ...command.options };
  const flags = Object.entries(schema).filter(([name]) => !command.positionals.includes(name));
  const shown = all ? flags : flags.filter(([, { isCommon, need }]) => isCommon || need === "required");
  const groups = new Map<string, [string, AnyOption][]>();
  for (const flag of shown) {
    const title = all ? (flag[1].group ?? "Flags") : "Flags";
    groups.set(title, [...(groups.get(title) ?? []), flag]);
  }
  const positionals = command.positionals.map(
    (name) => [placeOf(name, command), schema[name]?.describe ?? ""] as const,
  );
  const rest = flags.length - shown.length;
  return [
    `portload ${usageOf(command)} [flags]`,
    `${command.summary}.`,
    ...(positionals.length === 0 ? [] : [rows(positionals, width)]),
    ...[...groups].map(([title, options]) => section(title, options.map(flagRow), width)),
    section(
      "Examples",
      command.examples.map(([line, why]) => [line, why]),
      width,
      true,
    ),
    ...(command.notes === undefined ? [] : [command.notes]),
    ...(rest === 0
      ? []
      : [`portload ${command.name} --help --all shows ${rest} more ${rest === 1 ? "flag" : "flags"}.`]),
  ].join("\n\n");
}

function usageOf(command: AnyCommand): string {
  const needed = Object.entries(command.options)
    .filter(([name, { need }]) => need === "required" && !command.positionals.includes(name))
    .map(
      ([name, { short, placeholder }]) => `${short === undefined ? `--${kebab(name)}` : `-${short}`} ${placeholder}`,
    );
  return [command.name, ...command.positionals.map((name) => placeOf(name, command)), ...needed].join(" ");
}

function placeOf(name: string, { options }: AnyCommand): string {
  const option = options[name];
  const many = option?.isList === true ? "…" : "";
  const place = `${(option?.placeholder ?? "").replace(/>$/, "")}${many}>`;
  return option?.need === "required" ? place : `[${place.slice(1, -1)}]`;
}

function verbsOf(first: string): string {
  return commands
    .filter(({ name }) => name.startsWith(`${first} `))
    .map(({ name }) => name.slice(first.length + 1))
    .join(", ");
}

function flagRow([name, { short, placeholder, describe, initial }]: [string, AnyOption]): readonly [string, string] {
  const flag = `${short === undefined ? "    " : `-${short}, `}--${kebab(name)}${placeholder === "" ? "" : ` ${placeholder}`}`;
  const isShown = initial !== undefined && typeof initial !== "boolean" && !Array.isArray(initial);
  return [flag, isShown ? `${describe} [${initial}]` : describe];
}

function section(title: string, lines: readonly (readonly [string, string])[], width: number, isBelow = false): string {
  return `${title}:\n${isBelow ? below(lines, width) : rows(lines, width)}`;
}

/** Widest first column; what is longer has its text on the next line. */
const widestFirst = 34;

function rows(lines: readonly (readonly [string, string])[], width: number): string {
  const column = Math.min(widestFirst, Math.max(...lines.map(([first]) => first.length))) + 2;
  const gap = " ".repeat(indent.length + column);
  return lines
    .map(([first, second]) => {
      const text = wrap(second, Math.max(30, width - gap.length)).join(`\n${gap}`);
      return first.length > column - 2 ? `${indent}${first}\n${gap}${text}` : `${indent}${first.padEnd(column)}${text}`;
    })
    .join("\n");
}

/** Lines as they are typed, each with its purpose beside it, or below where it is too long. */
function below(lines: readonly (readonly [string, string])[], width: number): string {
  const longest = Math.max(...lines.map(([line]) => line.length));
  const fits = lines.every(([, why]) => indent.length + longest + 3 + why.length <= width);
  return lines
    .map(([line, why]) =>
      fits ? `${indent}${line.padEnd(longest)}   ${why}` : `${indent}${line}\n${indent}${indent}${indent}${why}`,
    )
    .join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

/** What the scripts of `portload completion` ask: prints what the last word may become, one a line; nothing where it is a file or a free value. */
export async function complete([shell, ...words]: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const separator = shell === "zsh" ? ":" : "\t";
  const lines = candidates(words).map(([word, why]) => (shell === "bash" ? word : `${word}${separator}${why}`));
  await print(terminal, lines.map((line) => `${line}\n`).join(""));
  return 0;
}

type Completion = readonly [word: string, why: string];

/** What the last word may become, by those before it. */
function candidates(words: readonly string[]): readonly Completion[] {
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

function commandWords(): readonly Completion[] {
  const single = commands
    .filter(({ name }) => !name.includes(" "))
    .map(({ name, summary }) => [name, summary] as const);
  return [...single, ...Object.entries(families), ["help", "Help of a command"]];
}

function verbWords([first, ...others]: readonly string[]): readonly Completion[] {
  if (first === "help") return others.length === 0 ? commandWords() : verbWords(others);
  if (others.length > 0) return [];
  return commands
    .filter(({ name }) => name.startsWith(`${first} `))
    .map(({ name, summary }) => [name.slice((first ?? "").length + 1), summary]);
}

function flagWords(schema: Schema, positionals: readonly string[]): readonly Completion[] {
  const flags = Object.entries(schema).filter(([name]) => !positionals.includes(name));
  return [...flags.map(([name, { describe }]): Completion => [`--${kebab(name)}`, describe]), ["--help", "Help"]];
}

function optionOf(flag: string, schema: Schema, positionals: readonly string[]): AnyOption | undefined {
  return Object.entries(schema).find(
    ([name, { short }]) => !positionals.includes(name) && (flag === `--${kebab(name)}` || flag === `-${short}`),
  )?.[1];
}

function starting(typed: string, all: readonly Completion[]): readonly Completion[] {
  return all.filter(([word]) => word.startsWith(typed));
}
