import type { Readable, Writable } from "node:stream";
import { EnvironmentError, GuardError, PortloadError } from "../errors.js";
import { escapeSign } from "../reject.js";
import { isOfTheMachine } from "../report/exit-code.js";

/** What a command gets from its environment. Data goes to stdout, messages to stderr. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Aborted at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** The words after the program's name, as typed. */
  readonly commandLine?: readonly string[];
  /** Gives the commands of a text as they can be typed here; by default as they are. */
  readonly asTyped?: (text: string) => string;
}

/** Whether a stream may be coloured: it is a terminal, and neither NO_COLOR (no-color.org) nor --no-color says otherwise. */
export function mayColor({ env }: Terminal, stream: { readonly isTTY?: boolean }, isWanted: boolean): boolean {
  return isWanted && stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

/** What is shown on a stream until something else is printed there, and how it is removed. */
const covers = new WeakMap<Writable, () => void>();

/** Removes the moving line of a stream before something else is printed there. */
export function takeAwayFrom(stream: Writable, takeAway: (() => void) | undefined): void {
  if (takeAway === undefined) covers.delete(stream);
  else covers.set(stream, takeAway);
}

/** Says something to people on stderr. It never fails: a closed stderr changes no result. */
export async function say({ stderr, asTyped }: Terminal, text: string): Promise<void> {
  covers.get(stderr)?.();
  const { isTTY, columns = 0 } = stderr;
  const shown = visibleText(asTyped?.(text) ?? text);
  await written(stderr, isTTY === true && columns > 0 ? wrapLines(shown, columns) : shown).catch(() => undefined);
}

/**
 * Of a program that npx started, commands begin with `npx portload`: a local installation is in no PATH.
 *
 * @param commands - the first words of commands
 */
export function typedUnder(
  { npm_lifecycle_event: event, npm_lifecycle_script: script = "" }: NodeJS.ProcessEnv,
  commands: readonly string[],
): Pick<Terminal, "asTyped"> {
  if (event !== "npx" || !/^(["']?)portload\1(?:\s|$)/.test(script)) return {};
  const command = new RegExp(
    `(?<!npx )(?<![\\w./@-])portload (?=(?:${commands.join("|")}|help|--help)(?![\\w-]))`,
    "gu",
  );
  return { asTyped: (text) => text.replace(command, "npx portload ") };
}

/** A command stays in one line, so that it can be copied. */
const hasCommand = /portload \w/;
/** The colours that this program sets itself. */
const color = "\u001b\\[[\\d;]*m";
const colors = new RegExp(color, "gu");

/** Breaks long lines between words, the rest indented below. */
export function wrapLines(text: string, columns: number): string {
  const wrap = (line: string): string => {
    if (line.length <= columns || hasCommand.test(line)) return line;
    const indent = `${/^ */.exec(line)?.[0]}  `;
    const lines: string[] = [];
    for (const word of line.trimStart().split(" ")) {
      const last = lines.at(-1);
      const joined = last === undefined ? `${indent.slice(2)}${word}` : `${last} ${word}`;
      if (last === undefined) lines.push(joined);
      else if (joined.replaceAll(colors, "").length <= columns) lines[lines.length - 1] = joined;
      else lines.push(`${indent}${word}`);
    }
    return lines.join("\n");
  };
  return text.split("\n").map(wrap).join("\n");
}

/**
 * Writes an answer to stdout, and waits where its reader is slower.
 *
 * @returns false when the reader is gone (`| head`)
 * @throws {EnvironmentError} when it cannot be written, as on a full disk
 */
export function print({ stdout }: Terminal, text: string): Promise<boolean> {
  return result(stdout, visibleText(text));
}

/** As {@link print}, for text to people that names commands. */
export function printProse(terminal: Terminal, text: string): Promise<boolean> {
  return print(terminal, terminal.asTyped?.(text) ?? text);
}

/** As {@link print}, for JSON: what could steer a terminal is escaped within its strings, so that the values stay the same. */
export function printJson({ stdout }: Terminal, text: string): Promise<boolean> {
  return result(stdout, text.replace(steering, escapeSign));
}

/** As {@link print}, for data that is written byte for byte, except to a terminal. */
export function printRaw(terminal: Terminal, text: string): Promise<boolean> {
  return terminal.stdout.isTTY === true ? print(terminal, text) : result(terminal.stdout, text);
}

/** Asks a person at the terminal; undefined when the command is interrupted. */
export async function question(terminal: Terminal, text: string): Promise<string | undefined> {
  // Loaded only here: most commands ask nothing.
  const { createInterface } = await import("node:readline/promises");
  const asking = createInterface({ input: terminal.stdin, output: terminal.stderr });
  try {
    return (await asking.question(text, { signal: terminal.signal })).trim();
  } catch (error) {
    if (terminal.signal.aborted) return undefined;
    throw error;
  } finally {
    asking.close();
  }
}

async function result(stdout: Writable, text: string): Promise<boolean> {
  try {
    return await written(stdout, text);
  } catch (cause) {
    throw new EnvironmentError(`stdout cannot be written: ${(cause as Error).message}`, { cause });
  }
}

const gone = new Set(["EPIPE", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END", "ECONNRESET"]);

function written(stream: Writable, text: string): Promise<boolean> {
  if (stream.destroyed || stream.writableEnded) return Promise.resolve(false);
  return new Promise((done, fail) => {
    stream.write(text, (error) => {
      if (!error) done(true);
      else if (gone.has((error as NodeJS.ErrnoException).code ?? "")) done(false);
      else fail(error);
    });
  });
}

/** Characters that steer a terminal or turn the direction of a line, except for line ends and tabs. */
const steering = /[^\P{Cc}\n\t]|\p{Cs}|[\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
/** The same, and {@link color}. */
const steeringOrColor = new RegExp(`${color}|${steering.source}`, "gu");

function visibleText(text: string): string {
  return text.replace(steeringOrColor, (sign) => (sign.length > 1 ? sign : escapeSign(sign)));
}

/**
 * An error as people read it: what is wrong and what to do; an unexpected one with its stack, to be reported.
 *
 * @param typed - the command line, to which flags are added that would allow what a guard refused
 */
export function describeError(error: unknown, typed?: string): string {
  if (error instanceof PortloadError) {
    const flags = error instanceof GuardError ? error.allowedBy.join(" ") : "";
    const { hint = "" } = error;
    // A hint ends with the flags.
    const whole = flags === "" || typed === undefined ? hint : `${hint.slice(0, -flags.length)}${typed} ${flags}`;
    return `portload: ${error.message}${hint === "" ? "" : `\n  ${whole}`}`;
  }
  if (isOfTheMachine(error)) {
    const hint = error.syscall === "mkdtemp" ? "\n  Set TMPDIR to a folder that can be written." : "";
    return `portload: ${error.message}${hint}`;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `portload: internal error, please report it\n${detail}`;
}
