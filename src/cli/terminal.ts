import type { Readable, Writable } from "node:stream";

/** What a command sees of the world. Data goes to stdout, talk to stderr. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Aborted at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/** Whether talk may be coloured: on a terminal, unless NO_COLOR or --no-color say otherwise. @source no-color.org */
export function mayColor(terminal: Terminal, flag: boolean): boolean {
  return flag && terminal.stderr.isTTY === true && !terminal.env.NO_COLOR && terminal.env.TERM !== "dumb";
}

/** Writes data, and waits where the reader is slower. Resolves false when the reader is gone (`| head`). */
export async function writeOut(stream: Writable, text: string): Promise<boolean> {
  if (stream.destroyed || stream.writableEnded) return false;
  if (stream.write(text)) return true;
  await new Promise<void>((done) => {
    const settle = (): void => {
      stream.off("drain", settle);
      stream.off("close", settle);
      done();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
  });
  return !stream.destroyed;
}
