import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "./import-folder.js";
import type { Journal } from "./journal.js";
import type { JournalHeader } from "./journal-lines.js";
import { openRejects } from "./rejects.js";
import { type Codec, openSpool, type Spool } from "./spool.js";
import { deferredCodec, entityCodec } from "./spool-codecs.js";
import type { State } from "./state.js";

/** Name of a copy of a source that cannot be opened twice, in the spool. */
const copyName = /^source-\d+(\.|$)/;

/** Opens what stands in an import's folder beside its journal. */
export function openParts(
  folder: string,
  header: JournalHeader,
  journal: Journal,
  release: () => Promise<void>,
): Pick<State, "rejects" | "spool" | "deferred" | "writeReport" | "close"> {
  const spoolDir = join(folder, "spool");
  const names = header.fingerprints.sources.map(({ name }) => name);
  const rejects = openRejects(folder, names);
  const deferred = spoolsOf(spoolDir, (round) => `deferred${round === 0 ? "" : `-${round}`}.ndjson`, deferredCodec);
  const steps = spoolsOf(spoolDir, (step) => `${step}.ndjson`, entityCodec);
  return {
    rejects,
    deferred: deferred.of,
    spool: steps.of,
    writeReport: (json) => writeWhole(join(folder, "report.json"), json),
    close: (ending = "finished") =>
      closeAll([
        () => rejects.close(),
        () => journal.close(),
        () => deferred.close(),
        () => steps.close(),
        () => clearSpool(spoolDir, ending === "unfinished"),
        release,
      ]),
  };
}

/** Deletes the spool; with `keepCopies` all of it but the copies of sources. */
export async function clearSpool(spoolDir: string, keepCopies: boolean): Promise<void> {
  const kept = keepCopies ? (await readdir(spoolDir)).filter((name) => copyName.test(name)) : [];
  if (kept.length === 0) return await rm(spoolDir, { recursive: true, force: true });
  for (const name of await readdir(spoolDir))
    if (!kept.includes(name)) await rm(join(spoolDir, name), { recursive: true, force: true });
}

/** Spools by number, each made when it is first asked for. */
function spoolsOf<T>(folder: string, nameOf: (number: number) => string, codec: Codec<T>) {
  const spools = new Map<number, Spool<T>>();
  return {
    of(number: number): Spool<T> {
      const known = spools.get(number);
      if (known !== undefined) return known;
      const made = openSpool(join(folder, nameOf(number)), codec);
      spools.set(number, made);
      return made;
    },
    close: () => closeAll([...spools.values()].map((spool) => () => spool.close())),
  };
}

async function closeAll(parts: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) await part().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
