import { type Shape, withItem } from "./bind.js";
import type { Fast } from "./fast.js";
import { isPlain, isTrue, textOf } from "./fast-calls.js";
import { fastPath } from "./fast-path.js";
import { ask, type Evaluate, none, Signal } from "./fast-signal.js";
import { isBlank, objectOfCells } from "./prepare.js";

/** Binds an expression to the shape of its records: what comes out gives its first output or a {@link Signal}, exactly as jq would. */
export function bindFast(fast: Fast, shape: Shape): Evaluate {
  const evaluate = bind(fast, shape);
  return (root) => {
    const value = evaluate(root);
    return typeof value === "string" || passes(value) ? value : ask;
  };
}

/** False for what jq reads or writes otherwise than JavaScript: integers beyond 2^53, half a surrogate pair. */
function passes(value: unknown): boolean {
  if (typeof value === "string") return !halfPair.test(value);
  if (typeof value === "number") return isPlain(value);
  if (typeof value !== "object" || value === null || value instanceof Signal) return true;
  for (const key of Object.keys(value))
    if (halfPair.test(key) || !passes((value as Record<string, unknown>)[key])) return false;
  return true;
}

const halfPair = /\p{Surrogate}/u;

function bind(fast: Fast, shape: Shape): Evaluate {
  switch (fast.is) {
    case "literal":
      return () => fast.value;
    case "path":
      return bindPath(fast, shape);
    case "pipe":
      return piped(bind(fast.left, shape), bind(fast.right, value));
    case "alternative": {
      const [left, right] = [bind(fast.left, shape), bind(fast.right, shape)];
      return (root) => {
        const first = left(root);
        // A failure on the left is a failure of the whole.
        return first === null || first === false || first === none ? right(root) : first;
      };
    }
    case "add":
      return added(bind(fast.left, shape), bind(fast.right, shape));
    case "and":
    case "or": {
      const [left, right] = [bind(fast.left, shape), bind(fast.right, shape)];
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
      return compared(fast.by, bind(fast.left, shape), bind(fast.right, shape));
    case "text":
      return bindText(fast.parts, shape);
    case "if": {
      const [test, then] = [bind(fast.test, shape), bind(fast.then, shape)];
      const other = bind(fast.else ?? { is: "path", steps: [] }, shape);
      return (root) => {
        const found = test(root);
        if (found instanceof Signal) return found;
        return isTrue(found) ? then(root) : other(root);
      };
    }
    case "list":
      return bindList(fast.items, shape);
    case "call":
      return piped(bind({ is: "path", steps: [] }, shape), fast.call);
    case "select": {
      const [whole, test] = [bind({ is: "path", steps: [] }, shape), bind(fast.inner, shape)];
      return (root) => {
        const found = test(root);
        if (found instanceof Signal) return found;
        return isTrue(found) ? whole(root) : none;
      };
    }
    case "map":
      return piped(bind({ is: "path", steps: [] }, shape), mapped(bind(fast.inner, value)));
    default:
      throw new TypeError("scan stands only in an array");
  }
}

const value: Shape = { is: "value" };

function bindPath({ of, steps }: Extract<Fast, { is: "path" }>, shape: Shape): Evaluate {
  if (of !== undefined) return piped(bind(of, shape), fastPath(steps));
  if (shape.is === "value") return fastPath(steps);
  const [first, ...rest] = steps;
  if (shape.is === "item") {
    const whole = fastPath(steps);
    if (first === undefined) return (root) => withItem(root as Parameters<typeof withItem>[0], shape.name);
    if (first.key !== shape.name) return (root) => whole((root as readonly unknown[])[0] ?? {});
    const inner = fastPath(rest);
    return (root) => inner((root as readonly unknown[])[1]);
  }
  const { columns, blanks } = shape;
  if (first === undefined) return (root) => objectOfCells(columns, root as readonly string[], blanks);
  // An index into the record, which is an object, fails.
  const index = typeof first.key === "number" ? -1 : columns.indexOf(first.key);
  const whole = fastPath(steps);
  if (index < 0) return () => whole({});
  const inner = fastPath(rest);
  return (root) => {
    const cell = (root as readonly string[])[index];
    return inner(cell === undefined || isBlank(cell, blanks) ? null : cell);
  };
}

function piped(left: Evaluate, right: Evaluate): Evaluate {
  return (root) => {
    const found = left(root);
    return found instanceof Signal ? found : right(found);
  };
}

function mapped(inner: Evaluate): Evaluate {
  return (input) => {
    if (!Array.isArray(input)) return ask;
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
function added(left: Evaluate, right: Evaluate): Evaluate {
  return (root) => {
    const second = right(root);
    if (second instanceof Signal) return second;
    const first = left(root);
    if (first instanceof Signal || second === null) return first;
    if (typeof first === "string" && typeof second === "string") return first + second;
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

const holdings: Readonly<Record<string, (order: number) => boolean>> = {
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** Below zero, zero or above, as jq sorts values; undefined where jq must be asked. Of unlike strings the order is only told where it counts. */
function orderOf(first: unknown, second: unknown, equality: boolean): number | undefined {
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

/** jq evaluates the last interpolation first. */
function bindText(parts: readonly (string | Fast)[], shape: Shape): Evaluate {
  const bound = parts.map((part) => (typeof part === "string" ? part : bind(part, shape)));
  return (root) => {
    let text = "";
    for (let index = bound.length - 1; index >= 0; index--) {
      const part = bound[index] as string | Evaluate;
      const found = typeof part === "string" ? part : part(root);
      if (found instanceof Signal) return found;
      const piece = textOf(found);
      if (typeof piece !== "string") return ask;
      text = piece + text;
    }
    return text;
  };
}

function bindList(items: Extract<Fast, { is: "list" }>["items"], shape: Shape): Evaluate {
  const bound = items.map(({ of, scan }) => ({ evaluate: bind(of, shape), scan }));
  return (root) => {
    const list: unknown[] = [];
    for (const { evaluate, scan } of bound) {
      const found = evaluate(root);
      if (found === none) continue;
      if (found instanceof Signal) return found;
      if (scan === undefined) list.push(found);
      else if (typeof found === "string") for (const match of found.match(scan) ?? []) list.push(match);
      else return ask;
    }
    return list;
  };
}
