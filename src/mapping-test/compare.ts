import type { MappingTest } from "./test-file.js";

/** An entity as a test states it, whole. */
export type StatedEntity = MappingTest["entities"][number];

/** A fault as a test states it. */
export type StatedReject = MappingTest["rejects"][number];

/** What a test's records became. */
export interface Got {
  readonly entities: readonly StatedEntity[];
  readonly rejects: readonly StatedReject[];
  readonly skipped: number;
  /** Codes, each once, in the order of their first warning. */
  readonly warnings: readonly NonNullable<MappingTest["warnings"]>[number][];
}

/** One difference between what a test states and what came. A side that is absent has no such thing. */
export interface Difference {
  /** Path within the test: `entities[0].properties.tier`. */
  readonly path: string;
  readonly expected?: unknown;
  readonly got?: unknown;
}

/** Compares what a test states with what came; nothing when they agree. The order of entities and faults counts, the order of keys does not. */
export function compareTest(test: MappingTest, got: Got): readonly Difference[] {
  return [
    ...entityDifferences(test.entities, got.entities),
    ...rejectDifferences(test.rejects, got.rejects),
    ...(test.skipped === undefined ? [] : differences("skipped", test.skipped, got.skipped)),
    ...(test.warnings === undefined ? [] : differences("warnings", test.warnings, got.warnings)),
  ];
}

function nameOf({ blueprint, identifier }: StatedEntity): string {
  return `${blueprint}/${typeof identifier === "string" ? identifier : JSON.stringify(identifier)}`;
}

/** Entities are paired by name, so that one that is missing does not make all after it differ. */
function entityDifferences(stated: readonly StatedEntity[], came: readonly StatedEntity[]): Difference[] {
  const left = came.map((entity, index) => ({ entity, index, name: nameOf(entity) }));
  const found: Difference[] = [];
  const order: number[] = [];
  for (const [index, entity] of stated.entries()) {
    const at = left.findIndex(({ name }) => name === nameOf(entity));
    const [pair] = at < 0 ? [] : left.splice(at, 1);
    if (pair === undefined) found.push({ path: `entities[${index}]`, expected: entity });
    else {
      order.push(pair.index);
      found.push(...differences(`entities[${index}]`, entity, pair.entity));
    }
  }
  for (const { entity, index } of left) found.push({ path: `entities[${index}]`, got: entity });
  const isInOrder = order.every((place, index) => index === 0 || place > (order[index - 1] ?? 0));
  if (found.length === 0 && !isInOrder)
    found.push({ path: "entities", expected: stated.map(nameOf), got: came.map(nameOf) });
  return found;
}

/** Only what the test states of a fault is compared. */
function rejectDifferences(stated: readonly StatedReject[], came: readonly StatedReject[]): Difference[] {
  const left = came.map((reject, index) => ({ reject, index }));
  const found: Difference[] = [];
  for (const [index, reject] of stated.entries()) {
    const at = left.findIndex((each) => fits(reject, each.reject));
    if (at < 0) found.push({ path: `rejects[${index}]`, expected: reject });
    else left.splice(at, 1);
  }
  for (const { reject, index } of left) found.push({ path: `rejects[${index}]`, got: reject });
  return found;
}

function fits(stated: StatedReject, came: StatedReject): boolean {
  return Object.entries(stated).every(
    ([key, value]) => value === undefined || came[key as keyof StatedReject] === value,
  );
}

/** Goes into objects and lists of one length; all else differs as a whole. */
function differences(path: string, expected: unknown, got: unknown): Difference[] {
  if (isObject(expected) && isObject(got)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(got)]);
    return [...keys].flatMap((key) => {
      const [a, b] = [own(expected, key), own(got, key)];
      return differences(`${path}.${key}`, a, b);
    });
  }
  if (Array.isArray(expected) && Array.isArray(got) && expected.length === got.length)
    return expected.flatMap((value, index) => differences(`${path}[${index}]`, value, got[index]));
  if (expected === undefined && got === undefined) return [];
  if (expected !== undefined && JSON.stringify(expected) === JSON.stringify(got)) return [];
  return [{ path, ...(expected === undefined ? {} : { expected }), ...(got === undefined ? {} : { got }) }];
}

function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** True for an object that is no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
