import { basename } from "node:path";
import type { Mode } from "../entity.js";
import { UsageError } from "../errors.js";
import type {
  doctorOptions,
  entityDeleteAllOptions,
  entityDeleteOptions,
  entityGetOptions,
  entityWriteOptions,
  exportOptions,
} from "../options/catalog.js";
import type { OutputFile } from "../output-file.js";
import type { Check } from "../recipes/doctor/checks.js";
import type { DoctorReport, Reading } from "../recipes/doctor/probe.js";
import type { DeleteAllQuestion } from "../recipes/entity/delete.js";
import { type EntityDone, type EntityIo, getEntity } from "../recipes/entity/get.js";
import type { ExitCode } from "../report/exit-code.js";
import type { OutputOptions, Run } from "./command.js";
import { printJson, printProse, printRaw, question, say, type Terminal } from "./terminal.js";

/** `portload entity get`. */
export const get: Run<typeof entityGetOptions> = (options, terminal, output) =>
  ended(terminal, output, (io) => getEntity(options, io));

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

/** Asks before all entities of a blueprint are deleted. @throws {UsageError} without a terminal */
async function askDeleteAll(
  terminal: Terminal,
  { blueprint, count, deleteBlueprint }: DeleteAllQuestion,
): Promise<boolean> {
  const what = `${count === 1 ? "the one entity" : `all ${count} entities`} of ${blueprint}${deleteBlueprint ? " and the blueprint" : ""}`;
  if (terminal.stdin.isTTY !== true || terminal.stderr.isTTY !== true)
    throw new UsageError(`would delete ${what}, and there is no terminal to ask at`, { hint: "Give --yes." });
  return (await question(terminal, `Delete ${what}? Type the blueprint's identifier: `)) === blueprint;
}

/** Prints the API's JSON on stdout; ends with 1 when the API refused. A terminal shows a refusal once, as a message. */
async function ended(
  terminal: Terminal,
  { quiet }: OutputOptions,
  work: (io: EntityIo) => Promise<EntityDone>,
): Promise<ExitCode> {
  const { env, stdin, signal } = terminal;
  const { replies, notes, refused } = await work({ env, stdin, signal });
  const isRead = refused !== undefined && terminal.stdout.isTTY === true && terminal.stderr.isTTY === true;
  for (const reply of isRead ? replies.slice(0, -1) : replies)
    await printJson(terminal, `${JSON.stringify(reply, null, 2)}\n`);
  if (!quiet) await say(terminal, notes.map((note) => `${note}\n`).join(""));
  if (refused === undefined) return 0;
  const hint = refused.hint === undefined ? "" : `\n  ${refused.hint}`;
  await say(terminal, `portload: ${refused.message}${hint}\n`);
  return 1;
}

/** `portload doctor`: first contact, by requests that change nothing. */
export const doctor: Run<typeof doctorOptions> = async (options, terminal, { output }) => {
  const { runDoctor } = await import("../recipes/doctor/probe.js");
  const report = await runDoctor(options, { env: terminal.env, signal: terminal.signal });
  if (output === "json") await printJson(terminal, `${JSON.stringify(report)}\n`);
  else await printProse(terminal, formatDoctor(report));
  return report.healthy ? 0 : 3;
};

function formatDoctor({ checks, readings, healthy }: DoctorReport): string {
  const lines = checks.flatMap(({ name, is, message, hint }: Check) => [
    `${is.padEnd(8)} ${name.padEnd(11)} ${message}`,
    ...(hint === undefined ? [] : [`${" ".repeat(21)}${hint}`]),
  ]);
  const readingLines = (readings ?? []).map(formatReading);
  const answers =
    readingLines.length === 0
      ? []
      : ["", "Where Port's documents leave it open, this organisation answers:", ...readingLines];
  return `${[...lines, ...answers, "", healthy ? "An import can work." : "An import cannot work yet."].join("\n")}\n`;
}

function formatReading({ row, point, told, likely }: Reading): string {
  const verdict = told === undefined || likely === undefined || told === likely ? "" : `   (expected: ${likely})`;
  return `${String(row).padStart(4)}  ${point}: ${told ?? "not to be seen by this blueprint"}${verdict}`;
}

/** `portload entity export`: all entities of blueprints, as a file that imports back. */
export const exportCommand: Run<typeof exportOptions> = async (given, terminal, { quiet, output }) => {
  const { out, mappingOut, blueprintsOut, format = formatOf(given.out), ...options } = given;
  const { openOutputFile, writeOutputFile } = await import("../output-file.js");
  const { exportEntities } = await import("../recipes/export.js");
  const { formatCount } = await import("../report/words.js");
  const file = out === undefined ? undefined : await openOutputFile(out, "--out");
  try {
    const { entities, leftOut, blueprintsFile, mapping } = await exportEntities(
      { ...options, format },
      { env: terminal.env, signal: terminal.signal, emit: emitterOf(file, format, terminal) },
    );
    await file?.finish();
    const kind = out === undefined ? "export" : (basename(out).split(".")[0] ?? "export");
    if (mappingOut !== undefined) await writeOutputFile(mappingOut, "--mapping-out", mapping(kind));
    if (blueprintsOut !== undefined) await writeOutputFile(blueprintsOut, "--blueprints-out", blueprintsFile);
    if (output === "json" && out !== undefined)
      await printJson(
        terminal,
        `${JSON.stringify({ entities, leftOut, out, ...(mappingOut !== undefined && { mappingOut }), ...(blueprintsOut !== undefined && { blueprintsOut }) })}\n`,
      );
    else if (!quiet) {
      const without = leftOut.length === 0 ? "" : `; left out ${leftOut.join(", ")}, which only Port writes`;
      await say(terminal, `${formatCount(entities, "entity")} exported${without}\n`);
    }
    return 0;
  } finally {
    await file?.discard();
  }
};

function emitterOf(file: OutputFile | undefined, format: string, terminal: Terminal) {
  const toStdout = format === "csv" ? printRaw : printJson;
  return async (text: string): Promise<boolean> => {
    if (text === "") return true;
    if (file === undefined) return toStdout(terminal, text);
    await file.write(text);
    return true;
  };
}

function formatOf(out = ""): "ndjson" | "json" | "csv" {
  if (out.endsWith(".csv")) return "csv";
  return out.endsWith(".json") ? "json" : "ndjson";
}
