import type { Argv } from "yargs";
import type { ExitCode } from "./exit.js";
import type { Terminal } from "./terminal.js";

/** A command: what it is called with, and what it does. */
export interface Command {
  readonly name: string;
  readonly describe: string;
  /** What can follow its name, as `get` of `entity get`; itself it does nothing then. */
  readonly commands?: readonly Command[];
  build(parser: Argv): Argv;
  run(args: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode>;
}
