import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Chunk, Tally } from "../../chunk.js";
import type { Entity } from "../../entity.js";
import type { BoundSource } from "../../read/bind.js";
import type { Reject } from "../../reject.js";
import { contentHash } from "../../settle/keys.js";
import type { PastImport } from "../../state/folders.js";
import { readReasons } from "../../state/reasons.js";
import { readSettled, type SettledEntities } from "../../state/settled.js";
import { copyOf } from "../run/copies.js";
import type { Run } from "../run/run.js";

/** An import whose rejects are fed again, and what of its sources it is done with. */
export interface Retried {
  readonly importId: string;
  readonly settled: SettledEntities;
  /** Records that were rejected, in whatever stage, by the name of their source; they come again in the rejects files. */
  readonly rejected: ReadonlyMap<string, readonly { readonly position: number; readonly resource?: number }[]>;
  /** Indexes of its sources by kind and name, copies of those that cannot be opened twice among them. */
  readonly sources: ReadonlyMap<string, number>;
  /** Names of its sources. */
  readonly names: readonly string[];
  /** Later imports that were passed over; see `findImport`. */
  readonly passedOver: readonly string[];
}

/** Reads what an import is done with. @throws {StateError} */
export async function openRetried({ importId, folder, header, passedOver }: PastImport): Promise<Retried> {
  const { settled } = await readSettled(join(folder, "journal.ndjson"));
  const rejected = new Map<string, { position: number; resource?: number }[]>();
  const path = join(folder, "reasons.ndjson");
  if (existsSync(path))
    for await (const { source, position, resource } of readReasons(path)) {
      const known = rejected.get(source) ?? [];
      known.push({ position, ...(resource !== undefined && { resource }) });
      rejected.set(source, known);
    }
  const { sources } = header.fingerprints;
  const named = sources.flatMap(({ kind, name }, index) =>
    [name, copyOf(folder, { index })].map((path) => [`${kind}=${path}`, index] as const),
  );
  return { importId, settled, rejected, sources: new Map(named), names: sources.map(({ name }) => name), passedOver };
}

/**
 * Leaves out of a chunk what the retried import is done with: what it wrote, and whole records of which anything was rejected. The records left out do
 * not count as read; their keys stay taken.
 */
export function leaveOut(run: Run, source: BoundSource): (chunk: Chunk<Entity>) => Chunk<Entity> {
  const { retried } = run;
  const index = retried?.sources.get(`${source.kind}=${source.name}`);
  if (retried === undefined || index === undefined) return (chunk) => chunk;
  const rejected = rejectedRecords(run, retried, { name: retried.names[index] ?? "", kind: source.kind });
  const isDone = (entity: Entity): boolean => {
    const { position } = entity.at;
    if (rejected.has(position)) return true;
    const known = retried.settled.of({ at: { source: index, position }, resource: entity.resource, item: entity.item });
    if (known?.is !== "created" && known?.is !== "updated") return false;
    const { entry } = run.keys.add(entity.key, entity.at, contentHash(entity.json));
    run.keys.acknowledge(entry);
    return true;
  };
  return (chunk) => {
    const items = chunk.items.filter((entity) => !isDone(entity));
    const rejects = chunk.rejects.filter(({ at }) => !rejected.has(at.position));
    if (items.length === chunk.items.length && rejects.length === chunk.rejects.length) return chunk;
    return {
      ...chunk,
      items,
      rejects,
      tally: tallyOf(chunk.tally, parted(chunk.items, chunk.rejects), parted(items, rejects)),
    };
  };
}

function rejectedRecords(
  { inventory }: Run,
  { rejected }: Retried,
  { name, kind }: Pick<BoundSource, "name" | "kind">,
): ReadonlySet<number> {
  // One file may be given to two kinds.
  const isOfKind = ({ resource }: { readonly resource?: number }): boolean =>
    resource === undefined || inventory.mapping.resources[resource]?.kind === kind;
  return new Set((rejected.get(name) ?? []).filter(isOfKind).map(({ position }) => position));
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
