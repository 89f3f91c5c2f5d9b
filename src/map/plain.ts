import { type Token, tokenize } from "./tokens.js";

/** A step of a plain path: a key or an index; `optional` is its `?`. */
export interface PathStep {
  readonly key: string | number;
  readonly optional: boolean;
}

/** An expression that JavaScript evaluates exactly as jq does. */
type Plain = { readonly constant: unknown } | { readonly path: readonly PathStep[] };

/** Reads a literal (`"text"`, `12`, `true`, `null`) or a plain path (`.a.b`, `.["Go-live"]`, `."x"`, `.a[0]`, `.a?`); undefined for all else, which is jq's. */
export function plainOf(expression: string): Plain | undefined {
  const cut = tokenize(expression);
  if ("fault" in cut) return undefined;
  const { tokens } = cut;
  const [only] = tokens;
  if (only === undefined) return undefined;
  if (tokens.length === 1 && only.is !== "field" && only.text !== ".") return literalOf(only);
  const lead = pathAt(tokens, 0);
  return lead !== undefined && lead.end === tokens.length ? { path: lead.steps } : undefined;
}

/** The plain path that an expression of items starts with, brackets and a leading `. |` or `. as $x |` left aside; undefined when it starts otherwise. */
export function leadingPath(expression: string): readonly PathStep[] | undefined {
  const cut = tokenize(expression);
  if ("fault" in cut) return undefined;
  let at = 0;
  for (;;) {
    const [token, next] = [cut.tokens[at], cut.tokens[at + 1]];
    if (token?.text === "(" && token.is === "open") at++;
    else if (token?.text === "." && next?.text === "|") at += 2;
    else if (token?.text === "." && next?.text === "as" && cut.tokens[at + 3]?.text === "|") at += 4;
    else break;
  }
  const steps = pathAt(cut.tokens, at)?.steps;
  return steps === undefined || steps.length === 0 ? undefined : steps;
}

/** The longest plain path that begins at a token, and the token after it. */
function pathAt(tokens: readonly Token[], start: number): { steps: PathStep[]; end: number } | undefined {
  const first = tokens[start];
  if (first === undefined || !(first.is === "field" || isSign(first, "."))) return undefined;
  const steps: PathStep[] = [];
  let at = start;
  for (;;) {
    const found = stepAt(tokens, at);
    // A path may begin with the bare dot; elsewhere `.[0]` needs one only at the start.
    if (found === undefined) return { steps, end: at === start && isSign(first, ".") ? at + 1 : at };
    steps.push(found.step);
    at = found.end;
  }
}

/** The step of a path that begins at a token, and the token after it. A second `?` would hold for the whole path, so it is left to jq. */
export function stepAt(tokens: readonly Token[], at: number): { step: PathStep; end: number } | undefined {
  const dot = isSign(tokens[at], ".") ? 1 : 0;
  const found =
    tokens[at]?.is === "field" ? { key: tokens[at]?.text as string, end: at + 1 } : bracketAt(tokens, at + dot, dot);
  if (found === undefined) return undefined;
  const optional = isSign(tokens[found.end], "?");
  if (optional && isSign(tokens[found.end + 1], "?")) return undefined;
  return { step: { key: found.key, optional }, end: found.end + (optional ? 1 : 0) };
}

/** `["key"]`, `[0]`, `[-1]`, or after a dot `"key"`. */
function bracketAt(
  tokens: readonly Token[],
  at: number,
  dot: number,
): { key: string | number; end: number } | undefined {
  const token = tokens[at];
  if (token?.is === "text" && dot === 1) return keyOf(token, at + 1);
  if (token?.is !== "open" || token.text !== "[") return undefined;
  const minus = isSign(tokens[at + 1], "-") ? 1 : 0;
  const inner = tokens[at + 1 + minus];
  if (tokens[at + 2 + minus]?.text !== "]") return undefined;
  if (inner?.is === "text" && minus === 0) return keyOf(inner, at + 3);
  if (inner?.is !== "number" || !/^\d{1,9}$/u.test(inner.text)) return undefined;
  return { key: minus === 1 ? -Number(inner.text) : Number(inner.text), end: at + 3 + minus };
}

function keyOf(token: Token, end: number): { key: string; end: number } | undefined {
  const value = stringOf(token.text);
  return value === undefined ? undefined : { key: value, end };
}

/** The literal that a token alone is; undefined where jq and JavaScript might differ. */
export function literalOf(token: Token): { readonly constant: string | number | boolean | null } | undefined {
  if (token.is === "number")
    return /^(?:0|[1-9]\d{0,14})$/u.test(token.text) ? { constant: Number(token.text) } : undefined;
  if (token.is === "word") {
    const constant = words.get(token.text);
    return constant === undefined ? undefined : { constant };
  }
  const text = token.is === "text" ? stringOf(token.text) : undefined;
  return text === undefined ? undefined : { constant: text };
}

const words: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
] as [string, boolean | null][]);

/** The string between two quotes; undefined where jq and JSON might differ: raw control characters, half a surrogate pair. */
export function stringOf(body: string): string | undefined {
  try {
    const text: unknown = JSON.parse(`"${body}"`);
    return typeof text === "string" && !/\p{Surrogate}/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** True for a sign or operator of that text. */
export function isSign(token: Token | undefined, text: string): boolean {
  return token?.is === "sign" && token.text === text;
}

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

/** A copy of `value` without what is at the path, as jq's `del`; the value itself where nothing is there. */
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
