import { StateError } from "../errors.js";
import { type AppendOptions, openAppendFile, readLines } from "./files.js";
import {
  damagedHint,
  decodeJournalLine,
  encodeJournalLine,
  type JournalHeader,
  type JournalLine,
  sealLine,
  unsealLine,
} from "./journal-lines.js";

/** Least milliseconds between two syncs of the journal. */
export const syncEveryMs = 200;

/** The append-only record of what is settled. */
export interface Journal {
  /**
   * Resolves when a reply's line is handed to the operating system: wait for it before the slot of the request is free. What is noted before a request lasts
   * a power cut by then: wait for it before the request is sent.
   *
   * @throws {StateError}
   * @throws {GuardError} once another process has the import's lock
   */
  append(line: Exclude<JournalLine, JournalHeader>): Promise<void>;
  /** Syncs and closes. @throws {StateError} */
  close(): Promise<void>;
}

/** Opens a journal that holds its header already. @throws {StateError} */
export async function openJournal(
  path: string,
  { mayAppend = () => Promise.resolve(), ...options }: JournalOptions = {},
): Promise<Journal> {
  const file = await openAppendFile(path, { syncEveryMs, ...options });
  return {
    async append(line) {
      await mayAppend();
      const text = `${sealLine(encodeJournalLine(line))}\n`;
      await (line.line === "reply" || line.line === "wrote" ? file.append(text) : file.appendDurably(text));
    },
    close: () => file.close(),
  };
}

/** How a journal is opened. */
export interface JournalOptions extends AppendOptions {
  /** Called before each line; where it throws, nothing is written. */
  readonly mayAppend?: () => Promise<void>;
}

/**
 * Reads a journal: first its header, then the replies in the order they were settled. A torn last line is left out: what it would have said is not settled.
 *
 * @throws {StateError} when the header is missing, or a line other than the last is damaged
 */
export async function* readJournal(path: string): AsyncGenerator<JournalLine> {
  let lineNumber = 0;
  let isSealed = false;
  for await (const lines of readLines(path)) {
    for (const text of lines) {
      lineNumber += 1;
      const { line, ...how } = decodeAt(path, lineNumber, text);
      if (lineNumber === 1) ({ isSealed } = how);
      else if (isSealed && !how.isSealed)
        throw new StateError(`${path}:${lineNumber}: a line of the journal is damaged`, { hint: damagedHint });
      if ((lineNumber === 1) !== (line.line === "import"))
        throw new StateError(`${path}:${lineNumber}: the header must be the first line and no other`);
      yield line;
    }
  }
  if (lineNumber === 0) throw new StateError(`${path}: the journal has no header`);
}

/** Reads the header of a journal alone. @throws {StateError} */
export async function readJournalHeader(path: string): Promise<JournalHeader> {
  for await (const line of readJournal(path)) if (line.line === "import") return line;
  throw new StateError(`${path}: the journal has no header`);
}

function decodeAt(path: string, lineNumber: number, sealed: string): { line: JournalLine; isSealed: boolean } {
  try {
    const { text, isSealed } = unsealLine(sealed);
    return { line: decodeJournalLine(text), isSealed };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new StateError(`${path}:${lineNumber}: ${error.message}`, { cause: error, hint: error.hint ?? damagedHint });
  }
}
