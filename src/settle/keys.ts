import { hash } from "node:crypto";
import type { Key } from "../entity.js";
import type { Place } from "../record.js";

/** The entities that an import has met, by a 128-bit hash of their key: at most 32 bytes each, whatever the length of the key. */
export interface KeySet {
  /** Remembers the key, or finds it: `entry` numbers keys in the order of their coming. `content` tells two versions of one entity apart. */
  add(key: Key, at: Place, content: number): { readonly entry: number; readonly isNew: boolean };
  /** The entry of a key, or -1. */
  find(key: Key): number;
  /** Where an entry was met first (without its line). */
  place(entry: number): Place;
  /** The `content` that an entry was added with. */
  content(entry: number): number;
  /** Notes that the catalog holds this entry's entity by now. */
  acknowledge(entry: number): void;
  isAcknowledged(entry: number): boolean;
  readonly size: number;
  /** Bytes held by the tables. */
  readonly bytes: number;
}

/** Makes an empty set. Two keys share an entry with a chance of about n²/2¹²⁹: a 64-bit hash would lose an entity in millions silently. */
export function createKeySet(): KeySet {
  const entries = createEntries();
  const index = createIndex(entries.word);
  // Runs of entries that came from one source, so that an entry need not repeat it.
  const runStarts: number[] = [];
  const runSources: number[] = [];
  return {
    add(key, at, content) {
      const digest = digestOf(key);
      const found = index.find(digest);
      if (found >= 0) return { entry: found, isNew: false };
      const entry = entries.push(digest, content, at.position);
      if (runSources.at(-1) !== at.source) {
        runStarts.push(entry);
        runSources.push(at.source);
      }
      index.insert(digest[0], entry);
      return { entry, isNew: true };
    },
    find: (key) => index.find(digestOf(key)),
    place: (entry) => ({ source: runSources[lastAtMost(runStarts, entry)] ?? 0, position: entries.word(entry, 5) }),
    content: (entry) => entries.word(entry, 4),
    acknowledge: entries.acknowledge,
    isAcknowledged: entries.isAcknowledged,
    get size() {
      return entries.size;
    },
    get bytes() {
      return entries.bytes + index.bytes;
    },
  };
}

/** A 32-bit hash of an entity's serialised body. */
export function contentHash(json: string): number {
  return hash("sha1", json, "buffer").readUInt32LE(0);
}

type Digest = readonly [number, number, number, number];

function digestOf(key: Key): Digest {
  const bytes = hash("sha256", `${key.blueprint}\0${key.identifier}`, "buffer");
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
}

const segmentEntries = 1 << 13;
/** Four words of hash, one of content, one of position. */
const entryWords = 6;

/** Entries in segments, so that growing copies nothing. */
function createEntries() {
  const segments: Uint32Array[] = [];
  const acknowledged: Uint8Array[] = [];
  let size = 0;
  const word = (entry: number, at: number): number =>
    segments[Math.floor(entry / segmentEntries)]?.[(entry % segmentEntries) * entryWords + at] ?? 0;
  return {
    word,
    push(digest: Digest, content: number, position: number): number {
      const slot = size % segmentEntries;
      if (slot === 0) {
        segments.push(new Uint32Array(segmentEntries * entryWords));
        acknowledged.push(new Uint8Array(segmentEntries / 8));
      }
      segments.at(-1)?.set([...digest, content, position], slot * entryWords);
      return size++;
    },
    acknowledge(entry: number): void {
      const bits = acknowledged[Math.floor(entry / segmentEntries)];
      const byte = (entry % segmentEntries) >> 3;
      if (bits !== undefined) bits[byte] = (bits[byte] ?? 0) | (1 << (entry & 7));
    },
    isAcknowledged: (entry: number): boolean =>
      (((acknowledged[Math.floor(entry / segmentEntries)]?.[(entry % segmentEntries) >> 3] ?? 0) >> (entry & 7)) &
        1) ===
      1,
    get size() {
      return size;
    },
    get bytes() {
      return segments.length * segmentEntries * (entryWords * 4 + 1 / 8);
    },
  };
}

const partitions = 256;
const fullest = 0.85;
const growth = 1.5;

/** Open addressing in partitions by the first byte of the hash; a partition alone is copied when it grows. A slot holds entry + 1, 0 is free. */
function createIndex(word: (entry: number, at: number) => number) {
  const tables = Array.from({ length: partitions }, () => ({ slots: new Uint32Array(8), used: 0 }));
  const start = (first: number, length: number): number => (first >>> 8) % length;
  const put = (slots: Uint32Array, first: number, entry: number): void => {
    let at = start(first, slots.length);
    while (slots[at] !== 0) at = (at + 1) % slots.length;
    slots[at] = entry + 1;
  };
  const tableOf = (first: number) => tables[first & (partitions - 1)] as (typeof tables)[number];
  return {
    find(digest: Digest): number {
      const { slots } = tableOf(digest[0]);
      for (let at = start(digest[0], slots.length); ; at = (at + 1) % slots.length) {
        const entry = (slots[at] ?? 0) - 1;
        if (entry < 0) return -1;
        if (digest.every((part, i) => word(entry, i) === part)) return entry;
      }
    },
    insert(first: number, entry: number): void {
      const table = tableOf(first);
      if (table.used + 1 > table.slots.length * fullest) {
        const larger = new Uint32Array(Math.ceil(table.slots.length * growth));
        for (const slot of table.slots) if (slot !== 0) put(larger, word(slot - 1, 0), slot - 1);
        table.slots = larger;
      }
      put(table.slots, first, entry);
      table.used++;
    },
    get bytes() {
      return tables.reduce((sum, table) => sum + table.slots.byteLength, 0);
    },
  };
}

/** Index of the last number that is at most `value` in an ascending list. */
function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
