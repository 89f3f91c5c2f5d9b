import type { Batch, Write } from "../entity.js";

/** Most bytes in a request body. @source API reference: 413, "Request body is too large (limit is 1MiB)" */
export const maxBodyBytes = 1024 * 1024;
/** Bytes of `{"entities":[]}`. */
export const envelopeBytes = 15;

/** The two halves of a batch that was too large or refused as a whole. */
export function splitBatch(batch: Batch): readonly [Batch, Batch] {
  const middle = Math.ceil(batch.writes.length / 2);
  return [withWrites(batch, batch.writes.slice(0, middle)), withWrites(batch, batch.writes.slice(middle))];
}

/** A batch of some of another's writes. */
export function withWrites(batch: Batch, writes: readonly Write[]): Batch {
  return {
    ...batch,
    writes,
    bytes: envelopeBytes + writes.reduce((sum, { entity }) => sum + entity.bytes + 1, -1),
  };
}

/** Most entities in a request. @source API reference, "Create multiple entities": no more than 20 entities per request */
export const maxBatchEntities = 20;
/**
 * Packs writes into requests, in order: at most 20 entities and 1 MiB of UTF-8, one blueprint, one mode, no key twice.
 * A batch is closed as soon as it is full; the last ones when the writes end.
 */
export async function* batchWrites(
  writes: AsyncIterable<readonly Write[]>,
  maxEntities: number = maxBatchEntities,
): AsyncGenerator<Batch> {
  const open = new Map<string, OpenBatch>();
  for await (const chunk of writes) {
    for (const write of chunk) {
      const { blueprint, identifier } = write.entity.key;
      const name = `${write.mode} ${blueprint}`;
      // An earlier write of the same entity is sent first, in whatever mode.
      for (const [otherName, other] of open) {
        if (otherName === name || !other.identifiers.has(identifier)) continue;
        if (other.writes[0]?.entity.key.blueprint !== blueprint) continue;
        yield close(other);
        open.delete(otherName);
      }
      let batch = open.get(name) ?? emptyBatch();
      if (isFull(batch, write, maxEntities)) {
        yield close(batch);
        batch = emptyBatch();
      }
      batch.writes.push(write);
      batch.bytes += write.entity.bytes + (batch.writes.length > 1 ? 1 : 0);
      batch.identifiers.add(identifier);
      open.set(name, batch);
      if (batch.writes.length === maxEntities) {
        yield close(batch);
        open.delete(name);
      }
    }
  }
  for (const batch of open.values()) yield close(batch);
}

interface OpenBatch {
  readonly writes: Write[];
  readonly identifiers: Set<string>;
  bytes: number;
}

const emptyBatch = (): OpenBatch => ({ writes: [], identifiers: new Set(), bytes: envelopeBytes });

function isFull(batch: OpenBatch, write: Write, maxEntities: number): boolean {
  if (batch.writes.length === 0) return false;
  return (
    batch.writes.length >= maxEntities ||
    batch.bytes + write.entity.bytes + 1 > maxBodyBytes ||
    batch.identifiers.has(write.entity.key.identifier)
  );
}

function close({ writes, bytes }: OpenBatch): Batch {
  const first = writes[0] as Write;
  return { blueprint: first.entity.key.blueprint, mode: first.mode, writes, bytes };
}
