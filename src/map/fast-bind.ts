import type { Cell } from "../record.js";
import { type Shape, withItem } from "./bind.js";
import {
  ask,
  type Evaluate,
  type Fast,
  fastPath,
  holdings,
  isPlain,
  isTrue,
  none,
  orderOf,
  Signal,
  textOf,
} from "./fast-calls.js";
import { isBlank, objectOfCells } from "./prepare.js";

/**
 * Binds an expression to the shape of its records: the result gives its first output or a {@link Signal}, exactly as jq would.
 *
 * The work on one record is bounded; larger work is left to jq, which can be ended.
 */
export function bindFast(fast: Fast, shape: Shape): Evaluate {
  const budget = { left: 0 };
  const evaluate = bind(fast, shape, budget);
  return (root) => {
    budget.left = mostWork;
    const value = evaluate(root);
    return typeof value === "string" || passes(value, budget) ? value : ask;
  };
}

/** Units of work on one record: characters looked at or made, elements of arrays. */
const mostWork = 1 << 20;

interface StepBudget {
  left: number;
}

/** False for what jq reads or writes otherwise than JavaScript: integers beyond 2^53, half a surrogate pair. */
function passes(value: unknown, budget: StepBudget): boolean {
  if (typeof value === "string") return spends(budget, value.length) && !halfPair.test(value);
  if (typeof value === "number") return isPlain(value);
  if (typeof value !== "object" || value === null || value instanceof Signal) return true;
  for (const key of Object.keys(value)) {
    if (!spends(budget, 1 + key.length) || halfPair.test(key)) return false;
    if (!passes((value as Record<string, unknown>)[key], budget)) return false;
  }
  return true;
}

function spends(budget: StepBudget, units: number): boolean {
  budget.left -= units;
  return budget.left >= 0;
}

const halfPair = /\p{Surrogate}/u;

function bind(fast: Fast, shape: Shape, budget: StepBudget): Evaluate {
  switch (fast.is) {
    case "literal":
      return () => fast.value;
    case "path":
      return bindPath(fast, shape, budget);
    case "pipe":
      return piped(bind(fast.left, shape, budget), bind(fast.right, value, budget));
    case "alternative": {
      const [left, right] = [bind(fast.left, shape, budget), bind(fast.right, shape, budget)];
      return (root) => {
        const first = left(root);
        // A failure on the left is a failure of the whole.
        return first === null || first === false || first === none ? right(root) : first;
      };
    }
    case "add":
      return added(bind(fast.left, shape, budget), bind(fast.right, shape, budget), budget);
    case "and":
    case "or": {
      const [left, right] = [bind(fast.left, shape, budget), bind(fast.right, shape, budget)];
      const decided = fast.is === "or";
      return (root) => {
        const first = left(root);
        if (first instanceof Signal) return first;
        if (isTrue(first) === decided) return decided;
        const second = right(root);
        return second instanceof Signal ? second : isTrue(second);
      };
    }
    case "compare":
      return compared(fast.by, bind(fast.left, shape, budget), bind(fast.right, shape, budget));
    case "text":
      return bindText(fast.parts, shape, budget);
    case "if": {
      const [test, then] = [bind(fast.test, shape, budget), bind(fast.then, shape, budget)];
      const other = bind(fast.else ?? whole, shape, budget);
      return (root) => {
        const found = test(root);
        if (found instanceof Signal) return found;
        return isTrue(found) ? then(root) : other(root);
      };
    }
    case "list":
      return bindList(fast.items, shape, budget);
    case "call":
      return piped(bind(whole, shape, budget), called(fast.call, budget));
    case "select": {
      const [input, test] = [bind(whole, shape, budget), bind(fast.inner, shape, budget)];
      return (root) => {
        const found = test(root);
        if (found instanceof Signal) return found;
        return isTrue(found) ? input(root) : none;
      };
    }
    case "map":
      return piped(bind(whole, shape, budget), mapped(bind(fast.inner, value, budget), budget));
    default:
      throw new TypeError("scan is only in an array");
  }
}

const value: Shape = { is: "value" };
const whole: Fast = { is: "path", steps: [] };

function bindPath({ of, steps }: Extract<Fast, { is: "path" }>, shape: Shape, budget: StepBudget): Evaluate {
  if (of !== undefined) return piped(bind(of, shape, budget), fastPath(steps));
  if (shape.is === "value") return fastPath(steps);
  const [first, ...rest] = steps;
  if (shape.is === "item") {
    const path = fastPath(steps);
    if (first === undefined) return (root) => withItem(root as Parameters<typeof withItem>[0], shape.name);
    if (first.key !== shape.name) return (root) => path((root as readonly unknown[])[0] ?? {});
    const inner = fastPath(rest);
    return (root) => inner((root as readonly unknown[])[1]);
  }
  const { columns, blanks } = shape;
  if (first === undefined) return (root) => objectOfCells(columns, root as readonly Cell[], blanks);
  // An index into the record, which is an object, fails.
  const index = typeof first.key === "number" ? -1 : columns.indexOf(first.key);
  if (index < 0) {
    const path = fastPath(steps);
    return () => path({});
  }
  const inner = fastPath(rest);
  return (root) => {
    const cell = (root as readonly Cell[])[index];
    return inner(cell === undefined || isBlank(cell, blanks) ? null : cell);
  };
}

function piped(left: Evaluate, right: Evaluate): Evaluate {
  return (root) => {
    const found = left(root);
    return found instanceof Signal ? found : right(found);
  };
}

/** A call's work is in proportion to its input. */
function called(call: Evaluate, budget: StepBudget): Evaluate {
  return (input) => {
    const size = typeof input === "string" || Array.isArray(input) ? input.length : 1;
    return spends(budget, size) ? call(input) : ask;
  };
}

function mapped(inner: Evaluate, budget: StepBudget): Evaluate {
  return (input) => {
    if (!Array.isArray(input) || !spends(budget, input.length)) return ask;
    const found: unknown[] = [];
    for (const element of input) {
      const one = inner(element);
      if (one === none) continue;
      if (one instanceof Signal) return one;
      found.push(one);
    }
    return found;
  };
}

/** jq evaluates the right side first. */
function added(left: Evaluate, right: Evaluate, budget: StepBudget): Evaluate {
  return (root) => {
    const second = right(root);
    if (second instanceof Signal) return second;
    const first = left(root);
    if (first instanceof Signal || second === null) return first;
    if (typeof first === "string" && typeof second === "string")
      return spends(budget, first.length + second.length) ? first + second : ask;
    if (first === null) return second;
    if (typeof first === "number" && typeof second === "number") {
      const sum = first + second;
      return Number.isSafeInteger(first) && Number.isSafeInteger(second) && Number.isSafeInteger(sum) ? sum : ask;
    }
    return ask;
  };
}

function compared(by: string, left: Evaluate, right: Evaluate): Evaluate {
  const holds = holdings[by] as (order: number) => boolean;
  const equality = by === "==" || by === "!=";
  return (root) => {
    const second = right(root);
    if (second instanceof Signal) return second;
    const first = left(root);
    if (first instanceof Signal) return first;
    const order = orderOf(first, second, equality);
    return order === undefined ? ask : holds(order);
  };
}

/** jq evaluates the last interpolation first. */
function bindText(parts: readonly (string | Fast)[], shape: Shape, budget: StepBudget): Evaluate {
  const bound = parts.map((part) => (typeof part === "string" ? part : bind(part, shape, budget)));
  return (root) => {
    let text = "";
    for (let index = bound.length - 1; index >= 0; index--) {
      const part = bound[index] as string | Evaluate;
      const found = typeof part === "string" ? part : part(root);
      if (found instanceof Signal) return found;
      const piece = textOf(found);
      if (typeof piece !== "string" || !spends(budget, piece.length)) return ask;
      text = piece + text;
    }
    return text;
  };
}

function bindList(items: Extract<Fast, { is: "list" }>["items"], shape: Shape, budget: StepBudget): Evaluate {
  const bound = items.map(({ of, scan }) => ({ evaluate: bind(of, shape, budget), scan }));
  return (root) => {
    const list: unknown[] = [];
    for (const { evaluate, scan } of bound) {
      const found = evaluate(root);
      if (found === none) continue;
      if (found instanceof Signal) return found;
      if (!spends(budget, typeof found === "string" ? 1 + found.length : 1)) return ask;
      if (scan === undefined) list.push(found);
      else if (typeof found === "string") for (const match of found.match(scan) ?? []) list.push(match);
      else return ask;
    }
    return list;
  };
}
