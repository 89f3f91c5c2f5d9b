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
}

/** Flags of every command that talks while it works. */
export const talkFlags = {
  output: { type: "string", requiresArg: true, describe: "text (to stderr), or json: the report on stdout [text]" },
  progress: { type: "string", requiresArg: true, describe: "auto, plain (a line every 10 s) or none [auto]" },
  quiet: { type: "boolean", describe: "say nothing but errors" },
  color: { type: "boolean", default: true, describe: "colours on a terminal; --no-color or NO_COLOR for none" },
} as const;

const talkOptions = z.strictObject({
  output: z.enum(["text", "json"]).default("text"),
  progress: z.enum(["auto", "plain", "none"]).default("auto"),
  quiet: z.boolean().default(false),
  color: z.boolean().default(true),
});

/** How a command was asked to talk. @throws {UsageError} for values that do not fit */
export function talkOf(args: Readonly<Record<string, unknown>>, terminal: Terminal): Talk {
  const talk = parseFlags(talkOptions, args);
  return { ...talk, color: mayColor(terminal, talk.color), progress: talk.quiet ? "none" : talk.progress };
}
