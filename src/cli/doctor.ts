import type { doctorOptions } from "../options/catalog.js";
import type { Check } from "../recipes/doctor/checks.js";
import { type DoctorReport, type Reading, runDoctor } from "../recipes/doctor/probe.js";
import type { Run } from "./command.js";
import { print, printJson } from "./terminal.js";

/** `portload doctor`: first contact, by requests that change nothing. */
export const doctor: Run<typeof doctorOptions> = async (options, terminal, { output }) => {
  const report = await runDoctor(options, { env: terminal.env, signal: terminal.signal });
  if (output === "json") await printJson(terminal, `${JSON.stringify(report)}\n`);
  else await print(terminal, formatDoctor(report));
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
