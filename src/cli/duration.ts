import { UsageError } from "../errors.js";

const units = { ms: 1, s: 1000, m: 60_000 } as const;

/** Milliseconds of a duration such as `80ms`, `300s` or `5m`; a bare number is milliseconds. @throws {UsageError} for anything else */
export function durationMs(flag: string, text: string): number {
  const [, number, unit = "ms"] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  if (number === undefined)
    throw new UsageError(`--${flag}: "${text}" is no duration`, { hint: "Write e.g. 80ms, 300s or 5m." });
  return Number(number) * units[unit as keyof typeof units];
}
