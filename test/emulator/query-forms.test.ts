import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { propertyFormats } from "../../src/emulator/formats.js";
import { queryFault } from "../../src/emulator/query.js";
import { readDescription } from "../support/reply-check.mjs";
import { type Schema, samplesOf } from "../support/samples.js";

const description = readDescription(process.env.PORTLOAD_REPLIES ?? "");
const components = (description?.components ?? {}) as { readonly schemas?: Readonly<Record<string, Schema>> };
const define = (ref: string): Schema => components.schemas?.[ref.split("/").at(-1) ?? ""] ?? {};

/** What is put in the place of each part of a well-formed query, one at a time. */
const strangers: readonly unknown[] = [
  null,
  7,
  16,
  true,
  "word",
  "1",
  "2026-01-01T00:00:00Z",
  [],
  ["word"],
  [1, "word"],
  [null],
  {},
  { a: 1 },
  { preset: "today" },
  { preset: "bogus" },
  { from: "2026-01-01T00:00:00Z" },
  { from: "x", to: "y" },
  { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" },
  { property: "status", context: "user" },
  { property: "status", context: "nobody" },
  { path: ["a"] },
  { path: [{ maxHops: 16 }] },
  ..."= != contains in beginsWith < between matchAny isEmpty isExpired relatedTo like".split(" "),
  ..."$title upstream object".split(" "),
];

/** Gives a value with one part of it taken away, put in or exchanged. */
function* variantsOf(value: unknown): Generator<unknown> {
  yield* strangers;
  if (typeof value !== "object" || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    for (const other of variantsOf(part)) {
      yield Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
    }
    if (!Array.isArray(value)) yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  }
  if (!Array.isArray(value)) for (const key of ["extra", "relation", "value"]) yield { ...value, [key]: "word" };
}

describe.skipIf(description === undefined)("the form of a query (skipped without Port's API description)", () => {
  const ajv = new Ajv({ strict: false, logger: false, validateSchema: false, formats: propertyFormats("port") });
  ajv.addSchema({ $id: "port", components });

  it.each([
    ["blueprint", "def-7"],
    ["catalog", "def-1"],
  ] as const)("of the kind %s is right exactly where %s is", (where, name) => {
    const valid = ajv.compile({ $ref: `port#/components/schemas/${name}` });
    const queries = samplesOf(define(name), define).flatMap((sample) => [...variantsOf(sample)]);
    const right = queries.filter((query) => valid(query));
    expect([queries.length > 5000, right.length > 500]).toEqual([true, true]);
    const differing = queries.filter((query) => (queryFault(query, "query", where) === undefined) !== valid(query));
    expect(differing.slice(0, 20).map((query) => [JSON.stringify(query), queryFault(query, "query", where)])).toEqual(
      [],
    );
  });
});
