import { ask, type Evaluate, Failure, type FastCall, isPlain, none } from "./fast-calls.js";
import { follow, PathFault, type PathStep } from "./plain.js";

/** An expression, or a part of one, that JavaScript evaluates exactly as jq does; each has at most one output. */
export type Fast =
  | { readonly is: "literal"; readonly value: string | number | boolean | null }
  /** Steps from the input, or from what `of` gives; without steps the input itself. */
  | { readonly is: "path"; readonly of?: Fast; readonly steps: readonly PathStep[] }
  | { readonly is: "pipe" | "alternative" | "add" | "and" | "or"; readonly left: Fast; readonly right: Fast }
  | { readonly is: "compare"; readonly by: string; readonly left: Fast; readonly right: Fast }
  | { readonly is: "text"; readonly parts: readonly (string | Fast)[] }
  | { readonly is: "if"; readonly test: Fast; readonly then: Fast; readonly else?: Fast }
  /** An array; the matches of `scan` take the place of an item. */
  | { readonly is: "list"; readonly items: readonly { readonly of: Fast; readonly scan?: RegExp }[] }
  | { readonly is: "call"; readonly call: FastCall }
  | { readonly is: "select" | "map"; readonly inner: Fast }
  | { readonly is: "scan"; readonly regex: RegExp };

/** An item of an array, its `scan` taken apart where it stands last; undefined where one stands elsewhere. */
export function spread(item: Fast): { of: Fast; scan?: RegExp } | undefined {
  const found = lastScan(item) ?? { of: item };
  return hasScan(found.of) ? undefined : found;
}

function lastScan(item: Fast): { of: Fast; scan: RegExp } | undefined {
  if (item.is === "scan") return { of: { is: "path", steps: [] }, scan: item.regex };
  if (item.is !== "pipe") return undefined;
  const { left } = item;
  const last = lastScan(item.right);
  return last === undefined ? undefined : { of: { is: "pipe", left, right: last.of }, scan: last.scan };
}

/** True where a `scan`, which has many outputs, stands anywhere but last in an array. */
export function hasScan(fast: Fast): boolean {
  switch (fast.is) {
    case "scan":
      return true;
    case "path":
      return fast.of !== undefined && hasScan(fast.of);
    case "pipe":
    case "alternative":
    case "add":
    case "and":
    case "or":
    case "compare":
      return hasScan(fast.left) || hasScan(fast.right);
    case "text":
      return fast.parts.some((part) => typeof part !== "string" && hasScan(part));
    case "if":
      return hasScan(fast.test) || hasScan(fast.then) || (fast.else !== undefined && hasScan(fast.else));
    case "select":
    case "map":
      return hasScan(fast.inner);
    default:
      return false;
  }
}

/** Follows the steps of a path; a step that fails and has a `?` gives no output. */
export function fastPath(steps: readonly PathStep[]): Evaluate {
  const single = steps.map((step) => [{ ...step, optional: false }] as const);
  const optional = steps.map((step) => step.optional);
  return (input) => {
    let value: unknown = input ?? null;
    for (let index = 0; index < single.length; index++) {
      value = follow(value, single[index] as readonly PathStep[]);
      if (value instanceof PathFault) return optional[index] === true ? none : new Failure(value.message);
    }
    return typeof value === "string" && halfPair.test(value) ? ask : value;
  };
}

/** jq cannot read half a surrogate pair. */
const halfPair = /\p{Surrogate}/u;

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
