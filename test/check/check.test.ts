import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { Entity, type Mode, type RawFields } from "../../src/entity.js";
import { rejectCodes } from "../../src/reject.js";
import { blueprint, candidate, checkChunk, chunkOf } from "./support.js";

const plain = blueprint({ properties: { x: { type: "number" }, note: { type: "string" } } });

/** The codes and paths of the only reject, or the entity's body. */
async function outcomeOf(of: Blueprint, fields: Partial<RawFields>, mode: Mode = "merge"): Promise<unknown> {
  const { items, rejects } = await checkChunk(of, chunkOf([candidate(fields)]), { mode });
  const [reject] = rejects;
  if (reject === undefined) return items[0]?.body;
  return [reject, ...(reject.also ?? [])].map(({ code, path }) => `${code} ${path}`);
}

describe("checkEntities", () => {
  it("turns a candidate into an entity, serialised once", async () => {
    const of = candidate(
      { identifier: "a", title: "Ä", icon: "Star", properties: { x: "3" } },
      { resource: 2, item: 4, span: { start: 1, end: 9 }, at: { source: 1, position: 7, line: 8 } },
    );
    const { items, rejects } = await checkChunk(plain, chunkOf([of]));
    const body = { identifier: "a", title: "Ä", icon: "Star", properties: { x: 3 }, relations: {} };
    const json = '{"identifier":"a","title":"Ä","icon":"Star","properties":{"x":3},"relations":{}}';
    const entity = new Entity({
      at: { source: 1, position: 7, line: 8 },
      span: { start: 1, end: 9 },
      resource: 2,
      item: 4,
      key: { blueprint: "service", identifier: "a" },
      json,
      bytes: json.length + 1,
      relations: {},
    });
    expect(items[0]?.body).toEqual(body);
    expect({ items, rejects }).toEqual({ items: [entity], rejects: [] });
  });

  it("adds to an earlier reject what else is wrong with its candidate, and nothing of what is not known", async () => {
    const of = blueprint({ properties: { x: { type: "number" }, y: { type: "number" } }, required: ["x", "y"] });
    const earlier = { code: "column_invalid", message: "m", stage: "map", at: { source: 0, position: 2 } } as const;
    const also = [{ code: "column_invalid", message: "n", path: "Day" }] as const;
    const [first, second, third] = [
      { ...earlier, also },
      { ...earlier, at: { source: 0, position: 3 } },
      { ...earlier, at: { source: 0, position: 4 } },
    ];
    const remains = [
      {
        reject: first,
        item: candidate({ identifier: "a b", properties: { y: "many" } }, { resource: 1 }),
        unknown: new Set(["properties.x"]),
      },
      { reject: second, item: candidate({ properties: { x: 1, y: 2 } }), unknown: new Set<string>() },
      { reject: third, item: candidate({}, { blueprint: "servise" }), unknown: new Set<string>() },
    ];
    const given = { ...chunkOf([candidate({ properties: { x: 1 } })]), rejects: [first, second, third], remains };
    const { items, rejects, ...rest } = await checkChunk(of, given, { mode: "create" });
    expect(items).toEqual([]);
    expect(rest).not.toHaveProperty("remains");
    expect(
      rejects.map((one) => [one.stage, one.code, ...(one.also ?? []).map(({ code, path }) => `${code} ${path}`)]),
    ).toEqual([
      ["check", "required_missing"],
      ["map", "column_invalid", "column_invalid Day", "identifier_invalid identifier", "wrong_type properties.y"],
      ["map", "column_invalid"],
      ["map", "column_invalid", "unknown_blueprint blueprint"],
    ]);
    expect(rejects[1]?.also?.[1]).toMatchObject({ leaf: "resources.1.port.entity.mappings.identifier", value: "a b" });
    expect(rejects[2]).toBe(second);
  });

  it("gives one reject with all faults of a candidate, the others in also", async () => {
    const leaf = (path: string) => `resources.1.port.entity.mappings.${path}`;
    const of = candidate(
      { identifier: "a b", title: {}, properties: { x: "many", y: 1 } },
      { at: { source: 0, position: 3, line: 4 }, span: { start: 5, end: 6 }, resource: 1, item: 2 },
    );
    const { items, rejects } = await checkChunk(plain, chunkOf([of]));
    expect(items).toEqual([]);
    expect(rejects).toEqual([
      {
        stage: "check",
        code: "identifier_invalid",
        message:
          'the identifier holds a space; letters, digits and @ _ . + : \\ / = \' - are allowed; write `| values | gsub(" "; "-")` after the expression',
        path: "identifier",
        leaf: "resources.1.port.entity.mappings.identifier",
        value: "a b",
        at: { source: 0, position: 3, line: 4 },
        span: { start: 5, end: 6 },
        resource: 1,
        item: 2,
        blueprint: "service",
        identifier: "a b",
        also: [
          { code: "title_invalid", message: expect.any(String), path: "title", leaf: leaf("title"), value: "{}" },
          {
            code: "wrong_type",
            message: "is not a number",
            path: "properties.x",
            leaf: leaf("properties.x"),
            value: "many",
          },
          {
            code: "unknown_property",
            message: expect.stringContaining("service"),
            path: "properties.y",
            leaf: leaf("properties.y"),
            value: "1",
          },
        ],
      },
    ]);
  });

  it("keeps rejects in source order and passes earlier ones, warnings and the tally through", async () => {
    const bad = (position: number, item = 0) =>
      candidate({ properties: { x: "?" } }, { at: { source: 0, position }, item });
    const earlier = (position: number) => ({
      code: "ragged_row" as const,
      message: "m",
      stage: "read" as const,
      at: { source: 0, position },
    });
    const warnings = [{ code: "no_records" as const, message: "m", count: 1 }];
    const tally = { read: 9, mapped: 3, skipped: 4, rejected: 2 };
    const chunk = chunkOf([bad(2, 0), bad(2, 1), bad(5)], { rejects: [earlier(1), earlier(4)], warnings, tally });
    const checked = await checkChunk(plain, chunk);
    expect(checked.rejects.map(({ code, at, item }) => [at.position, code, item])).toEqual([
      [1, "ragged_row", undefined],
      [2, "wrong_type", 0],
      [2, "wrong_type", 1],
      [4, "ragged_row", undefined],
      [5, "wrong_type", 0],
    ]);
    expect(checked.warnings).toEqual(warnings);
    expect(checked.tally).toEqual(tally);
  });

  it("judges each candidate alone: one after a refused one passes, or has its own faults only", async () => {
    const of = ["?", "1", "??"].map((x, index) =>
      candidate({ properties: { x } }, { at: { source: 0, position: index + 1 } }),
    );
    const { items, rejects } = await checkChunk(plain, chunkOf(of));
    expect(items.map(({ at, body }) => [at.position, body.properties])).toEqual([[2, { x: 1 }]]);
    expect(rejects.map(({ at, value, also }) => [at.position, value, also])).toEqual([
      [1, "?", undefined],
      [3, "??", undefined],
    ]);
  });

  it("counts warnings of one property together, with the first place", async () => {
    const items = [3, 4].map((position) =>
      candidate({ properties: { note: position } }, { at: { source: 0, position } }),
    );
    const { warnings } = await checkChunk(plain, chunkOf(items));
    expect(warnings).toEqual([
      {
        code: "number_as_text",
        message: expect.any(String),
        blueprint: "service",
        path: "properties.note",
        count: 2,
        first: { source: 0, position: 3 },
      },
    ]);
  });

  it("shortens a value to 80 characters and cuts no character in half", async () => {
    const { rejects } = await checkChunk(plain, chunkOf([candidate({ properties: { x: `${"a".repeat(78)}😀b` } })]));
    expect(rejects[0]?.value).toBe(`${"a".repeat(78)}…`);
  });

  it("refuses a blueprint that does not exist, with the nearest name", async () => {
    const { rejects } = await checkChunk(plain, chunkOf([candidate({}, { blueprint: "servcie" })]));
    expect(rejects).toEqual([
      expect.objectContaining({
        code: "unknown_blueprint",
        path: "blueprint",
        message: 'there is no such blueprint; did you mean "service"?',
      }),
    ]);
  });

  it.each(["calculationProperties", "mirrorProperties", "aggregationProperties"])(
    "refuses a key of %s",
    async (kind) => {
      const of = blueprint({ rest: { [kind]: { sum: {} } } });
      expect(await outcomeOf(of, { properties: { sum: 1 } })).toEqual(["unknown_property properties.sum"]);
    },
  );

  it("refuses an unknown relation, and keys that only look known", async () => {
    expect(await outcomeOf(plain, { relations: { owner: "a" } })).toEqual(["unknown_property relations.owner"]);
    expect(await outcomeOf(plain, { properties: { constructor: 1 } })).toEqual([
      "unknown_property properties.constructor",
    ]);
  });

  it("leaves absent fields out and sends a null that the mapping left in", async () => {
    expect(await outcomeOf(plain, { properties: { x: null, note: undefined } })).toEqual({
      identifier: "a",
      properties: { x: null },
      relations: {},
    });
  });

  it("counts bytes, not characters, against the largest entity", async () => {
    const of = [candidate({ title: "é" })];
    const json = '{"identifier":"a","title":"é","properties":{},"relations":{}}';
    const bytes = json.length + 1;
    const fits = await checkChunk(plain, chunkOf(of), { maxEntityBytes: bytes });
    expect(fits.items.map((item) => [item.json, item.bytes])).toEqual([[json, bytes]]);
    const tooLarge = await checkChunk(plain, chunkOf(of), { maxEntityBytes: bytes - 1 });
    expect(tooLarge.rejects.map(({ code, path, value }) => [code, path, value])).toEqual([
      ["entity_too_large", undefined, undefined],
    ]);
  });

  it("lets an entity fill a request of 1 MiB, and not a byte more", async () => {
    const empty = '{"entities":[{"identifier":"a","title":"","properties":{},"relations":{}}]}'.length;
    const title = "x".repeat(1024 * 1024 - empty);
    const { items, rejects } = await checkChunk(
      plain,
      chunkOf([candidate({ title }), candidate({ title: `${title}x` })]),
    );
    expect(items.map((item) => item.bytes + '{"entities":[]}'.length)).toEqual([1024 * 1024]);
    expect(rejects.map(({ code }) => code)).toEqual(["entity_too_large"]);
  });

  it("uses only codes of the closed list", async () => {
    const { rejects } = await checkChunk(plain, chunkOf([candidate({ identifier: 3, icon: 3, team: 3 })]));
    const [reject] = rejects;
    const codes = [reject, ...(reject?.also ?? [])].map((finding) => finding?.code);
    expect(codes.every((code) => code !== undefined && code in rejectCodes)).toBe(true);
    expect(codes).toEqual(["identifier_invalid", "title_invalid", "title_invalid"]);
  });
});

describe("required properties and relations", () => {
  const of = blueprint({
    properties: { x: { type: "number" }, d: { type: "string", default: "d" } },
    required: ["x", "d"],
    relations: { owner: { target: "team", required: true } },
  });

  it.each<Mode>(["create", "override"])("must be there in %s; one with a default may be absent", async (mode) => {
    expect(await outcomeOf(of, {}, mode)).toEqual([
      "required_missing properties.x",
      "required_missing relations.owner",
    ]);
    expect(await outcomeOf(of, { properties: { x: 1 }, relations: { owner: "t" } }, mode)).toEqual({
      identifier: "a",
      properties: { x: 1 },
      relations: { owner: "t" },
    });
  });

  it("may be absent in merge, where the API checks the merged entity", async () => {
    expect(await outcomeOf(of, {})).toEqual({ identifier: "a", properties: {}, relations: {} });
  });

  it("may be null in no mode, and an empty list is not a target", async () => {
    expect(await outcomeOf(of, { properties: { x: null }, relations: { owner: null } })).toEqual([
      "required_missing properties.x",
      "required_missing relations.owner",
    ]);
    expect(await outcomeOf(of, { relations: { owner: [] } })).toEqual(["required_missing relations.owner"]);
  });
});

describe("the head of an entity", () => {
  const query = { combinator: "and", rules: [{ property: "$title", operator: "=", value: "A" }] };

  it.each<[identifier: unknown, outcome: unknown]>([
    ["007", "007"],
    ["Ünïcode/名前@a_b.c+d:e\\f=g-h'i", "Ünïcode/名前@a_b.c+d:e\\f=g-h'i"],
    ["...", "..."],
    ["x".repeat(1000), "x".repeat(1000)],
    ["𠮷".repeat(1000), "𠮷".repeat(1000)],
    ["x".repeat(1001), "identifier_invalid"],
    [".", "identifier_invalid"],
    ["..", "identifier_invalid"],
    [" a", "identifier_invalid"],
    ["a\n", "identifier_invalid"],
    ["a,b", "identifier_invalid"],
    ["e\u0301", "identifier_invalid"],
    [7, "identifier_invalid"],
    [["a"], "identifier_invalid"],
    [{ combinator: "and" }, "identifier_invalid"],
    ["", "identifier_missing"],
    [null, "identifier_missing"],
  ])("takes or refuses the identifier %j", async (identifier, outcome) => {
    const { items, rejects } = await checkChunk(plain, chunkOf([candidate({ identifier })]));
    expect(rejects[0]?.code ?? items[0]?.key.identifier).toBe(outcome);
  });

  it("takes a search as identifier, its text being the key", async () => {
    const { items } = await checkChunk(plain, chunkOf([candidate({ identifier: query })]));
    expect([items[0]?.body.identifier, items[0]?.key.identifier]).toEqual([query, JSON.stringify(query)]);
  });

  it("suggests tostring for a number as identifier", async () => {
    const { rejects } = await checkChunk(plain, chunkOf([candidate({ identifier: 7 })]));
    expect(rejects[0]).toMatchObject({
      message: "the identifier is a number, not text; write `| values | tostring` after the expression",
      value: "7",
    });
    expect(rejects[0]).not.toHaveProperty("identifier");
  });

  it("leaves a null title, icon or team out; in merge it is to be cleared apart, with a warning", async () => {
    const fields = { title: null, icon: null, team: null };
    const sent: unknown[] = [];
    for (const mode of ["merge", "override", "create"] as const) {
      const { items, warnings } = await checkChunk(owned({ type: "Direct" }), chunkOf([candidate(fields)]), { mode });
      sent.push([items[0]?.body, items[0]?.clears, warnings.map(({ code, path }) => `${code} ${path}`)]);
    }
    const body = { identifier: "a", properties: {}, relations: {} };
    const warned = ["cleared_apart title", "cleared_apart icon", "cleared_apart team"];
    expect(sent).toEqual([
      [body, ["title", "icon", "team"], warned],
      [body, undefined, []],
      [body, undefined, []],
    ]);
  });

  it("refuses to clear a title where the identifier is a search, and a team that is inherited", async () => {
    expect(await outcomeOf(plain, { identifier: query, title: null })).toEqual(["title_invalid title"]);
    expect(await outcomeOf(owned({ type: "Inherited", path: "owner" }), { team: null })).toEqual([
      "title_invalid team",
    ]);
  });

  const owned = (ownership: Blueprint["ownership"]) => blueprint({ rest: { ownership: ownership ?? null } });
  it.each<[team: unknown, outcome: unknown]>([
    ["Team One", "Team One"],
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [query, query],
    ["", "title_invalid"],
    [3, "title_invalid"],
    [["a", 3], "title_invalid"],
  ])("takes or refuses the team %j", async (team, outcome) => {
    const { items, rejects, warnings } = await checkChunk(owned({ type: "Direct" }), chunkOf([candidate({ team })]));
    expect(rejects[0]?.code ?? items[0]?.body.team).toEqual(outcome);
    expect(warnings).toEqual([]);
  });

  it("warns of a team where the blueprint has no ownership, and refuses it where the team is inherited", async () => {
    const { items, warnings } = await checkChunk(plain, chunkOf([candidate({ team: "t" })]));
    expect([items.length, warnings.map(({ code, path }) => [code, path])]).toEqual([
      1,
      [["team_without_ownership", "team"]],
    ]);
    expect(await outcomeOf(owned({ type: "Inherited", path: "owner" }), { team: "t" })).toEqual(["title_invalid team"]);
    const older = blueprint({ rest: { teamInheritance: { path: "owner" } } });
    expect(await outcomeOf(older, { team: "t" })).toEqual(["title_invalid team"]);
  });
});
