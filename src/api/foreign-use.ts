/** What other clients take of a quota, found from the difference between the server's count and ours. */
export interface ForeignUse {
  /** A new window began: the server counts from zero. */
  startWindow(): void;
  /**
   * Takes in a reply and gives how many requests of others it reveals, 0 or more.
   * @param excess - requests that the server counted in this window less our own ordinal
   * @param tripMs - the request's round trip
   */
  see(excess: number, tripMs: number, nowMs: number): number;
  /** The largest excess of the last replies: what the server may have counted beyond our ordinals. Undefined before the window's first reply. */
  excess(): number | undefined;
  /** Tokens to leave in the bucket for what others take before replies show it. */
  reserve(): number;
}

/** Replies overtake each other: only what all of the last ones agree on is believed, those of so many milliseconds and at least so many. */
const agreeMs = 500;
const agreeCount = 8;
/** Replies are folded into slots of so many milliseconds. */
const slotMs = 100;
/** The rate of others is taken over so long, in milliseconds. */
const spanMs = 5000;
/** How late replies may show others besides the round trip: what must agree, and the time between two looks at the allowance. In milliseconds. */
const delayMs = agreeMs + 150;

interface Slot {
  readonly atMs: number;
  count: number;
  least: number;
  most: number;
}

/** Starts without any knowledge of others. */
export function createForeignUse(): ForeignUse {
  let base: number | undefined;
  let inWindow = 0;
  let total = 0;
  let slots: Slot[] = [];
  let marks: { atMs: number; total: number }[] = [];
  let perMs = 0;
  let lagMs = 0;

  const fold = (excess: number, nowMs: number) => {
    let slot = slots.at(-1);
    if (slot === undefined || nowMs - slot.atMs >= slotMs) {
      slot = { atMs: nowMs, count: 0, least: excess, most: excess };
      slots.push(slot);
      // The oldest slot is dropped when the younger ones suffice.
      const younger = slots.slice(1).reduce((sum, { count }) => sum + count, 0);
      const second = slots[1];
      if (second !== undefined && nowMs - second.atMs >= agreeMs && younger >= agreeCount) slots.shift();
    }
    slot.count++;
    slot.least = Math.min(slot.least, excess);
    slot.most = Math.max(slot.most, excess);
  };

  const measure = (nowMs: number) => {
    const last = marks.at(-1);
    if (last === undefined || nowMs - last.atMs >= 100) marks.push({ atMs: nowMs, total });
    const from = marks.findLastIndex((mark) => mark.atMs <= nowMs - spanMs);
    if (from > 0) marks = marks.slice(from);
    const first = marks[0];
    perMs = first === undefined ? 0 : (total - first.total) / Math.max(1000, nowMs - first.atMs);
  };

  return {
    startWindow() {
      base = undefined;
      inWindow = 0;
      slots = [];
    },
    see(excess, tripMs, nowMs) {
      lagMs += (tripMs - lagMs) / 16;
      fold(excess, nowMs);
      const count = slots.reduce((sum, slot) => sum + slot.count, 0);
      base ??= excess;
      // Requests that never reached the server make our count higher than the server's.
      base = Math.min(base, Math.max(...slots.map((slot) => slot.most)) - inWindow);
      const least = Math.min(...slots.map((slot) => slot.least));
      const revealed = count < agreeCount ? 0 : Math.max(0, least - base - inWindow);
      inWindow += revealed;
      total += revealed;
      measure(nowMs);
      return revealed;
    },
    excess: () => (slots.length === 0 ? undefined : Math.max(...slots.map((slot) => slot.most))),
    reserve: () => perMs * (lagMs + delayMs) * 1.5,
  };
}
