import type { FastCall } from "./fast-calls.js";
import type { PathStep } from "./plain.js";

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
