import type { Jq } from "jq-wasm";
import type { Readings } from "./emulator-options.js";
import { describeFault } from "./entity-schema.js";
import {
  type AggregationRule,
  type Catalog,
  isObject,
  type Rules,
  type ShelvedEntity,
  type StoredEntity,
} from "./model.js";
import { connectedTo, followPath } from "./paths.js";
import { compileQuery, type ReadField } from "./query.js";
import { Refusal, schemaMismatch } from "./refusal.js";

let engine: Jq | undefined;

/** Loads jq, which calculation properties need and most catalogs do not. It stays loaded for the life of the process. */
export async function loadCalculator(): Promise<void> {
  if (engine !== undefined) return;
  const { loadJq } = await import("jq-wasm");
  engine = await loadJq();
}

/** True once {@link loadCalculator} has ended. */
export function calculatorLoaded(): boolean {
  return engine !== undefined;
}

/**
 * Gives the values of calculation properties, a row for each entity, in the order of the expressions. An expression that fails or gives nothing is null. Entities are
 * as replies show them, mirror and aggregation properties included. An expression without an end would hold up the emulator for ever.
 */
export function calculate(
  expressions: readonly string[],
  entities: readonly object[],
): readonly (readonly unknown[])[] {
  const rows = run(expressions, entities);
  if (rows !== undefined) return rows;
  // One expression that does not compile fails the whole program, so each is tried by itself.
  const columns = expressions.map((expression) => run([expression], entities));
  return entities.map((_, row) => columns.map((column) => column?.[row]?.[0] ?? null));
}

function run(expressions: readonly string[], entities: readonly object[]): readonly (readonly unknown[])[] | undefined {
  // Two line ends, so that a comment cannot take the bracket away.
  const cells = expressions.map((expression) => `(try first((${expression}\n\n), null) catch null)`);
  try {
    const { stdout, exitCode } =
      engine?.raw(JSON.stringify(entities), `.[] | [${cells.join(",\n")}]`, ["-c"]) ?? failed;
    if (exitCode !== 0) return undefined;
    const rows = stdout.split("\n").filter((line) => line !== "");
    return rows.length === entities.length ? rows.map((line) => JSON.parse(line) as unknown[]) : undefined;
  } catch {
    // Out of memory or too deep: that instance is broken, the next request loads another.
    engine = undefined;
    return undefined;
  }
}

const failed = { stdout: "", exitCode: 1 };

const hourMs = 3_600_000;
const periodsMs: Readonly<Record<string, number>> = {
  hour: hourMs,
  day: 24 * hourMs,
  week: 168 * hourMs,
  month: 730 * hourMs,
};

/** Gives an aggregation's value over the entities of its target that are connected with an entity: by any relations in one direction, or by the path that it names. */
export function aggregationValue(
  catalog: Catalog,
  read: ReadField,
  from: ShelvedEntity,
  rule: AggregationRule,
): number | null {
  const home = catalog.shelves.get(rule.target);
  if (home === undefined) return null;
  const entities = related(catalog, from, rule).filter(matching(catalog, read, rule));
  const field = (entity: StoredEntity, name: string) => read(catalog, entity, home, name);
  const { property, calculationBy, ...spec } = rule.calculationSpec;
  return aggregate(catalog, field, entities, calculationBy === "property" ? { ...spec, property } : spec);
}

/** Aggregates entities, or the numbers of a `property` of theirs; without numbers it is 0 for counts and sums and null for the others. */
export function aggregate(
  catalog: Catalog,
  read: (entity: StoredEntity, name: string) => unknown,
  entities: readonly StoredEntity[],
  { func, property, averageOf, measureTimeBy }: Readonly<Record<string, unknown>>,
): number | null {
  const timeOf = (entity: StoredEntity) => read(entity, String(measureTimeBy ?? "$createdAt"));
  const periods = periodsSince(catalog, entities, averageOf, timeOf);
  if (property === undefined) return func === "average" ? entities.length / periods : entities.length;
  const values = entities.map((entity) => read(entity, String(property))).filter((value) => typeof value === "number");
  const sum = values.reduce((total, value) => total + value, 0);
  if (func === "sum") return sum;
  if (values.length === 0) return null;
  if (func === "min") return values.reduce((least, value) => Math.min(least, value));
  if (func === "max") return values.reduce((most, value) => Math.max(most, value));
  if (func === "median") return median(values);
  return averageOf === undefined || averageOf === "total" ? sum / values.length : sum / periods;
}

function related(catalog: Catalog, from: ShelvedEntity, rule: AggregationRule): readonly StoredEntity[] {
  const home = catalog.shelves.get(rule.target);
  if (home === undefined) return [];
  const [filter] = rule.pathFilter ?? [];
  if (filter?.path === undefined) {
    return [...connectedTo(catalog, from)].filter((entity) => home.entities.get(entity.identifier) === entity);
  }
  const { path } = filter;
  // The path begins at the target's blueprint when that is the one it is said to come from, else here.
  if (filter.fromBlueprint !== rule.target) return followPath(catalog, from, path).entities.map(([, entity]) => entity);
  const leadsHere = (entity: StoredEntity) =>
    followPath(catalog, [home, entity], path).entities.some(([, end]) => end === from[1]);
  return [...home.entities.values()].filter(leadsHere);
}

function matching(catalog: Catalog, read: ReadField, rule: AggregationRule): (entity: StoredEntity) => boolean {
  const home = catalog.shelves.get(rule.target);
  if (!isObject(rule.query) || home === undefined) return () => true;
  const query = compileQuery(catalog, read, rule.query, "query", "catalog");
  return query instanceof Refusal ? () => false : (entity) => query.test(entity, home);
}

// From the first of them until now, at least one.
function periodsSince(
  catalog: Catalog,
  entities: readonly StoredEntity[],
  averageOf: unknown,
  timeOf: (entity: StoredEntity) => unknown,
): number {
  const periodMs = periodsMs[String(averageOf)];
  if (periodMs === undefined) return 1;
  const now = catalog.clock();
  const first = entities.reduce((earliest, entity) => {
    const at = Date.parse(String(timeOf(entity)));
    return Number.isNaN(at) ? earliest : Math.min(earliest, at);
  }, now);
  return Math.max(1, Math.ceil((now - first) / periodMs));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Values of properties by their keys. */
export type PropertyValues = Readonly<Record<string, unknown>>;

/** Gives the properties that an entity ends with: those given over those of `base`, defaults when it is created, checked as a whole. */
export function settleProperties(
  readings: Readings,
  rules: Rules,
  given: PropertyValues | undefined,
  base: StoredEntity | undefined,
  created: boolean,
): PropertyValues | Refusal {
  const known = given === undefined ? {} : knownOnly(readings, rules, given);
  if (known instanceof Refusal) return known;
  let merged: PropertyValues = base === undefined ? known : merge(base.properties, known, readings);
  if (rules.defaults.length > 0 && (created || (base === undefined && readings.overrideDefaults))) {
    const absent = rules.defaults.filter(([key]) => !Object.hasOwn(merged, key));
    if (absent.length > 0) merged = { ...merged, ...Object.fromEntries(absent) };
  }
  const present = withoutNulls(merged);
  const isRight =
    rules.check(present) || (readings.unknownProperty === "store" && rules.check(declaredOnly(rules, present)));
  if (!isRight) return schemaMismatch(describeFault(rules.check.errors, "properties"));
  return merged !== present && readings.nullProperty === "remove" ? present : merged;
}

function merge(held: PropertyValues, given: PropertyValues, readings: Readings): PropertyValues {
  const merged = mergeOver(held, given);
  const deep: Record<string, unknown> = {};
  for (const key in given) {
    const before = Object.hasOwn(held, key) ? held[key] : undefined;
    const value = given[key];
    if (isObject(before) && isObject(value) && readings.mergeDepth === "deep")
      deep[key] = merge(before, value, readings);
  }
  return Object.keys(deep).length === 0 ? merged : { ...merged, ...deep };
}

// A write that names every key that is there needs no copy, and that is what importers send.
function mergeOver(held: PropertyValues, given: PropertyValues): PropertyValues {
  for (const key in held) {
    if (!Object.hasOwn(given, key)) return { ...held, ...given };
  }
  return given;
}

function knownOnly(readings: Readings, rules: Rules, given: PropertyValues): PropertyValues | Refusal {
  for (const key in given) {
    if (rules.properties.has(key)) continue;
    const { unknownProperty } = readings;
    if (unknownProperty === "reject") {
      return schemaMismatch(`"properties" must NOT have additional properties, additional property: "${key}"`);
    }
    if (unknownProperty === "drop") return declaredOnly(rules, given);
    // What is calculated is never stored: Port's own clients write it back as they read it.
    if (rules.readOnly.has(key)) return without(given, rules.readOnly);
  }
  return given;
}

function without(values: PropertyValues, keys: ReadonlySet<string>): PropertyValues {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.has(key)));
}

function declaredOnly(rules: Rules, values: PropertyValues): PropertyValues {
  return Object.fromEntries(Object.entries(values).filter(([key]) => rules.properties.has(key)));
}

// Null is not a value of any type; required properties refuse it by its absence.
function withoutNulls(values: PropertyValues): PropertyValues {
  for (const key in values) {
    if (values[key] === null) return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
  }
  return values;
}

/**
 * Gives what an entity is to hold: `held` itself when `given` is equal to it, else `given`, into which every equal value of `held` is put. What a write does not change
 * stays where it is in memory, so a catalog that is imported again and again gives the garbage collector little to move. `given` is the request's own.
 */
export function keepEqual(held: PropertyValues, given: PropertyValues): PropertyValues {
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
