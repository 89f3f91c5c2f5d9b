import type { EntityBody } from "../entity.js";
import { StateError } from "../errors.js";
import type { Place } from "../record.js";

/** Version of the journal's form; a reader refuses others. */
export const journalFormat = 1;

/** What tells one source from its later self. Stdin has neither size nor time. */
export interface SourceFingerprint {
  /** As on the command line, without kind, userinfo and query; `-` for stdin. */
  readonly name: string;
  readonly kind?: string;
  readonly bytes?: number;
  /** ISO 8601. */
  readonly modifiedAt?: string;
  /** Of the content, or of parts of a large one; see `fingerprintFile`. */
  readonly content?: string;
}

/** What must be the same for an import to go on where it stopped. */
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
  /** The options as resolved, so that a later process can go on without them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly fingerprints: Fingerprints;
  /** The import whose rejects this one takes up. */
  readonly retryOf?: string;
}

/** One entity of a reply. A rejected one has its line in reasons.ndjson, written earlier; an unmet one was refused for a missing target and waits, so it is not settled. */
export interface Settled {
  readonly at: Pick<Place, "source" | "position">;
  readonly resource: number;
  readonly item: number;
  readonly is: keyof typeof letterOfIs;
  readonly pass: keyof typeof letterOfPass;
}

/** A reply of the API, with all that it settled. */
export interface JournalReply {
  readonly line: "reply";
  /** HTTP status; absent where the entities were settled by reading them back. */
  readonly status?: number;
  readonly settled: readonly Settled[];
}

/** What the catalog held before a request of a sync changed it; written before the request is sent. The ground for undoing it. */
export interface JournalBefore {
  readonly line: "before";
  readonly entities: readonly (Pick<Settled, "at" | "resource" | "item"> & {
    readonly blueprint: string;
    /** The fields that the request may change, as they were. */
    readonly before: EntityBody;
  })[];
}

/** Entities that a sync is about to delete, whole, as they were. */
export interface JournalDeleted {
  readonly line: "delete";
  readonly blueprint: string;
  readonly entities: readonly Readonly<Record<string, unknown>>[];
}

/** Entities that a request in mode create is about to send: without a reply of theirs, a resumed import reads them back instead of sending them again. */
export interface JournalSent {
  readonly line: "sent";
  /** When by the server's clock, milliseconds since the epoch, never later than the truth; absent when its clock is not known. */
  readonly atMs?: number;
  readonly entities: readonly (readonly [source: number, position: number, resource: number, item: number])[];
}

/** A line of the journal. */
export type JournalLine = JournalHeader | JournalReply | JournalBefore | JournalDeleted | JournalSent;

type SettledTuple = [
  source: number,
  position: number,
  resource: number,
  item: number,
  is: keyof typeof isOfLetter,
  pass: keyof typeof passOfLetter,
];

const isOfLetter = { c: "created", u: "updated", r: "rejected", m: "unmet" } as const;
const passOfLetter = { o: "only", f: "first", s: "second" } as const;
const letterOfIs = { created: "c", updated: "u", rejected: "r", unmet: "m" } as const;
const letterOfPass = { only: "o", first: "f", second: "s" } as const;

/** Writes a line of the journal as JSON, without its line end; what a reply settled is written as tuples. */
export function encodeJournalLine(line: JournalLine): string {
  if (line.line !== "reply") return JSON.stringify(line);
  const settled = line.settled.map(
    ({ at, resource, item, is, pass }): SettledTuple => [
      at.source,
      at.position,
      resource,
      item,
      letterOfIs[is],
      letterOfPass[pass],
    ],
  );
  return JSON.stringify({ line: line.line, status: line.status, settled });
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
        hint: "Go on with the version of portload that wrote it.",
      },
    );
  }
  if (value.line === "before" || value.line === "delete" || value.line === "sent")
    return value as unknown as JournalBefore | JournalDeleted | JournalSent;
  if (value.line !== "reply") throw new StateError(`a line of the journal is of unknown kind ${String(value.line)}`);
  const settled = (value.settled as SettledTuple[]).map(
    ([source, position, resource, item, is, pass]): Settled => ({
      at: { source, position },
      resource,
      item,
      is: isOfLetter[is],
      pass: passOfLetter[pass],
    }),
  );
  return { line: "reply", ...(typeof value.status === "number" && { status: value.status }), settled };
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
