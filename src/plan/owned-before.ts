import type { Deletions } from "./guards.js";

/** Owned entities, and those among them that the sources no longer have. */
export interface OwnedShare {
  readonly owned: number;
  readonly stale: number;
  /** When the youngest of them was created, milliseconds since the epoch; absent where all are meant. */
  readonly untilMs?: number;
}

/** When owned entities were created. */
export interface Ages {
  /** Takes an entity; one whose time is not known counts as old. */
  add(createdAt: unknown, isStale: boolean): void;
  /** Those created before a time. */
  before(timeMs: number): OwnedShare;
  /** What was there before each time in the last week at which more was created. */
  cuts(nowMs: number): readonly OwnedShare[];
}

/** How long an entity counts as young, in milliseconds. */
const youthMs = 7 * 24 * 3_600_000;
/** A pause that separates two runs which created entities, in milliseconds, and as a share of the time since the first of them. */
const pause = { ms: 200, share: 0.1 };

/**
 * Collects when entities were created; memory grows by 8 bytes for each young one.
 *
 * @param sinceMs - a time that may be asked for, however long ago
 */
export function collectAges(nowMs: number, sinceMs = nowMs): Ages {
  const horizonMs = Math.min(nowMs - youthMs, sinceMs);
  const old = { owned: 0, stale: 0 };
  const young: number[] = [];
  const stale: number[] = [];
  return {
    add(createdAt, isStale) {
      const atMs = typeof createdAt === "string" ? Date.parse(createdAt) : Number.NaN;
      if (atMs >= horizonMs) {
        young.push(atMs);
        if (isStale) stale.push(atMs);
      } else {
        old.owned++;
        if (isStale) old.stale++;
      }
    },
    before(timeMs) {
      const count = (times: readonly number[]) => times.reduce((sum, at) => (at < timeMs ? sum + 1 : sum), 0);
      return { owned: old.owned + count(young), stale: old.stale + count(stale) };
    },
    cuts(now) {
      young.sort((a, b) => a - b);
      stale.sort((a, b) => a - b);
      const [first] = young;
      if (first === undefined) return [];
      const gapMs = Math.max(pause.ms, (Math.max(now, young.at(-1) ?? 0) - first) * pause.share);
      const cuts: OwnedShare[] = old.owned === 0 ? [] : [{ ...old, untilMs: first - 1 }];
      let passed = 0;
      for (const [index, at] of young.entries()) {
        while (passed < stale.length && (stale[passed] ?? 0) <= at) passed++;
        const next = young[index + 1];
        if (next !== undefined && next - at > gapMs)
          cuts.push({ owned: old.owned + index + 1, stale: old.stale + passed, untilMs: at });
      }
      return cuts;
    },
  };
}

/** What is known of a blueprint from earlier nights. */
export interface KnownBase {
  /** Entities owned when the last prune finished; absent where none has. */
  readonly owned?: number;
  /** When the first night after that began, milliseconds since the epoch by the server's clock. */
  readonly sinceMs?: number;
  /** Entities deleted since, by nights that did not finish. */
  readonly deleted: number;
}

/** What a scan of one blueprint found. */
export interface OwnedNow {
  readonly blueprint: string;
  readonly found: number;
  /** Of these, created by this run. */
  readonly created: number;
  /** Of these, not in the sources. */
  readonly stale: number;
  readonly ages?: Ages;
}

/**
 * Says of how many entities the deletions of a blueprint are a share: of what was owned when the last prune finished, never of more than the catalog shows, so
 * that no night thins its share out by what it, or one that did not finish, created. Where no prune has finished, the catalog's own dates decide: of all that
 * was there before more was created in the last week, the worst share counts.
 */
export function judgeDeletions(now: OwnedNow, base: KnownBase, nowMs: number): Deletions {
  const { blueprint, found, created, stale, ages } = now;
  const { deleted, sinceMs } = base;
  const deletions = stale + deleted;
  const shown = Math.min(base.owned ?? Number.POSITIVE_INFINITY, Math.max(0, found - created) + deleted);
  const before = sinceMs === undefined ? undefined : ages?.before(sinceMs).owned;
  const owned = before === undefined ? shown : Math.min(shown, before + deleted);
  const cuts = base.owned === undefined ? (ages?.cuts(nowMs) ?? []) : [];
  const counted = cuts.map((cut) => ({ ...cut, owned: cut.owned + deleted, stale: cut.stale + deleted }));
  const worst = counted.reduce<OwnedShare>((a, b) => (shareOf(b) > shareOf(a) ? b : a), { owned, stale: deletions });
  const facts = { blueprint, deletions, ...(deleted > 0 && { deleted }) };
  if (worst.untilMs === undefined) return { ...facts, owned: Math.max(owned, deletions) };
  const part = { stale: worst.stale, untilMs: worst.untilMs };
  return { ...facts, owned: worst.owned, share: shareOf(worst), part };
}

function shareOf({ owned, stale }: OwnedShare): number {
  return stale === 0 ? 0 : stale / Math.max(owned, stale);
}
