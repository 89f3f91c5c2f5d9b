import { isPlain } from "./fast-calls.js";

/** Whether a comparison holds, by its sign, of what {@link orderOf} gives. */
export const holdings: Readonly<Record<string, (order: number) => boolean>> = {
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** Below zero, zero or above, as jq sorts values; undefined where jq must be asked. Of unlike strings the order is only told where it counts. */
export function orderOf(first: unknown, second: unknown, equality: boolean): number | undefined {
  const rank = rankOf(first);
  const apart = rank - rankOf(second);
  if (apart !== 0) return apart;
  if (typeof first === "string") {
    if (first === second) return 0;
    if (equality) return 1;
    // Above these, UTF-16 sorts otherwise than Unicode does.
    return beyond.test(first) || beyond.test(second as string) ? undefined : first < (second as string) ? -1 : 1;
  }
  if (typeof first === "number")
    return isPlain(first) && isPlain(second as number) ? first - (second as number) : undefined;
  return rank < ranks.array ? 0 : undefined;
}

const beyond = /[\uD800-\uFFFF]/u;
const ranks = { null: 0, false: 1, true: 2, number: 3, string: 4, array: 5, object: 6 } as const;

function rankOf(of: unknown): number {
  if (of === null) return ranks.null;
  if (typeof of === "boolean") return of ? ranks.true : ranks.false;
  if (typeof of === "number") return ranks.number;
  if (typeof of === "string") return ranks.string;
  return Array.isArray(of) ? ranks.array : ranks.object;
}
