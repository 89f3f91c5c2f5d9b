import { dirname } from "node:path";
import type { Readable } from "node:stream";
import type { PastImport } from "../../state/folders.js";
import type { JournalHeader } from "../../state/journal-lines.js";
import { type ReopenedState, reopenState } from "../../state/reopen.js";
import type { Accounts } from "../run/accounts.js";
import { readCopies, stdinAgain } from "../run/copies.js";
import type { Inventory } from "../run/inventory.js";
import { findChanges, refuseChanges } from "./changes.js";

/** An import that goes on. */
export interface Resumption {
  readonly past: PastImport;
  /** Go on although what it was begun with has changed. */
  readonly acceptChanges: boolean;
}

/** The folder of an import that goes on, and where its sources are read from. */
export interface ReopenedRun {
  readonly state: ReopenedState;
  readonly inventory: Inventory;
  readonly stdin: Readable | undefined;
}

/**
 * Takes up the folder of an import that stopped.
 *
 * @param now - what a new import would write into its journal's header
 * @throws {StateError} when what it was begun with has changed, unless that is accepted
 * @throws {SourceError} when its stdin must be piped again and is not
 */
export async function reopenRun(
  { past, acceptChanges }: Resumption,
  now: Pick<JournalHeader, "options" | "fingerprints">,
  { inventory }: { readonly inventory: Inventory },
  accounts: Accounts,
  stdin: Readable | undefined,
): Promise<ReopenedRun> {
  const { folder, header, importId } = past;
  const changes = findChanges(header, now);
  if (changes.told.length > 0 && !acceptChanges) refuseChanges(importId, changes);
  const sources = readCopies(folder, inventory.sources);
  const state = await reopenState({
    stateDir: dirname(folder),
    folder,
    header,
    ...(changes.told.length > 0 && { changed: now }),
    voided: changes.voided,
    recall: accounts.recall,
  });
  try {
    const again = await stdinAgain(folder, sources, stdin, changes.told.length === 0);
    return { state, inventory: { ...inventory, sources }, stdin: again };
  } catch (error) {
    await state.close("unfinished");
    throw error;
  }
}
