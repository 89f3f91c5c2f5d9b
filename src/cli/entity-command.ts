import { createInterface } from "node:readline/promises";
import type { z } from "zod";
import { UsageError } from "../errors.js";
import type { DeleteAllQuestion } from "../recipes/entity/delete-all.js";
import type { EntityDone } from "../recipes/entity/done.js";
import type { Command } from "./command.js";
import type { ExitCode } from "./exit.js";
import { flagsOf, parseFlags } from "./flags.js";
import { talkOf } from "./talk.js";
import { type Terminal, writeOut } from "./terminal.js";

/** A sub-command of `portload entity`. */
export interface EntityVerb<T extends z.ZodObject> {
  /** With its positionals, as `get <blueprint> <identifier>`. */
  readonly name: string;
  readonly describe: string;
  readonly options: T;
  readonly positionals: readonly (keyof z.output<T> & string)[];
  /** Flags that take no value. */
  readonly switches: readonly (keyof z.output<T> & string)[];
  readonly examples: readonly (readonly [string, string])[];
  run(options: z.output<T>, terminal: Terminal): Promise<EntityDone>;
}

/** Makes a sub-command that prints the API's JSON on stdout and ends with 1 when the API refused. */
export function entityVerb<T extends z.ZodObject>(verb: EntityVerb<T>): Command {
  const { shape } = verb.options;
  const describeOf = (name: string): string => (shape[name] as z.ZodType | undefined)?.description ?? "";
  const isArray = (name: string): boolean => (shape[name] as z.ZodType | undefined)?.def.type === "array";
  return {
    name: verb.name,
    describe: verb.describe,
    build(parser) {
      for (const name of verb.positionals)
        parser.positional(name, { type: "string", array: isArray(name), describe: describeOf(name) });
      for (const name of verb.switches) parser.option(kebab(name), { type: "boolean", describe: describeOf(name) });
      for (const [line, what] of verb.examples) parser.example(line, what);
      return parser.options(flagsOf(shape, [...verb.positionals, ...verb.switches]));
    },
    async run(args, terminal) {
      const options = parseFlags(verb.options, args);
      const { quiet } = talkOf(args, terminal);
      try {
        return await show(await verb.run(options, terminal), terminal, quiet);
      } catch (error) {
        if (!terminal.signal.aborted) throw error;
        await writeOut(terminal.stderr, "portload: interrupted; what was under way may or may not have been done\n");
        return 4;
      }
    },
  };
}

/** Asks before all entities of a blueprint go. @throws {UsageError} where nobody sits at a terminal */
export async function askDeleteAll(
  terminal: Terminal,
  { blueprint, count, deleteBlueprint }: DeleteAllQuestion,
): Promise<boolean> {
  const what = `${count === 1 ? "the one entity" : `all ${count} entities`} of ${blueprint}${deleteBlueprint ? " and the blueprint" : ""}`;
  if (terminal.stdin.isTTY !== true || terminal.stderr.isTTY !== true)
    throw new UsageError(`would delete ${what}, and there is no terminal to ask at`, { hint: "Give --yes." });
  const asking = createInterface({ input: terminal.stdin, output: terminal.stderr });
  try {
    const typed = await asking.question(`Delete ${what}? Type the blueprint's identifier: `, {
      signal: terminal.signal,
    });
    return typed.trim() === blueprint;
  } finally {
    asking.close();
  }
}

async function show({ replies, notes, refused }: EntityDone, terminal: Terminal, quiet: boolean): Promise<ExitCode> {
  for (const reply of replies) await writeOut(terminal.stdout, `${JSON.stringify(reply, null, 2)}\n`);
  if (!quiet) await writeOut(terminal.stderr, notes.map((note) => `${note}\n`).join(""));
  if (refused === undefined) return 0;
  const hint = refused.hint === undefined ? "" : `\n  ${refused.hint}`;
  await writeOut(terminal.stderr, `portload: ${refused.message}${hint}\n`);
  return 1;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
