import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBulkResults } from "../../src/api/bulk-reply.js";

const made = (index: number, created = true) => ({ identifier: "a", index, created });
const fault = (index: number) => ({
  identifier: "unknown",
  index,
  statusCode: 422,
  error: "blueprint_schema_mismatch",
  message: "no",
});
const refused = { is: "refused", status: 422, error: "blueprint_schema_mismatch", message: "no" };

describe("readBulkResults", () => {
  const rows: [string, unknown, unknown[]][] = [
    [
      "all created or updated, in any order",
      { entities: [made(1, false), made(0)], errors: [] },
      ["created", "updated"],
    ],
    ["mixed", { entities: [made(1)], errors: [fault(0)] }, [refused, "created"]],
    ["all refused", { ok: true, entities: [], errors: [fault(0), fault(1)] }, [refused, refused]],
    ["without errors", { entities: [made(0), made(1)] }, ["created", "created"]],
    ["a missing index", { entities: [made(1)], errors: [] }, ["unknown", "created"]],
    ["a doubled index", { entities: [made(0), made(0), made(1)], errors: [] }, ["unknown", "created"]],
    ["a tripled index", { entities: [made(0), made(0), made(0)], errors: [] }, ["unknown", "unknown"]],
    ["an index both written and refused", { entities: [made(0)], errors: [fault(0)] }, ["unknown", "unknown"]],
    ["indexes out of range", { entities: [made(-1), made(2), made(0)], errors: [fault(9)] }, ["created", "unknown"]],
    [
      "entries without the promised shape",
      { entities: [{ index: 0 }, null, made(1)], errors: [{}] },
      ["unknown", "created"],
    ],
    [
      "more keys than promised",
      { entities: [{ ...made(0), x: 1 }], errors: [], maxBulkSize: 20 },
      ["created", "unknown"],
    ],
    ["no object", "<html>", ["unknown", "unknown"]],
    ["nothing", undefined, ["unknown", "unknown"]],
  ];
  it.each(rows)("settles by index: %s", (_, body, expected) => {
    expect(readBulkResults(body, 2)).toEqual(expected.map((is) => (typeof is === "string" ? { is } : is)));
  });

  it("gives one result for each entity sent, whatever the reply", () => {
    fc.assert(fc.property(fc.nat(20), fc.jsonValue(), (count, body) => readBulkResults(body, count).length === count));
  });
});
