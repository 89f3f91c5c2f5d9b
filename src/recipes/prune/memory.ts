import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Deletions } from "../../plan/prune-guard.js";
import { writeWhole } from "../../state/folders.js";
import { readJournalHeader } from "../../state/journal.js";
import type { State } from "../../state/state.js";

/** What a prune decided, beside the journal of its import. */
interface Decision {
  readonly refused: boolean;
  readonly blueprints: readonly Deletions[];
}

const fileName = "prune.json";

/** Keeps what a prune decided, so that a later one of the same mapping and target knows. @throws {StateError} */
export async function keepDecision({ folder }: Pick<State, "folder">, decision: Decision): Promise<void> {
  await writeWhole(join(folder, fileName), `${JSON.stringify(decision, null, 2)}\n`);
}

/**
 * How many entities of each blueprint the mapping owned when its prune was last refused; nothing when the last one went through.
 *
 * A refused run still writes, and what it wrote would thin out the share of a second one: renamed entities would pass on the second night.
 */
export async function ownedWhenRefused({
  folder,
  header,
}: Pick<State, "folder" | "header">): Promise<ReadonlyMap<string, number>> {
  const stateDir = dirname(folder);
  const { mapping, target } = header.fingerprints;
  const ids = (await readdir(stateDir)).filter((name) => name < basename(folder)).sort();
  for (const id of ids.reverse()) {
    const decision = await readDecision(join(stateDir, id));
    if (decision === undefined) continue;
    const other = await readJournalHeader(join(stateDir, id, "journal.ndjson")).catch(() => undefined);
    if (other?.fingerprints.mapping !== mapping || other.fingerprints.target !== target) continue;
    return new Map(decision.refused ? decision.blueprints.map(({ blueprint, owned }) => [blueprint, owned]) : []);
  }
  return new Map();
}

async function readDecision(folder: string): Promise<Decision | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, fileName), "utf8")) as Decision;
  } catch {
    return undefined;
  }
}
