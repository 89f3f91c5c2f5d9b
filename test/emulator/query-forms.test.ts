import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { propertyFormats } from "../../src/emulator/entity-schema.js";
import { queryFault } from "../../src/emulator/query.js";
import { readDescription } from "../support/reply-check.mjs";
import { type Schema, samplesOf } from "../support/samples.js";
import { startSession } from "./session.js";

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

describe("a search", () => {
  const some = "must be equal to one of the allowed values";
  it.each([
    [{ property: "a", operator: "like", value: 1 }, "/operator", some],
    [{ property: "a", operator: ">", value: true }, "/value", "must be number"],
    [{ property: "a", operator: "<", value: "1" }, "/value", 'must match format "date-time"'],
    [{ operator: "=", value: "x" }, "", "must have required property 'property'"],
    [{ property: "a", operator: "=" }, "", "must have required property 'value'"],
    [
      { property: "a", operator: "=", value: 1, extra: 1 },
      "",
      'must NOT have additional properties, additional property: "extra"',
    ],
    [
      { property: "a", operator: "isEmpty", value: 1 },
      "",
      'must NOT have additional properties, additional property: "value"',
    ],
    [{ property: "a", operator: "=", value: { a: 1 } }, "/value", "must have required property 'from'"],
    [{ property: "a", operator: "in", value: { a: 1 } }, "/value", "must have required property 'property'"],
    [{ property: "a", operator: "in", value: [1, "x"] }, "/value/0", "must be string"],
    [{ property: "a", operator: "=", value: { property: "b", context: "nobody" } }, "/value/context", some],
    [{ property: "a", operator: "!=", value: { preset: "today" } }, "/value", "must have required property 'property'"],
    [{ property: "a", operator: "between", value: { preset: "bogus" } }, "/value/preset", some],
    [
      { property: "a", operator: "between", value: { from: "2026-01-01T00:00:00Z" } },
      "/value",
      "must have required property 'to'",
    ],
    [
      { property: "a", operator: "between", value: { from: "x", to: "y" } },
      "/value/from",
      'must match format "date-time"',
    ],
    [{ property: "a", operator: "=", value: { from: 1 } }, "/value", "must have required property 'to'"],
    [{ operator: "relatedTo", blueprint: "b", value: "a", direction: "sideways" }, "/direction", some],
    [
      { operator: "relatedTo", blueprint: "b", value: "a", extra: 1 },
      "",
      'must NOT have additional properties, additional property: "extra"',
    ],
    [{ operator: "relatedTo", value: "a" }, "", "must have required property 'blueprint'"],
    [{ relation: "r", targetProperty: "foo", operator: "=", value: "a" }, "/targetProperty", some],
    [{ propertySchema: {}, operator: "=", value: "a" }, "/propertySchema", "must have required property 'type'"],
    [{ propertySchema: { type: "string" }, operator: ">", value: 1 }, "/operator", some],
    [
      { property: { path: [{ relation: "r", maxHops: 16 }] }, operator: "matchAny", value: ["a"] },
      "/property/path/0/maxHops",
      "must be <= 15",
    ],
    [{ property: { path: ["r"] }, operator: "=", value: "a" }, "/property", "must have required property 'property'"],
    [{ combinator: "or", rules: [{ operator: "=" }] }, "/rules/0", "must have required property 'property'"],
    ["a", "", "must be object"],
  ])("refuses the rule %j", async (one, place, fault) => {
    const { call } = await startSession();
    const reply = await call("POST", "/v1/blueprints/service/entities/search", {
      query: { combinator: "and", rules: [one] },
    });
    const message = `"query/rules/0${place}" ${fault}`;
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "invalid_request", message }]);
  });
});
