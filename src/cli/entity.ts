import type { Mode } from "../entity.js";
import { UsageError } from "../errors.js";
import type {
  entityDeleteAllOptions,
  entityDeleteOptions,
  entityGetOptions,
  entityWriteOptions,
} from "../options/catalog.js";
import type { DeleteAllQuestion } from "../recipes/entity/delete.js";
import type { EntityDone, EntityIo } from "../recipes/entity/get.js";
import type { ExitCode } from "../report/exit-code.js";
import type { Run } from "./command.js";
import type { OutputOptions } from "./output.js";
import { printJson, question, say, type Terminal } from "./terminal.js";

/** `portload entity get`. */
export const get: Run<typeof entityGetOptions> = async (options, terminal, output) => {
  const { getEntity } = await import("../recipes/entity/get.js");
  return ended(terminal, output, (io) => getEntity(options, io));
};

/** `portload entity create`, `merge` and `override`. */
export function write(mode: Mode): Run<typeof entityWriteOptions> {
  return async (options, terminal, output) => {
    const { writeEntity } = await import("../recipes/entity/write.js");
    return ended(terminal, output, (io) => writeEntity(mode, options, io));
  };
}

/** `portload entity delete`. */
export const deleteNamed: Run<typeof entityDeleteOptions> = async (options, terminal, output) => {
  const { deleteByName } = await import("../recipes/entity/delete.js");
  return ended(terminal, output, (io) => deleteByName(options, io));
};

/** `portload entity delete-all`. */
export const deleteAll: Run<typeof entityDeleteAllOptions> = async (options, terminal, output) => {
  const { deleteAllEntities } = await import("../recipes/entity/delete.js");
  return ended(terminal, output, (io) =>
    deleteAllEntities(options, { ...io, ask: (asked) => askDeleteAll(terminal, asked) }),
  );
};

/** Asks before all entities of a blueprint go. @throws {UsageError} where nobody sits at a terminal */
async function askDeleteAll(
  terminal: Terminal,
  { blueprint, count, deleteBlueprint }: DeleteAllQuestion,
): Promise<boolean> {
  const what = `${count === 1 ? "the one entity" : `all ${count} entities`} of ${blueprint}${deleteBlueprint ? " and the blueprint" : ""}`;
  if (terminal.stdin.isTTY !== true || terminal.stderr.isTTY !== true)
    throw new UsageError(`would delete ${what}, and there is no terminal to ask at`, { hint: "Give --yes." });
  return (await question(terminal, `Delete ${what}? Type the blueprint's identifier: `)) === blueprint;
}

/** Prints the API's JSON on stdout; ends with 1 when the API refused. */
async function ended(
  terminal: Terminal,
  { quiet }: OutputOptions,
  work: (io: EntityIo) => Promise<EntityDone>,
): Promise<ExitCode> {
  const { env, stdin, signal } = terminal;
  const { replies, notes, refused } = await work({ env, stdin, signal });
  for (const reply of replies) await printJson(terminal, `${JSON.stringify(reply, null, 2)}\n`);
  if (!quiet) await say(terminal, notes.map((note) => `${note}\n`).join(""));
  if (refused === undefined) return 0;
  const hint = refused.hint === undefined ? "" : `\n  ${refused.hint}`;
  await say(terminal, `portload: ${refused.message}${hint}\n`);
  return 1;
}
