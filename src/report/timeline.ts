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
}

/** Takes what happens as it happens, in memory that does not grow with the import's length. */
export interface Timeline {
  exchange(isRefused: boolean): void;
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
  let points: { requests: number; entities: number; refused: number }[] = [];
  const point = () => {
    const second = Math.max(0, Math.floor((now() - startMs) / 1000));
    while (second / width >= maxPoints) {
      points = halved(points);
      width *= 2;
    }
    const index = Math.floor(second / width);
    while (points.length <= index) points.push({ requests: 0, entities: 0, refused: 0 });
    return points[index] as (typeof points)[number];
  };
  return {
    exchange(isRefused) {
      const at = point();
      at.requests++;
      if (isRefused) at.refused++;
    },
    settled(entities) {
      point().entities += entities.length;
    },
    points: () => points.map((at, index) => ({ second: index * width, ...at })),
  };
}

function halved<T extends { requests: number; entities: number; refused: number }>(points: readonly T[]) {
  return Array.from({ length: Math.ceil(points.length / 2) }, (_, index) => {
    const pair = points.slice(index * 2, index * 2 + 2);
    const sum = (name: "requests" | "entities" | "refused") => pair.reduce((all, each) => all + each[name], 0);
    return { requests: sum("requests"), entities: sum("entities"), refused: sum("refused") };
  });
}
