import { crc32 } from "node:zlib";
import type { ClearedField, EntityBody, FoundEntity, Mode } from "../entity.js";
import { StateError } from "../errors.js";
import type { Place } from "../record.js";

/** Version of the journal's form; a reader refuses others. */
export const journalFormat = 1;

/** What separates a source from its later versions. Stdin has neither size nor time. */
export interface SourceFingerprint {
  /** As on the command line, without kind, userinfo and query; `-` for stdin. */
  readonly name: string;
  readonly kind?: string;
  /** Of what a program gave: its format, which the mapping does not say. */
  readonly format?: string;
  readonly bytes?: number;
  /** ISO 8601. */
  readonly modifiedAt?: string;
  /** Of the content, or of parts of a large one; see `fingerprintFile`. */
  readonly content?: string;
}

/** What must be the same for an import to be resumed. */
export interface Fingerprints {
  /** See `fingerprintText`. */
  readonly mapping: string;
  /** Address of the API. */
  readonly target: string;
  /** In the order of the command line: `Place.source` is an index of this list. */
  readonly sources: readonly SourceFingerprint[];
}

/** The journal's first line. Holds no secrets. */
export interface JournalHeader {
  readonly line: "import";
  readonly format: typeof journalFormat;
  readonly importId: string;
  /** `import`, later `sync`, `apply`, …. */
  readonly command: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The options as resolved, so that a later process can continue without them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly fingerprints: Fingerprints;
  /** The import whose rejects this one imports. */
  readonly retryOf?: string;
  /** The run that this one takes back. */
  readonly undoOf?: string;
}

/** Whether a run keeps what entities held before it writes them: all do, but an import only with `keepBefore`. */
export function keepsBefore({ command, options }: Pick<JournalHeader, "command" | "options">): boolean {
  return (command !== "import" && command !== "retry") || options.keepBefore === true;
}

/** How far an entity came, as a reply left it: its outcome, or that it waits, `first` being what its first write did; of a rejected one, `written` is. */
export type EntityProgress =
  | { readonly is: "created" | "updated" }
  | { readonly is: "rejected"; readonly written?: "created" | "updated" }
  | { readonly is: "deferred"; readonly first?: "created" | "updated" };

/** One entity of a reply. A rejected one has its line in reasons.ndjson, written earlier. */
export type Settled = EntityPlace & EntityProgress;

/** What separates one entity of an import from the others. */
export interface EntityPlace {
  readonly at: Pick<Place, "source" | "position">;
  readonly resource: number;
  readonly item: number;
}

/** A reply of the API, with all that it settled. */
export interface JournalReply {
  readonly line: "reply";
  readonly settled: readonly Settled[];
}

/** What the catalog held before a request changes it, where that was looked up, and what the request sends; written before it is sent. The basis for undoing it. */
export interface JournalBefore {
  readonly line: "before";
  readonly entities: readonly (EntityPlace & {
    readonly blueprint: string;
    /** The fields that the request may change, as they were; null where there was no such entity. */
    readonly before: EntityBody | null;
    readonly mode: Mode;
    readonly sent: EntityBody;
    /** What is cleared apart once it is written. */
    readonly clears?: readonly ClearedField[];
  })[];
}

/** Entities that a reply says are written, of which nothing was looked up before; written along with the reply's line, before it. */
export interface JournalWrote {
  readonly line: "wrote";
  readonly blueprint: string;
  readonly created: readonly string[];
  readonly updated: readonly string[];
  /** The fingerprints of what the run leaves of each that was created, separated by blanks: once the first write is done, and once all are. Absent in a run that creates many. */
  readonly left?: readonly string[];
  /** When by the server's clock, milliseconds since the epoch, never later than the truth; absent when its clock is not known. */
  readonly atMs?: number;
}

/** Entities that are about to be deleted, whole, as they were. */
export interface JournalDeleted {
  readonly line: "delete";
  readonly blueprint: string;
  readonly entities: readonly FoundEntity[];
  /** Entities that relate to them, with these relations as they were: the API may unset them. */
  readonly referrers?: readonly RelatingEntity[];
}

/** An entity that relates to others, and what those of its relations hold. */
export interface RelatingEntity {
  readonly blueprint: string;
  readonly identifier: string;
  readonly relations: Readonly<Record<string, unknown>>;
}

/** Entities that a request in mode create is about to send: without a reply of theirs, a resumed import reads them back instead of sending them again. */
export interface JournalSent {
  readonly line: "sent";
  /** When by the server's clock, milliseconds since the epoch, never later than the truth; absent when its clock is not known. */
  readonly atMs?: number;
  readonly entities: readonly (readonly [source: number, position: number, resource: number, item: number])[];
}

/** A line of the journal. */
export type JournalLine = JournalHeader | JournalReply | JournalBefore | JournalWrote | JournalDeleted | JournalSent;

type SettledTuple = [
  source: number,
  position: number,
  resource: number,
  item: number,
  is: keyof typeof isOfLetter,
  /** `f` for the first of several writes, `o` for the last or only one. */
  pass: "o" | "f",
];

const isOfLetter = { c: "created", u: "updated", r: "rejected", m: "unmet" } as const;
const letterOfIs = { created: "c", updated: "u", rejected: "r", unmet: "m" } as const;

/** Writes a line of the journal as JSON, without its line end; what a reply settled is written as tuples. */
export function encodeJournalLine(line: JournalLine): string {
  if (line.line !== "reply") return JSON.stringify(line);
  return `{"line":"reply","settled":[${line.settled.map(tupleOf).join(",")}]}`;
}

/** A {@link SettledTuple} as JSON. There is one for each entity of an import, so that it is put together by hand. */
function tupleOf(settled: Settled): string {
  const { at, resource, item } = settled;
  const isDeferred = settled.is === "deferred";
  const letter = letterOfIs[settled.is === "deferred" ? (settled.first ?? "unmet") : settled.is];
  return `[${at.source},${at.position},${resource},${item},"${letter}","${isDeferred ? "f" : "o"}"]`;
}

function settledOf([source, position, resource, item, letter, pass]: SettledTuple): Settled {
  const place = { at: { source, position }, resource, item };
  const is = isOfLetter[letter];
  if (is === "unmet") return { ...place, is: "deferred" };
  return pass === "f" && is !== "rejected" ? { ...place, is: "deferred", first: is } : { ...place, is };
}

/** Matches a damaged checksum, too. */
const seal = /,"(...)":"(.{8})"\}$/;

/** Adds a checksum to a line's text, as the last field of its object: the CRC-32 of what it was without it. */
export function sealLine(text: string): string {
  return `${text.slice(0, -1)},"crc":"${checksumOf(text)}"}`;
}

/**
 * Takes a line's text out of its seal. Journals of earlier versions have none.
 *
 * @throws {StateError} when the text is not what was written
 */
export function unsealLine(line: string): { readonly text: string; readonly isSealed: boolean } {
  const [found, key, checksum] = seal.exec(line) ?? [];
  if (found === undefined) return { text: line, isSealed: false };
  const text = `${line.slice(0, -found.length)}}`;
  if (key === "crc" && checksumOf(text) === checksum) return { text, isSealed: true };
  throw new StateError("a line of the journal is damaged", { hint: damagedHint });
}

/** What to do about a damaged journal. */
export const damagedHint =
  "The disk or a copy changed it, so what it says of entities cannot be relied on. Restore the folder from a copy, or import again: a sync writes only what differs.";

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

/**
 * Reads a line that {@link encodeJournalLine} wrote.
 *
 * @throws {StateError} when it is another thing, or of another version
 */
export function decodeJournalLine(text: string): JournalLine {
  const value = parseObject(text);
  if (value.line === "import") {
    if (value.format === journalFormat) return value as unknown as JournalHeader;
    throw new StateError(
      `the journal has format ${String(value.format)}; this portload reads format ${journalFormat}`,
      {
        hint: "Use the version of portload that wrote it.",
      },
    );
  }
  if (["before", "wrote", "delete", "sent"].includes(String(value.line)))
    return value as unknown as JournalBefore | JournalWrote | JournalDeleted | JournalSent;
  if (value.line !== "reply") throw new StateError(`a line of the journal is of unknown kind ${String(value.line)}`);
  return { line: "reply", settled: (value.settled as SettledTuple[]).map(settledOf) };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new StateError("a line of the journal is not JSON", { cause });
  }
  throw new StateError("a line of the journal is not an object");
}
