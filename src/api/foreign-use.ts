/** What other clients take of a quota, told from the difference between the server's count and ours. */
export interface ForeignUse {
  /** A new window began: the server counts from zero. */
  startWindow(): void;
  /**
   * Takes in a reply and gives how many requests of others it reveals, 0 or more.
   * @param excess - requests that the server counted in this window less our own ordinal
   * @param tripMs - the request's round trip
   */
  see(excess: number, tripMs: number, nowMs: number): number;
  /** Tokens to leave in the bucket for what others take before we hear of it. */
  reserve(): number;
}

/** Replies overtake each other; the smallest excess of so many is what all of them agree on. */
const agreeing = 8;
/** The rate of others is taken over so long, in milliseconds. */
const spanMs = 5000;
/** Between two looks at the allowance, in milliseconds, with room to spare. */
const tickMs = 150;

/** Starts without any knowledge of others. */
export function createForeignUse(): ForeignUse {
  let base: number | undefined;
  let inWindow = 0;
  let total = 0;
  let recent: number[] = [];
  let marks: { atMs: number; total: number }[] = [];
  let perMs = 0;
  let lagMs = 0;

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
      recent = [];
    },
    see(excess, tripMs, nowMs) {
      lagMs += (tripMs - lagMs) / 16;
      recent = [...recent.slice(1 - agreeing), excess];
      if (base === undefined) base = excess;
      // Requests that never reached the server make us count more than it does.
      base = Math.min(base, Math.max(...recent) - inWindow);
      const revealed = recent.length < agreeing ? 0 : Math.max(0, Math.min(...recent) - base - inWindow);
      inWindow += revealed;
      total += revealed;
      measure(nowMs);
      return revealed;
    },
    reserve: () => perMs * (lagMs + tickMs) * 1.5,
  };
}
