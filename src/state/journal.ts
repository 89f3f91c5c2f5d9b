import { StateError } from "../errors.js";
import { type AppendOptions, openAppendFile, readLines } from "./files.js";
import { decodeJournalLine, encodeJournalLine, type JournalHeader, type JournalLine } from "./journal-lines.js";

/** Least milliseconds between two syncs of the journal. @source contract, "The state folder" */
export const syncEveryMs = 200;

/** The append-only record of what is settled. */
export interface Journal {
  /** Resolves when the line is handed to the operating system: wait for it before the slot of the request is free. @throws {StateError} */
  append(line: Exclude<JournalLine, JournalHeader>): Promise<void>;
  /** Syncs and closes. @throws {StateError} */
  close(): Promise<void>;
}

/** Opens a journal that holds its header already. @throws {StateError} */
export async function openJournal(path: string, options: AppendOptions = {}): Promise<Journal> {
  const file = await openAppendFile(path, { syncEveryMs, ...options });
  return {
    append: (line) => file.append(`${encodeJournalLine(line)}\n`),
    close: () => file.close(),
  };
}

/**
 * Reads a journal: first its header, then the replies in the order they were settled. A torn last line is left out: what it would have told is not settled.
 *
 * @throws {StateError} when the header is missing, or a line other than the last is damaged
 */
export async function* readJournal(path: string): AsyncGenerator<JournalLine> {
  let lineNumber = 0;
  for await (const lines of readLines(path)) {
    for (const text of lines) {
      lineNumber += 1;
      const line = decodeAt(path, lineNumber, text);
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

function decodeAt(path: string, lineNumber: number, text: string): JournalLine {
  try {
    return decodeJournalLine(text);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new StateError(`${path}:${lineNumber}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
