import { z } from "zod";
import { apiOptions } from "../options.js";
import type { Check } from "../recipes/doctor/checks.js";
import type { Reading } from "../recipes/doctor/probe.js";
import { type DoctorReport, runDoctor } from "../recipes/doctor.js";
import type { Command } from "./command.js";
import { flagsOf, parseFlags } from "./flags.js";
import { talkFlags, talkOf } from "./talk.js";
import { writeOut } from "./terminal.js";

const doctorOptions = z.strictObject({
  mapping: z.string().min(1).optional().describe("mapping whose blueprints are looked at"),
  probe: z
    .string()
    .min(1)
    .optional()
    .describe("blueprint that is sent requests which are validated and not written, to learn how the API answers"),
  apiUrl: apiOptions.apiUrl,
});

/** `portload doctor`: first contact, by requests that change nothing. */
export const doctorCommand: Command = {
  name: "doctor",
  describe: "Look at proxy, TLS, region, token, limits, clock and permissions; changes nothing",
  build: (parser) =>
    parser
      .options(flagsOf(doctorOptions.shape))
      .options({ output: talkFlags.output })
      .example("$0 doctor -m inventory.yaml", "may these credentials read the blueprints of a mapping?")
      .example("$0 doctor --probe service", "how does this organisation answer what Port's documents leave open?"),
  async run(args, terminal) {
    const { apiUrl, mapping, probe } = parseFlags(doctorOptions, args);
    const { output } = talkOf(args, terminal);
    const report = await runDoctor(
      {
        ...(apiUrl !== undefined && { apiUrl }),
        ...(mapping !== undefined && { mapping }),
        ...(probe !== undefined && { probe }),
      },
      { env: terminal.env, signal: terminal.signal },
    );
    await writeOut(terminal.stdout, output === "json" ? `${JSON.stringify(report)}\n` : formatDoctor(report));
    return report.healthy ? 0 : 3;
  },
};

function formatDoctor({ checks, readings, healthy }: DoctorReport): string {
  const lines = checks.flatMap(({ name, is, message, hint }: Check) => [
    `${is.padEnd(8)} ${name.padEnd(11)} ${message}`,
    ...(hint === undefined ? [] : [`${" ".repeat(21)}${hint}`]),
  ]);
  const told = (readings ?? []).map(formatReading);
  const readingLines =
    told.length === 0 ? [] : ["", "Where Port's documents leave it open, this organisation answers:", ...told];
  return `${[...lines, ...readingLines, "", healthy ? "An import can work." : "An import cannot work yet."].join("\n")}\n`;
}

function formatReading({ row, point, told, likely }: Reading): string {
  const verdict = told === undefined || likely === undefined || told === likely ? "" : `   (expected: ${likely})`;
  return `${String(row).padStart(4)}  ${point}: ${told ?? "not to be told by this blueprint"}${verdict}`;
}
