import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Chunk, Tally } from "../../chunk.js";
import type { Entity } from "../../entity.js";
import type { Resource } from "../../map/mapping.js";
import type { Reject } from "../../reject.js";
import { contentHash, type KeySet } from "../../settle/keys.js";
import type { PastImport } from "../../state/folders.js";
import { readSettled, type SettledEntities } from "../../state/journal.js";
import { readReasons } from "../../state/reopen.js";
import { copyOf, type LeaveOut } from "../stages/entities.js";

/** An import whose rejects are imported again, and which part of its sources is settled. */
export interface Retried {
  readonly importId: string;
  readonly settled: SettledEntities;
  /** Records that were rejected, in whatever stage, by the name of their source; they come again in the rejects files. */
  readonly rejected: ReadonlyMap<string, readonly { readonly position: number; readonly resource?: number }[]>;
  /** Indexes of its sources by kind and name, copies of those that cannot be opened twice among them. */
  readonly sources: ReadonlyMap<string, number>;
  /** Names of its sources. */
  readonly names: readonly string[];
}

/** Reads what an import is done with. @throws {StateError} */
export async function openRetried({ importId, folder, header }: PastImport): Promise<Retried> {
  const { settled } = await readSettled(join(folder, "journal.ndjson"));
  const rejected = new Map<string, { position: number; resource?: number }[]>();
  const path = join(folder, "reasons.ndjson");
  if (existsSync(path))
    for await (const { source, position, resource, parts = [] } of readReasons(path))
      for (const one of [{ source, position, resource }, ...parts.map((part) => ({ ...part, resource: undefined }))]) {
        const known = rejected.get(one.source) ?? [];
        known.push({ position: one.position, ...(one.resource !== undefined && { resource: one.resource }) });
        rejected.set(one.source, known);
      }
  const { sources } = header.fingerprints;
  const named = sources.flatMap(({ kind, name }, index) =>
    [name, copyOf(folder, { index })].map((path) => [`${kind}=${path}`, index] as const),
  );
  return { importId, settled, rejected, sources: new Map(named), names: sources.map(({ name }) => name) };
}

/**
 * Leaves out what the retried import has settled: what it wrote, and whole records of which anything was rejected. The records left out do not count as
 * read; their keys stay taken.
 */
export function leaveOut(retried: Retried, resources: readonly Pick<Resource, "kind">[], keys: KeySet): LeaveOut {
  return (source) => {
    const index = retried.sources.get(`${source.kind}=${source.name}`);
    if (index === undefined) return (chunk) => chunk;
    // One file may be given to two kinds.
    const isOfKind = ({ resource }: { readonly resource?: number }): boolean =>
      resource === undefined || resources[resource]?.kind === source.kind;
    const records = retried.rejected.get(retried.names[index] ?? "") ?? [];
    const rejected = new Set(records.filter(isOfKind).map(({ position }) => position));
    const isDone = (entity: Entity): boolean => {
      const { position } = entity.at;
      if (rejected.has(position)) return true;
      const place = { at: { source: index, position }, resource: entity.resource, item: entity.item };
      const known = retried.settled.of(place);
      if (known?.is !== "created" && known?.is !== "updated") return false;
      const { entry } = keys.add(entity.key, entity.at, contentHash(entity.json));
      keys.acknowledge(entry);
      return true;
    };
    return (chunk) => withoutDone(chunk, isDone, rejected);
  };
}

function withoutDone(
  chunk: Chunk<Entity>,
  isDone: (entity: Entity) => boolean,
  rejected: ReadonlySet<number>,
): Chunk<Entity> {
  const items = chunk.items.filter((entity) => !isDone(entity));
  const rejects = chunk.rejects.filter(({ at }) => !rejected.has(at.position));
  if (items.length === chunk.items.length && rejects.length === chunk.rejects.length) return chunk;
  const tally = tallyOf(chunk.tally, parted(chunk.items, chunk.rejects), parted(items, rejects));
  return { ...chunk, items, rejects, tally };
}

interface Parted {
  readonly mapped: ReadonlySet<number>;
  readonly rejected: ReadonlySet<number>;
}

/** The records of a chunk, as the counts part them. */
function parted(items: readonly Entity[], rejects: readonly Reject[]): Parted {
  const ofRecords = rejects.filter(({ stage }) => stage === "read" || stage === "map");
  const rejected = new Set(ofRecords.map(({ at }) => at.position));
  const entities = [...items, ...rejects.filter(({ stage }) => stage === "check")];
  const positions = entities.map(({ at }) => at.position).filter((position) => !rejected.has(position));
  return { mapped: new Set(positions), rejected };
}

function tallyOf(tally: Tally, before: Parted, after: Parted): Tally {
  const mapped = tally.mapped - before.mapped.size + after.mapped.size;
  const rejected = tally.rejected - before.rejected.size + after.rejected.size;
  return { read: mapped + tally.skipped + rejected, mapped, skipped: tally.skipped, rejected };
}
