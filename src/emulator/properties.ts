import { describeFault } from "./ajv.js";
import type { StoredEntity } from "./catalog.js";
import { isObject } from "./json-object.js";
import type { Readings } from "./readings.js";
import { Refusal, schemaMismatch } from "./refusal.js";
import type { Rules } from "./rules.js";

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

function knownOnly(readings: Readings, rules: Rules, given: Values): Values | Refusal {
  for (const key in given) {
    if (rules.properties.has(key)) continue;
    if (readings.unknownProperty === "drop") return declaredOnly(rules, given);
    if (readings.unknownProperty === "reject" || rules.readOnly.has(key)) {
      return schemaMismatch(`"properties" must NOT have additional properties, additional property: "${key}"`);
    }
  }
  return given;
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
