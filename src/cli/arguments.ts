import { parseArgs } from "node:util";
import { UsageError } from "../errors.js";
import { nearest } from "../nearest.js";
import type { AnyOption, Schema } from "../options/option.js";

/** A flag's name: `max-errors` for the option `maxErrors`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What of a command says how its words are read. */
export interface CommandWords {
  /** Such as `entity get`. */
  readonly name: string;
  /** Options that are given by their place; the last may take all that is left. */
  readonly positionals: readonly string[];
  /** Gives words to their options where their place alone does not tell. */
  readonly arrange?: (words: readonly string[]) => Readonly<Record<string, unknown>>;
}

/** How a message names an option of a command: as a flag, or what stands at its place. */
export function nameIn({ positionals }: Pick<CommandWords, "positionals">, name: string): string {
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
    args: [...argv],
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

function switchOf(token: { readonly rawName: string; readonly value?: string | undefined }): boolean | undefined {
  if (token.value === undefined) return !token.rawName.startsWith("--no-");
  return token.value === "true" ? true : token.value === "false" ? false : undefined;
}

function isKnownFlag(text: string, schema: Schema): boolean {
  return text.startsWith("--") && Object.keys(schema).some((name) => text === `--${kebab(name)}`);
}

function unknownFlag(rawName: string, schema: Schema, { name, positionals }: CommandWords): string {
  if (["-m", "--mapping"].includes(rawName) && positionals.includes("mappings"))
    return `portload ${name} takes mappings without ${rawName}: portload ${name} inventory.yaml`;
  const flags = Object.keys(schema)
    .filter((option) => !positionals.includes(option))
    .map((option) => `--${kebab(option)}`);
  // A dash is what is forgotten most.
  const plain = (text: string) => text.replaceAll("-", "");
  const near = flags.find((flag) => plain(flag) === plain(rawName)) ?? nearest(rawName, flags);
  return `portload ${name} has no ${rawName}${near === undefined ? "" : `; did you mean ${near}?`}`;
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
  if (at < words.length) faults.push(`portload ${command.name} takes no "${words[at]}"`);
  return values;
}
