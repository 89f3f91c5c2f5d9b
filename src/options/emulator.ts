import { emulatorPort } from "../addresses.js";
import { duration, listOf, positiveNumber, text, wholeNumber, wordOr } from "./kinds.js";
import { group, optional, withDefault } from "./option.js";

/** Options of the command emulator. */
export const emulatorOptions = group("Emulator", {
  port: withDefault(wholeNumber(0, 65_535), emulatorPort, "port to listen on; 0 for any free one", {
    short: "p",
    common: true,
  }),
  host: withDefault(text("<address>"), "127.0.0.1", "address to listen on", { common: true }),
  blueprints: optional(text("<folder>"), "folder of blueprint files to start with", { short: "b", common: true }),
  limits: withDefault(
    wordOr(["port", "off"], positiveNumber),
    "port",
    "rate limits: port (as documented), off, or a scale of them, such as 0.2",
    { common: true },
  ),
  limitPeriod: withDefault(duration, "300s", "period of the limits; limits and bursts change in proportion"),
  latency: withDefault(duration, "0ms", "delay before each answer, such as 80ms", { common: true }),
  snapshot: optional(
    text("<file>"),
    "file that keeps the catalog: read at the start if it is there, written at a clean stop; .gz packs it",
    { common: true },
  ),
  reading: withDefault(
    listOf(text("<reading>=<value>", { as: /^[^=]+=/, must: "must be <reading>=<value>" })),
    [],
    "how to read what no source of Port's behaviour pins down (repeatable); see docs/emulator.md",
  ),
  faults: optional(text("<file>"), "YAML or JSON file of scripted trouble; see docs/reliability.md"),
});
