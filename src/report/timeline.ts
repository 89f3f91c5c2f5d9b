/** What a process did in a second, or in several of them where a long import takes them together. */
export interface TimelinePoint {
  /** Seconds since the import's begin at which this point begins. */
  readonly second: number;
  /** Requests answered or lost. */
  readonly requests: number;
  /** Entities that got their outcome. */
  readonly entities: number;
  /** Requests refused by the quota (429). */
  readonly refused: number;
  /** Milliseconds of it in which some request was held back by the quota; absent where none was. */
  readonly waitedMs?: number;
}

/** Takes what happens as it happens, in memory that does not grow with the import's length. */
export interface Timeline {
  exchange(isRefused: boolean): void;
  /** Takes a request's wait for the quota that ends now. */
  waited(ms: number): void;
  /** Takes entities that got their outcome. */
  settled(entities: readonly unknown[]): void;
  points(): readonly TimelinePoint[];
}

/** Most points kept: a chart has no more columns. */
const maxPoints = 600;

/** Opens a timeline that begins now. @param now - monotonic milliseconds */
export function openTimeline(now: () => number): Timeline {
  const startMs = now();
  let width = 1;
  let points: Sums[] = [];
  /** Until when waits are counted, in milliseconds since the begin: requests that wait together are one wait. */
  let waitedUntilMs = 0;
  const sinceMs = (): number => Math.max(0, now() - startMs);
  const pointAt = (atMs: number): Sums => {
    const second = Math.floor(atMs / 1000);
    while (second / width >= maxPoints) {
      points = halved(points);
      width *= 2;
    }
    const index = Math.floor(second / width);
    while (points.length <= index) points.push({ requests: 0, entities: 0, refused: 0, waitedMs: 0 });
    return points[index] as Sums;
  };
  const point = () => pointAt(sinceMs());
  return {
    exchange(isRefused) {
      const at = point();
      at.requests++;
      if (isRefused) at.refused++;
    },
    waited(ms) {
      const endMs = sinceMs();
      const beganMs = Math.max(endMs - ms, waitedUntilMs);
      waitedUntilMs = Math.max(waitedUntilMs, endMs);
      // Adds the missing points, and sets their width.
      pointAt(endMs);
      const stretchMs = width * 1000;
      const last = Math.floor(endMs / stretchMs);
      for (let index = Math.floor(beganMs / stretchMs); index <= last; index++) {
        const withinMs = Math.min(endMs, (index + 1) * stretchMs) - Math.max(beganMs, index * stretchMs);
        (points[index] as Sums).waitedMs += Math.max(0, withinMs);
      }
    },
    settled(entities) {
      point().entities += entities.length;
    },
    points: () =>
      points.map(({ waitedMs, ...at }, index) => ({
        second: index * width,
        ...at,
        ...(waitedMs >= 1 && { waitedMs: Math.round(waitedMs) }),
      })),
  };
}

type Sums = Record<"requests" | "entities" | "refused" | "waitedMs", number>;

function halved(points: readonly Sums[]): Sums[] {
  return Array.from({ length: Math.ceil(points.length / 2) }, (_, index) => {
    const pair = points.slice(index * 2, index * 2 + 2);
    const sum = (name: keyof Sums) => pair.reduce((all, each) => all + each[name], 0);
    return { requests: sum("requests"), entities: sum("entities"), refused: sum("refused"), waitedMs: sum("waitedMs") };
  });
}
