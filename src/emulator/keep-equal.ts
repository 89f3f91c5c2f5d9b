import { isObject } from "./json-object.js";

type Values = Readonly<Record<string, unknown>>;

/**
 * Gives what an entity is to hold: `held` itself when `given` is equal to it, else `given`, into which every equal value of `held` is put. What a write does not change
 * stays where it is in memory, so a catalog that is imported again and again gives the garbage collector little to move. `given` is the request's own.
 */
export function keepEqual(held: Values, given: Values): Values {
  if (held === given) return held;
  let [same, keys] = [true, 0];
  for (const key in given) {
    keys += 1;
    if (Object.hasOwn(held, key) && isEqual(held[key], given[key])) (given as Record<string, unknown>)[key] = held[key];
    else same = false;
  }
  return same && Object.keys(held).length === keys ? held : given;
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, i) => isEqual(one, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  // The order of keys counts, because replies show it.
  const others = Object.keys(b);
  return keys.length === others.length && keys.every((key, i) => key === others[i] && isEqual(a[key], b[key]));
}
