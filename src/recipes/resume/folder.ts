import { existsSync } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { SourceError } from "../../errors.js";
import type { BoundSource } from "../../read/bind.js";
import type { PastImport } from "../../state/folders.js";
import { type ReopenedState, reopenState } from "../../state/reopen.js";
import type { Folder, OpenFolder } from "../run/folder.js";
import { copyOf } from "../run/inputs.js";
import { findChanges, refuseChanges } from "./changes.js";
import { pipedAgain } from "./piped-again.js";

/** The folder of an import that is resumed. */
export interface ReopenedFolder extends Folder {
  readonly state: ReopenedState;
}

/**
 * Opens the folder of an import that stopped.
 *
 * Throws a StateError when what it was begun with has changed, unless that is accepted, and a SourceError when its stdin must be piped again and is not.
 *
 * @param acceptChanges - resume although what it was begun with has changed
 */
export function reopenFolder(
  { folder, header: before, importId }: PastImport,
  acceptChanges: boolean,
): OpenFolder<ReopenedFolder> {
  return async ({ header, sources: given, stdin, recall }) => {
    const changes = findChanges(before, header);
    const isSame = changes.lines.length === 0;
    if (!isSame && !acceptChanges) refuseChanges(importId, changes);
    const sources = readCopies(folder, given);
    const state = await reopenState({
      stateDir: dirname(folder),
      folder,
      header: before,
      ...(!isSame && { changed: header }),
      voided: changes.voided,
      recall,
    });
    try {
      return { state, sources, stdin: await stdinAgain(folder, sources, stdin, isSame) };
    } catch (error) {
      await state.close("unfinished");
      throw error;
    }
  };
}

/** Those whose copy is whole are read from it. */
function readCopies(folder: string, sources: readonly BoundSource[]): readonly BoundSource[] {
  return sources.map((source) =>
    existsSync(`${copyOf(folder, source)}.whole`) ? { ...source, readFrom: copyOf(folder, source) } : source,
  );
}

/**
 * The stdin of an import that did not read its first one to its end.
 *
 * @param isSame - whether it must begin as the first one did
 * @throws {SourceError} when there is none
 */
async function stdinAgain(
  folder: string,
  sources: readonly BoundSource[],
  stdin: Readable | undefined,
  isSame: boolean,
): Promise<Readable | undefined> {
  const source = sources.find(({ path }) => path === "-");
  if (source === undefined || "readFrom" in source) return stdin;
  if (stdin === undefined)
    throw new SourceError(source.name, "was not read to its end before the import stopped", {
      hint: "Pipe the same data again: … | portload resume",
    });
  const copy = copyOf(folder, source);
  if (!existsSync(copy) || !isSame) return stdin;
  const before = `${copy}.before`;
  // Each attempt copies anew; the longest beginning is the one to compare with.
  if (!existsSync(before) || (await stat(before)).size < (await stat(copy)).size) await rename(copy, before);
  return pipedAgain(stdin, before);
}
