import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hopelessAfter, readVerdicts } from "../../src/api/bulk.js";
import { ApiError, AuthError, BlueprintError } from "../../src/errors.js";
import { type Canned, secret, stub } from "./stub-server.js";

const flags = { mode: "merge", createMissing: false } as const;
const items = Array.from({ length: 20 }, (_, n) => `{"identifier":"e${n}"}`);
const notFound = { status: 404, body: { ok: false, error: "not_found", message: "not found" } };
const blueprint = { identifier: "b", title: "B", schema: { properties: {} } };
const refuseAll = (message: string, status = 422): Canned => ({
  status: 207,
  body: {
    ok: true,
    entities: [],
    errors: items.map((_, index) => ({ index, statusCode: status, error: "blueprint_schema_mismatch", message })),
  },
});
const refusal = "\"properties\" must have required property 'tier'";

/** Sends full requests until one fails: how many were answered, and the failure. */
async function sendUntilFailure(upsert: () => Promise<unknown>, most = 30): Promise<{ sent: number; error: unknown }> {
  for (let sent = 0; sent < most; sent++) {
    try {
      await upsert();
    } catch (error) {
      return { sent, error };
    }
  }
  return { sent: most, error: undefined };
}

describe("a bulk request", () => {
  it("stops at a blueprint that is gone", async () => {
    const { client } = await stub(() => notFound);
    const error = await client.upsertBulk("b", items, flags).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BlueprintError);
    expect(String(error)).toContain("the catalog has no blueprint b");
  });

  it("gives a 404 as a value when the blueprint is still there", async () => {
    const { client } = await stub(({ method }) => (method === "GET" ? { body: { ok: true, blueprint } } : notFound));
    expect(await client.upsertBulk("b", ["{}"], flags)).toMatchObject({ is: "refused", status: 404 });
  });

  it("stops when the caller lacks the permission", async () => {
    const body = { ok: false, error: "missing_permissions", message: `not with ${secret}` };
    const { client, seen } = await stub(() => ({ status: 403, body }));
    const error = await client.upsertBulk("b", items, flags).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 403,
      error: "missing_permissions",
      hint: expect.stringContaining("permission"),
    });
    expect([seen.length, String(error).includes(secret)]).toEqual([1, false]);
  });

  it("gives a 403 that is not the API's own as a value, for the writer to find the entity at fault", async () => {
    const { client } = await stub(() => ({ status: 403, body: "<html>Forbidden</html>" }));
    expect(await client.upsertBulk("b", items, flags)).toMatchObject({ is: "refused", status: 403 });
  });

  it("stops when credentials are refused although they are fresh", async () => {
    const { client } = await stub(() => ({ status: 401, body: { ok: false, error: "unauthorized" } }));
    await expect(client.upsertBulk("b", items, flags)).rejects.toBeInstanceOf(AuthError);
  });
});

describe("the breaker", () => {
  it("stops once every entity so far was refused in the same words, with these words", async () => {
    const { client, seen } = await stub(() => refuseAll(refusal));
    const { sent, error } = await sendUntilFailure(() => client.upsertBulk("b", items, flags));
    expect([sent, seen.length]).toEqual([hopelessAfter / 20, hopelessAfter / 20]);
    expect(error).toBeInstanceOf(ApiError);
    expect(String(error)).toContain(
      `every entity of blueprint b for the same reason: status 422, blueprint_schema_mismatch: ${refusal}`,
    );
  });

  it("stops as well where whole requests of one entity are refused alike", async () => {
    const body = { ok: false, error: "invalid_request", message: "no" };
    const { client } = await stub(() => ({ status: 422, body }));
    const { sent } = await sendUntilFailure(() => client.upsertBulk("b", ["{}"], flags), hopelessAfter + 1);
    expect(sent).toBe(hopelessAfter);
  });

  const hope: [string, (n: number) => Canned][] = [
    [
      "one was written",
      (n) => (n === 1 ? { body: { entities: [{ index: 3, created: true }], errors: [] } } : refuseAll(refusal)),
    ],
    ["the words differ", (n) => refuseAll(n === 5 ? "other words" : refusal)],
    ["targets are missing", () => refuseAll("no such target", 404)],
    ["they exist and the mode is create", () => refuseAll("exists", 409)],
  ];
  it.each(hope)("continues where %s", async (_, answer) => {
    const { client } = await stub((_request, n) => answer(n));
    const { error } = await sendUntilFailure(() => client.upsertBulk("b", items, flags));
    expect(error).toBeUndefined();
  });

  it("judges each blueprint by itself, and no dry run", async () => {
    const { client } = await stub(() => refuseAll(refusal));
    const { sent } = await sendUntilFailure(() => client.upsertBulk("b", items, flags));
    expect(sent).toBe(10);
    expect(await client.upsertBulk("c", items, flags)).toMatchObject({ is: "done" });
    expect(await client.upsertBulk("b", items, { ...flags, validationOnly: true })).toMatchObject({ is: "done" });
  });
});

const made = (index: number, created = true) => ({ identifier: "a", index, created });
const fault = (index: number) => ({
  identifier: "unknown",
  index,
  statusCode: 422,
  error: "blueprint_schema_mismatch",
  message: "no",
});
const refused = { is: "refused", status: 422, error: "blueprint_schema_mismatch", message: "no" };

describe("readVerdicts", () => {
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
    expect(readVerdicts(body, 2)).toEqual(expected.map((is) => (typeof is === "string" ? { is } : is)));
  });

  it("gives one result for each entity sent, whatever the reply", () => {
    fc.assert(fc.property(fc.nat(20), fc.jsonValue(), (count, body) => readVerdicts(body, count).length === count));
  });
});
