import { ask, type Evaluate, Failure, none } from "./fast-signal.js";
import { follow, PathFault } from "./path.js";
import type { PathStep } from "./plain.js";

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
