import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Entity, type EntityBody } from "../../src/entity.js";
import type { Deferred } from "../../src/outcome.js";
import { deferredCodec, entityCodec, openSpool } from "../../src/state/spool.js";
import { collect } from "../support/entities.js";
import { makeFolder } from "./folder.js";

const name = fc.string({ unit: "binary", minLength: 1 });
const body: fc.Arbitrary<EntityBody> = fc.record(
  {
    identifier: name,
    title: fc.option(fc.string({ unit: "binary" })),
    properties: fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true }),
    relations: fc.dictionary(name, fc.oneof(name, fc.array(name), fc.constant(null)), { noNullPrototype: true }),
  },
  { requiredKeys: ["identifier", "properties", "relations"] },
) as fc.Arbitrary<EntityBody>;

const entity: fc.Arbitrary<Entity> = fc
  .record({
    place: fc.tuple(fc.nat(), fc.option(fc.nat(), { nil: undefined })),
    span: fc.option(fc.tuple(fc.nat(), fc.nat()), { nil: undefined }),
    resource: fc.nat(9),
    item: fc.nat(9),
    blueprint: name,
    body,
  })
  .map(({ place: [position, line], span, resource, item, blueprint, body }) => {
    const json = JSON.stringify(body);
    return new Entity({
      at: { source: 0, position, ...(line === undefined ? {} : { line }) },
      span: span === undefined ? undefined : { start: span[0], end: span[1] },
      resource,
      item,
      key: { blueprint, identifier: String(body.identifier) },
      json,
      relations: (JSON.parse(json) as EntityBody).relations,
    });
  });

const deferred: fc.Arbitrary<Deferred> = fc
  .tuple(entity, fc.constantFrom(undefined, "created" as const, "updated" as const), fc.array(name))
  .map(([entity, first, waiting]) => ({ is: "deferred", entity, ...(first === undefined ? {} : { first }), waiting }));

describe("codecs", () => {
  it("read back any entity, on one line", () => {
    fc.assert(
      fc.property(entity, (any) => {
        const line = entityCodec.encode(any);
        expect(line).not.toContain("\n");
        expect(entityCodec.decode(line)).toEqual(any);
      }),
    );
  });

  it("read back any deferred entity", () => {
    fc.assert(
      fc.property(deferred, (any) => {
        expect(deferredCodec.decode(deferredCodec.encode(any))).toEqual(any);
      }),
    );
  });

  it("keep the body's text as it will be sent, even where a value looks like the line's own form", () => {
    const json = '{"identifier":",\\"body\\":","properties":{},"relations":{}}';
    const tricky = new Entity({
      at: { source: 0, position: 1 },
      resource: 0,
      item: 0,
      key: { blueprint: "b", identifier: ',"body":' },
      json,
      relations: {},
    });
    expect(entityCodec.encode(tricky)).toBe(
      `{"head":[[0,1],null,0,0,["b",",\\"body\\":"],${json.length}],"body":${json}}`,
    );
    expect(entityCodec.decode(entityCodec.encode(tricky))).toEqual(tricky);
  });
});

const text = { encode: (item: string) => JSON.stringify(item), decode: (line: string) => JSON.parse(line) as string };

describe("openSpool", () => {
  it("gives each source's items back in order, however the sources are mixed", async () => {
    const folder = await makeFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), fc.array(fc.string({ unit: "binary" })))), async (appends) => {
        run += 1;
        const spool = openSpool(join(folder, String(run)), text);
        const expected = new Map<number, string[]>();
        for (const [source, items] of appends) {
          await spool.append(source, items);
          if (items.length > 0) expected.set(source, [...(expected.get(source) ?? []), ...items]);
        }
        expect(spool.sources()).toEqual([...expected.keys()].sort());
        for (const source of [0, 1, 2, 3])
          expect((await collect(spool.drain(source))).flat()).toEqual(expected.get(source) ?? []);
        await spool.close();
      }),
      { numRuns: 60 },
    );
  });

  it("drains chunks of at most 1,000 items", async () => {
    const spool = openSpool(join(await makeFolder(), "a"), text);
    const items = Array.from({ length: 2500 }, (_, i) => `item ${i}`);
    await spool.append(0, items);
    const chunks = await collect(spool.drain(0));
    expect(chunks.map((chunk) => chunk.length)).toEqual([1000, 1000, 500]);
    expect(chunks.flat()).toEqual(items);
    await spool.close();
  });

  it("ends a chunk at 1 MiB, and carries items larger than a read", async () => {
    const spool = openSpool(join(await makeFolder(), "a"), text);
    const items = ["é".repeat(700_000), "b".repeat(700_000), "c"];
    for (const item of items) await spool.append(4, [item]);
    const chunks = await collect(spool.drain(4));
    expect(chunks).toEqual([items.slice(0, 2), items.slice(2)]);
    await spool.close();
  });

  it("makes its file with the first item, for its owner alone", async () => {
    const path = join(await makeFolder(), "1.ndjson");
    const spool = openSpool(path, text);
    expect(await collect(spool.drain(0))).toEqual([]);
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    await spool.append(0, ["a"]);
    await collect(spool.drain(0));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).toBe('"a"\n');
    await spool.close();
  });
});
