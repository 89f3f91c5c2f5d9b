import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Key, keyText } from "../../entity.js";
import { StateError } from "../../errors.js";
import { undoFlags } from "../../plan/guards.js";
import { commandOn } from "../../reject.js";
import { contentHash, createKeySet, type KeySet } from "../../settle/keys.js";
import type { TraceNote } from "../../settle/trace.js";
import type { PastImport } from "../../state/folders.js";
import { readJournal } from "../../state/journal.js";
import type { JournalLine } from "../../state/journal-lines.js";
import { openSpool } from "../../state/spool.js";
import { reportOf } from "../run/folder.js";

/** What a run's journal says of entities, gathered by entity. */
export interface RunNotes {
  /** Blueprints of all entities, in order of appearance. */
  readonly blueprints: readonly string[];
  /** Whether the run was about to delete an entity. */
  isDeleted(key: Key): boolean;
  /** All entities, each once with all of its notes, as many at a time as fit into memory. */
  entities(): AsyncGenerator<readonly NotedEntity[]>;
  close(): Promise<void>;
}

/** An entity, with what a run did to it. */
export interface NotedEntity {
  readonly key: Key;
  readonly notes: readonly TraceNote[];
}

interface UndoNote {
  readonly key: Key;
  readonly note: TraceNote;
}

/** Bytes of the journal that are gathered in memory at once, and the most files that it is split into. */
const partBytes = 8 * 1024 * 1024;
const maxParts = 256;

/**
 * Reads a journal and gathers what it says by entity: notes are split over files by their key, so that each fits into memory.
 *
 * @param folder - an existing folder for those files, removed by the caller
 * @throws {StateError} when the journal cannot be read, or is of a version that kept too little
 */
export async function gatherNotes(journal: string, folder: string): Promise<RunNotes> {
  const { size } = await stat(journal);
  const parts = Math.min(maxParts, Math.ceil(size / partBytes));
  const codec = {
    encode: (note: UndoNote) => JSON.stringify(note),
    decode: (line: string) => JSON.parse(line) as UndoNote,
  };
  const spools = Array.from({ length: parts }, (_, part) => openSpool(join(folder, `notes-${part}.ndjson`), codec));
  const blueprints = new Set<string>();
  const deleted = createKeySet();
  // Fingerprints of all that it created or of none: an undo takes back a run as a whole.
  let isPrinted = true;
  const close = async (): Promise<void> => {
    for (const spool of spools) await spool.close();
  };
  try {
    for await (const line of readJournal(journal)) {
      for (const one of notesOf(line)) {
        blueprints.add(one.key.blueprint);
        isPrinted &&= one.note.is !== "created" || one.note.left !== undefined;
        if (one.note.is === "delete") deleted.add(one.key, nowhere, 0);
        await spools[contentHash(keyText(one.key.blueprint, one.key.identifier)) % parts]?.append(0, [one]);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    blueprints: [...blueprints],
    isDeleted: (key) => deleted.find(key) >= 0,
    close,
    async *entities() {
      for (const spool of spools) {
        const noted = new Map<string, { key: Key; notes: TraceNote[] }>();
        for await (const chunk of spool.drain(0)) {
          for (const { key, note } of chunk) {
            const name = keyText(key.blueprint, key.identifier);
            const known = noted.get(name) ?? { key, notes: [] };
            known.notes.push(note.is === "created" && !isPrinted ? { ...note, left: undefined } : note);
            noted.set(name, known);
          }
        }
        if (noted.size > 0) yield [...noted.values()];
      }
    },
  };
}

/** Says of entities which later run wrote them, and how that is taken back first; undefined where none did. */
export type LaterWriters = (key: Key) => string | undefined;

/**
 * Reads the journals of later runs for what they wrote.
 *
 * @param keys - the entities asked for
 * @param runs - the latest first
 */
export async function laterWriters(keys: KeySet, runs: readonly PastImport[]): Promise<LaterWriters> {
  const writers: { readonly run: PastImport; readonly wrote: KeySet; readonly canUndo: KeySet }[] = [];
  for (const run of keys.size === 0 ? [] : runs) {
    const [wrote, canUndo] = [createKeySet(), createKeySet()];
    try {
      for await (const line of readJournal(join(run.folder, "journal.ndjson")))
        for (const { key, note } of notesOf(line)) {
          if (keys.find(key) < 0) continue;
          wrote.add(key, nowhere, 0);
          // What an import merged is not known: it only notes that it merged.
          if (note.is !== "updated") canUndo.add(key, nowhere, 0);
        }
    } catch (error) {
      // A journal that cannot be read says nothing.
      if (!(error instanceof StateError)) throw error;
    }
    writers.push({ run, wrote, canUndo });
  }
  return (key) => {
    const undoable = writers.find(({ canUndo }) => canUndo.find(key) >= 0)?.run;
    if (undoable !== undefined)
      return `${nameOf(undoable)} wrote it since; take that back first: ${undoCommand(undoable)}`;
    const writer = writers.find(({ wrote }) => wrote.find(key) >= 0)?.run;
    return writer && `${nameOf(writer)} merged it since and did not keep what it held (--keep-before)`;
  };
}

function nameOf({ header, importId }: PastImport): string {
  return `${header.command} ${importId}`;
}

/** The command that takes a run back, with the flags that its guard asks for. */
export function undoCommand(past: PastImport): string {
  const report = reportOf(past);
  return [commandOn("undo", past), ...(report === undefined ? [] : undoFlags(report))].join(" ");
}

/** Dummy place for a set of keys whose places are never read. */
export const nowhere = { source: 0, position: 0 };

function notesOf(line: JournalLine): readonly UndoNote[] {
  switch (line.line) {
    case "before":
      return line.entities.map(({ blueprint, before, mode, sent, clears }) => {
        // Earlier versions kept what was, and not what was sent.
        if (sent === undefined)
          throw new StateError("this run was made by an earlier version of portload, which kept too little to undo it");
        const key = { blueprint, identifier: String(sent.identifier) };
        return { key, note: { is: "write", mode, before, sent, ...(clears && { clears }) } };
      });
    case "wrote": {
      const { blueprint, created, updated, atMs, left = [] } = line;
      const at = atMs !== undefined && { atMs };
      return [
        ...created.map((identifier, index): UndoNote => {
          const prints = left[index]?.split(" ").filter((print) => print !== "");
          return { key: { blueprint, identifier }, note: { is: "created", ...at, left: prints } };
        }),
        ...updated.map((identifier): UndoNote => ({ key: { blueprint, identifier }, note: { is: "updated", ...at } })),
      ];
    }
    case "delete":
      return [
        ...line.entities.map((before): UndoNote => {
          const key = { blueprint: line.blueprint, identifier: before.identifier };
          return { key, note: { is: "delete", before } };
        }),
        ...(line.referrers ?? []).map(({ blueprint, identifier, relations }): UndoNote => {
          return { key: { blueprint, identifier }, note: { is: "unset", relations } };
        }),
      ];
    default:
      return [];
  }
}
