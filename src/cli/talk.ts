import { z } from "zod";
import { parseFlags } from "./flags.js";
import { mayColor, type Terminal } from "./terminal.js";

/** How a command talks. */
export interface Talk {
  /** What goes to stdout at the end. */
  readonly output: "text" | "json";
  /** Whether the moving line is shown: `auto` moves on a terminal and is plain elsewhere. */
  readonly progress: "auto" | "plain" | "none";
  /** Errors only. */
  readonly quiet: boolean;
  readonly color: boolean;
  /** Nothing is asked. */
  readonly yes: boolean;
}

/** Flags of every command. */
export const commonFlags = {
  quiet: { type: "boolean", describe: "say nothing but errors" },
  color: { type: "boolean", default: true, describe: "colours on a terminal; --no-color or NO_COLOR for none" },
  yes: { type: "boolean", describe: "ask nothing; where only a person can decide, stop" },
} as const;

/** Flags of every command that works on an import. */
export const talkFlags = {
  output: { type: "string", requiresArg: true, describe: "text (to stderr), or json: the report on stdout [text]" },
  progress: { type: "string", requiresArg: true, describe: "auto, plain (a line every 10 s) or none [auto]" },
} as const;

const talkOptions = z.strictObject({
  output: z.enum(["text", "json"]).default("text"),
  progress: z.enum(["auto", "plain", "none"]).default("auto"),
  quiet: z.boolean().default(false),
  color: z.boolean().default(true),
  yes: z.boolean().default(false),
});

/** How a command was asked to talk. @throws {UsageError} for values that do not fit */
export function talkOf(args: Readonly<Record<string, unknown>>, terminal: Terminal): Talk {
  const talk = parseFlags(talkOptions, args);
  return { ...talk, color: mayColor(terminal, talk.color), progress: talk.quiet ? "none" : talk.progress };
}
