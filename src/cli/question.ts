import type { Terminal } from "./terminal.js";

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
