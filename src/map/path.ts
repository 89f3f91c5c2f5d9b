import type { PathStep } from "./plain.js";

/**
 * Follows the steps of a path from `from` on, exactly as jq does: null has every key, an object and an array theirs, all else is an error.
 *
 * @returns the value, or a {@link PathFault}
 */
export function follow(value: unknown, steps: readonly PathStep[], from = 0): unknown {
  let at: unknown = value ?? null;
  for (let i = from; i < steps.length; i++) {
    const { key, optional } = steps[i] as PathStep;
    if (at === null) continue;
    if (typeof key === "string" ? typeof at === "object" && !Array.isArray(at) : Array.isArray(at)) {
      at = typeof key === "string" ? property(at as object, key) : ((at as unknown[]).at(key) ?? null);
    } else {
      return optional ? null : new PathFault(message(at, key));
    }
  }
  return at;
}

/** What {@link follow} gives where jq would fail; a value, not an exception. */
export class PathFault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A copy of `value` without what stands at the path, as jq's `del`; the value itself where nothing stands there. */
export function without(value: unknown, steps: readonly PathStep[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== "object" || value === null) return value;
  if (typeof step.key === "number") {
    if (!Array.isArray(value) || value.at(step.key) === undefined) return value;
    const index = step.key < 0 ? value.length + step.key : step.key;
    return rest.length === 0 ? value.toSpliced(index, 1) : value.with(index, without(value[index], rest));
  }
  if (Array.isArray(value) || !Object.hasOwn(value, step.key)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key !== step.key) setOwn(copy, key, inner);
    else if (rest.length > 0) setOwn(copy, key, without(inner, rest));
  }
  return copy;
}

/** Sets an own key of a plain object; `__proto__` becomes a key like any other. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function property(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? ((value as Record<string, unknown>)[key] ?? null) : null;
}

function message(value: unknown, key: string | number): string {
  const kind = Array.isArray(value) ? "array" : typeof value;
  return `Cannot index ${kind} with ${typeof key} (${JSON.stringify(key)})`;
}
