import { isObject, type Rules, type StoredEntity } from "./model.js";
import type { Readings } from "./readings.js";
import { Refusal, schemaMismatch } from "./refusal.js";
import { describeFault } from "./schema-check.js";

type Values = Readonly<Record<string, unknown>>;

/** Gives the properties that an entity ends with: those given over those of `base`, defaults when it is created, checked as a whole. */
export function settleProperties(
  readings: Readings,
  rules: Rules,
  given: Values | undefined,
  base: StoredEntity | undefined,
  created: boolean,
): Values | Refusal {
  const known = given === undefined ? {} : knownOnly(readings, rules, given);
  if (known instanceof Refusal) return known;
  let merged: Values = base === undefined ? known : merge(base.properties, known, readings.mergeDepth === "deep");
  if (rules.defaults.length > 0 && (created || (base === undefined && readings.overrideDefaults))) {
    const absent = rules.defaults.filter(([key]) => !Object.hasOwn(merged, key));
    if (absent.length > 0) merged = { ...merged, ...Object.fromEntries(absent) };
  }
  const present = withoutNulls(merged);
  const checked = readings.unknownProperty === "store" ? declaredOnly(rules, present) : present;
  if (!rules.check(checked)) return schemaMismatch(describeFault(rules.check.errors, "properties"));
  return readings.nullProperty === "store" ? merged : present;
}

function merge(held: Values, given: Values, deep: boolean): Values {
  if (!deep) return mergeOver(held, given);
  const merged: Record<string, unknown> = { ...held, ...given };
  for (const [key, value] of Object.entries(given)) {
    const before = Object.hasOwn(held, key) ? held[key] : undefined;
    if (isObject(before) && isObject(value)) merged[key] = merge(before, value, deep);
  }
  return merged;
}

// A write that names every key that is there needs no copy, and that is what importers send.
function mergeOver(held: Values, given: Values): Values {
  for (const key in held) {
    if (!Object.hasOwn(given, key)) return { ...held, ...given };
  }
  return given;
}

function knownOnly({ unknownProperty }: Readings, rules: Rules, given: Values): Values | Refusal {
  for (const key in given) {
    if (rules.properties.has(key)) continue;
    if (unknownProperty === "reject") {
      return schemaMismatch(`"properties" must NOT have additional properties, additional property: "${key}"`);
    }
    if (unknownProperty === "drop") return declaredOnly(rules, given);
    // What is calculated is never stored: Port's own clients write it back as they read it.
    if (rules.readOnly.has(key)) return without(given, rules.readOnly);
  }
  return given;
}

function without(values: Values, keys: ReadonlySet<string>): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.has(key)));
}

function declaredOnly(rules: Rules, values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => rules.properties.has(key)));
}

// Null is no value of any type; required properties refuse it by its absence.
function withoutNulls(values: Values): Values {
  for (const key in values) {
    if (values[key] === null) return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
  }
  return values;
}

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
