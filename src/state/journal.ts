import { StateError } from "../errors.js";
import { type AppendOptions, openAppendFile, readLines } from "./files.js";
import {
  damagedHint,
  decodeJournalLine,
  type EntityPlace,
  type EntityProgress,
  encodeJournalLine,
  type JournalHeader,
  type JournalLine,
  type Settled,
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
interface JournalOptions extends AppendOptions {
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

/** What the journal of an import says of its entities: a byte an entity, so that it fits in memory for millions. */
export interface SettledEntities {
  /** Takes an entity of a reply; later ones overrule. */
  note(settled: Settled): void;
  /** True for an entity that the journal calls rejected, as long as its reason is not noted. */
  lacksReason(of: EntityPlace): boolean;
  /** Notes that a rejected entity's reason is on disk: without it, it does not count as settled. */
  noteReason(of: EntityPlace): void;
  /** What is known of an entity; undefined when it must be sent. */
  of(entity: EntityPlace): EntityProgress | undefined;
}

const finals = ["created", "updated", "rejected"] as const;
const firsts = ["created", "updated"] as const;
const rejected = 3;
const unmet = 3;
const reasonBit = 16;

/** Makes an empty table. A byte holds: final outcome (2 bits, 0 for none), how far it came otherwise (2 bits), whether there is a reason (1 bit). */
export function collectSettled(): SettledEntities {
  const bytes = createBytes();
  return {
    note({ at, resource, item, ...progress }) {
      const before = bytes.get(at.source, resource, at.position, item);
      const now =
        progress.is === "deferred"
          ? (before & reasonBit) | ((progress.first === undefined ? unmet : firsts.indexOf(progress.first) + 1) << 2)
          : (before & ~3) | (finals.indexOf(progress.is) + 1);
      bytes.set(at.source, resource, at.position, item, now);
    },
    lacksReason({ at, resource, item }) {
      return (bytes.get(at.source, resource, at.position, item) & (3 | reasonBit)) === rejected;
    },
    noteReason({ at, resource, item }) {
      const before = bytes.get(at.source, resource, at.position, item);
      bytes.set(at.source, resource, at.position, item, before | reasonBit);
    },
    of({ at, resource, item }) {
      const byte = bytes.get(at.source, resource, at.position, item);
      const outcome = finals[(byte & 3) - 1];
      const waiting = (byte >> 2) & 3;
      const first = firsts[waiting - 1];
      if (outcome === "created" || outcome === "updated") return { is: outcome };
      if (outcome === "rejected" && (byte & reasonBit) !== 0)
        return { is: outcome, ...(first !== undefined && { written: first }) };
      if (waiting === unmet) return { is: "deferred" };
      return first === undefined ? undefined : { is: "deferred", first };
    },
  };
}

/** A byte for each entity: dense by position, since nearly every record gives its first item; further items are kept one by one. */
function createBytes() {
  const dense = new Map<string, Uint8Array>();
  const sparse = new Map<string, number>();
  return {
    get(source: number, resource: number, position: number, item: number): number {
      if (item > 0) return sparse.get(`${source} ${resource} ${position} ${item}`) ?? 0;
      return dense.get(`${source} ${resource}`)?.[position] ?? 0;
    },
    set(source: number, resource: number, position: number, item: number, byte: number): void {
      if (item > 0) {
        sparse.set(`${source} ${resource} ${position} ${item}`, byte);
        return;
      }
      const name = `${source} ${resource}`;
      let row = dense.get(name) ?? new Uint8Array(1024);
      if (position >= row.length) {
        const wider = new Uint8Array(Math.max(position + 1, row.length * 2));
        wider.set(row);
        row = wider;
      }
      row[position] = byte;
      dense.set(name, row);
    },
  };
}

/** Names an entity of an import in a map. */
export function placeName({ at, resource, item }: EntityPlace): string {
  return `${at.source} ${at.position} ${resource} ${item}`;
}

/** What the journal of an import that stopped says of its entities. */
export interface JournalSummary {
  readonly settled: SettledEntities;
  /** When an entity of mode create was sent, without a reply of its own: by the server's clock; undefined when that was not known. */
  readonly inDoubt: ReadonlyMap<string, number | undefined>;
}

/** Reads what a journal says of its entities. @throws {StateError} */
export async function readSettled(path: string): Promise<JournalSummary> {
  const settled = collectSettled();
  const inDoubt = new Map<string, number | undefined>();
  for await (const line of readJournal(path)) {
    if (line.line === "sent")
      for (const [source, position, resource, item] of line.entities)
        inDoubt.set(placeName({ at: { source, position }, resource, item }), line.atMs);
    if (line.line !== "reply") continue;
    for (const each of line.settled) {
      settled.note(each);
      inDoubt.delete(placeName(each));
    }
  }
  return { settled, inDoubt };
}
