import xxhash from "xxhash-wasm";
import type { Key } from "../entity.js";
import type { Place } from "../record.js";

const { h32, h64 } = await xxhash();

/** The entities that an import has met, by 128 bits of hash of their key: at most 32 bytes each, whatever the length of the key. */
export interface KeySet {
  /** Remembers the key, or finds it: `entry` numbers keys in the order of arrival. `content` tells two versions of one entity apart. */
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

/** Makes an empty set. Keys are told apart by two 64-bit hashes: one alone would sooner or later lose an entity in many millions silently. */
export function createKeySet(): KeySet {
  const entries = createEntries();
  const index = createIndex(entries);
  // Runs of entries that came from one source, so that an entry need not repeat it.
  const runStarts: number[] = [];
  const runSources: number[] = [];
  return {
    add(key, at, content) {
      hashKey(key);
      const found = index.find();
      if (found >= 0) return { entry: found, isNew: false };
      const entry = entries.push(content, at.position);
      if (runSources.at(-1) !== at.source) {
        runStarts.push(entry);
        runSources.push(at.source);
      }
      index.insert(entry);
      return { entry, isNew: true };
    },
    find(key) {
      hashKey(key);
      return index.find();
    },
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
  return h32(json);
}

/** A 64-bit hash as text. */
export function digestOf(text: string): string {
  return h64(text).toString(36);
}

/** The words of the key hashed last: one array for all, since a key is hashed for every look. */
const digest = new Uint32Array(4);
const halves = new BigUint64Array(digest.buffer);
const secondSeed = 0x9e3779b97f4a7c15n;

/** By blueprint: its own hashes, which seed those of its identifiers, so that no text need be put together for a key. */
const maxSeeds = 1000;
const seeds = new Map<string, readonly [bigint, bigint]>();

/** Hashes a key into {@link digest}. */
function hashKey({ blueprint, identifier }: Key): void {
  let seed = seeds.get(blueprint);
  if (seed === undefined) {
    if (seeds.size === maxSeeds) seeds.clear();
    seed = [h64(blueprint), h64(blueprint, secondSeed)];
    seeds.set(blueprint, seed);
  }
  halves[0] = h64(identifier, seed[0]);
  halves[1] = h64(identifier, seed[1]);
}

/** Large segments: of small ones the allocator wastes a part, ten megabytes at ten million keys. What is not used of one takes no memory. */
const segmentEntries = 1 << 16;
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
    /** Adds the key hashed last. */
    push(content: number, position: number): number {
      const slot = size % segmentEntries;
      if (slot === 0) {
        segments.push(new Uint32Array(segmentEntries * entryWords));
        acknowledged.push(new Uint8Array(segmentEntries / 8));
      }
      const segment = segments[segments.length - 1] as Uint32Array;
      segment.set(digest, slot * entryWords);
      segment[slot * entryWords + 4] = content;
      segment[slot * entryWords + 5] = position;
      return size++;
    },
    /** True where the entry has the key hashed last. */
    isHashed(entry: number): boolean {
      const segment = segments[Math.floor(entry / segmentEntries)] as Uint32Array;
      const at = (entry % segmentEntries) * entryWords;
      return (
        segment[at] === digest[0] &&
        segment[at + 1] === digest[1] &&
        segment[at + 2] === digest[2] &&
        segment[at + 3] === digest[3]
      );
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
/** How much a partition grows: each by another factor, 1.2 to 1.4, so that they do not grow all at once, when as much again would wait for the garbage collector. */
const growthOf = (partition: number): number => 1.2 + (0.2 * partition) / partitions;

/** Open addressing in partitions by the first byte of the hash; a partition alone is copied when it grows. A slot holds entry + 1, 0 is free. */
function createIndex({ word, isHashed }: Pick<ReturnType<typeof createEntries>, "word" | "isHashed">) {
  const tables = Array.from({ length: partitions }, () => ({ slots: new Uint32Array(8), used: 0 }));
  const start = (first: number, length: number): number => (first >>> 8) % length;
  const put = (slots: Uint32Array, first: number, entry: number): void => {
    let at = start(first, slots.length);
    while (slots[at] !== 0) at = (at + 1) % slots.length;
    slots[at] = entry + 1;
  };
  return {
    /** The entry of the key hashed last, or -1. */
    find(): number {
      const first = digest[0] as number;
      const { slots } = tables[first & (partitions - 1)] as (typeof tables)[number];
      for (let at = start(first, slots.length); ; at = (at + 1) % slots.length) {
        const entry = (slots[at] ?? 0) - 1;
        if (entry < 0) return -1;
        if (isHashed(entry)) return entry;
      }
    },
    /** Adds the entry of the key hashed last. */
    insert(entry: number): void {
      const first = digest[0] as number;
      const partition = first & (partitions - 1);
      const table = tables[partition] as (typeof tables)[number];
      if (table.used + 1 > table.slots.length * fullest) {
        const larger = new Uint32Array(Math.ceil(table.slots.length * growthOf(partition)));
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
export function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
