import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { MappingError } from "../../src/errors.js";
import { startJq } from "../../src/map/jq.js";
import { columnRows } from "./columns-table.js";
import { mapAll, resource, rows, values } from "./records.js";

const engine = startJq();
afterAll(() => engine.close());

/** What one cell becomes under a format: the value, null, or the end of the reject's message. */
async function readCell(format: object, cell: unknown): Promise<unknown> {
  const file = {
    source: { columns: { X: format } },
    onNull: "clear",
    resources: [resource({ properties: { x: ".X" } })],
  };
  const records = typeof cell === "string" ? rows(["id", "X"], ["i", cell]) : values({ id: "i", X: cell });
  const { items, rejects } = await mapAll(engine, file, records);
  const [refused] = rejects;
  if (refused === undefined) return items[0]?.fields.properties.x;
  expect(refused).toMatchObject({ code: "column_invalid", stage: "map", path: "X", leaf: "source.columns.X" });
  return refused.code;
}

describe("a column's format", () => {
  it.each(columnRows)("%j reads %j as %j", async (format, cell, outcome) => {
    expect(await readCell(format, cell)).toEqual(outcome);
  });

  it("reads before every expression, blanks first, in closures and in jq", async () => {
    const file = {
      source: { blanks: ["", "N/A"], columns: { Tags: { split: ";" }, Day: { date: "dd.MM.yyyy", zone: "UTC" } } },
      onNull: "clear",
      resources: [
        resource({
          properties: { tags: ".Tags", first: ".Tags[0]", n: ".Tags | length", day: ".Day", other: ".Other" },
        }),
      ],
    };
    const { items } = await mapAll(
      engine,
      file,
      rows(["id", "Tags", "Day", "Other"], ["1", "a;N/A", "01.02.2025", "N/A"], ["2", "N/A", "", "y"]),
    );
    expect(items.map(({ fields }) => fields.properties)).toEqual([
      { tags: ["a", "N/A"], first: "a", n: 2, day: "2025-02-01T00:00:00Z", other: null },
      { tags: null, first: null, n: 0, day: null, other: "y" },
    ]);
  });

  it("reads the keys of JSON records, and leaves those without them alone", async () => {
    const file = {
      source: { blanks: ["-"], columns: { n: { number: { decimal: "," } } } },
      onNull: "clear",
      resources: [resource({ properties: { n: ".n", deep: ".deep" } })],
    };
    const { items } = await mapAll(
      engine,
      file,
      values({ id: "1", n: "1,5", deep: { n: "1,5", m: "-" } }, { id: "2" }),
    );
    expect(items.map(({ fields }) => fields.properties)).toEqual([
      { n: 1.5, deep: { n: "1,5", m: null } },
      { n: null, deep: null },
    ]);
  });

  it("of another kind does not count, and one of the kind replaces all of the root", async () => {
    const file = {
      source: { columns: { a: { split: ";" }, b: { split: ";" } } },
      sources: { k: { columns: { a: { split: "," } } } },
      resources: [resource({ properties: { a: ".a", b: ".b" } })],
    };
    const { items } = await mapAll(engine, file, rows(["id", "a", "b"], ["1", "x,y", "x;y"]));
    expect(items[0]?.fields.properties).toEqual({ a: ["x", "y"], b: "x;y" });
  });
});

describe("a cell that its format cannot read", () => {
  const columns = { Day: { date: "dd.MM.yyyy", zone: "UTC" }, Cost: { number: {} } };

  it("rejects the candidate once, with column, value, leaf, place and identifier", async () => {
    const file = { source: { columns }, resources: [resource({ properties: { day: ".Day", cost: ".Cost" } })] };
    const { rejects, tally } = await mapAll(
      engine,
      file,
      rows(["id", "Day", "Cost"], ["a", "01.02.2025", "1"], ["b", "2025-02-01", "much"]),
    );
    expect(tally).toEqual({ read: 2, mapped: 1, skipped: 0, rejected: 1 });
    expect(rejects).toEqual([
      {
        code: "column_invalid",
        stage: "map",
        message: "the cell does not fit the format dd.MM.yyyy; correct it, or source.columns.Day in the mapping",
        path: "Day",
        value: "2025-02-01",
        leaf: "source.columns.Day",
        at: { source: 0, position: 2, line: 3 },
        resource: 0,
        item: 0,
        blueprint: "b",
        identifier: "b",
        also: [expect.objectContaining({ code: "column_invalid", path: "Cost", value: "much" })],
      },
    ]);
  });

  it("concerns only resources whose expressions read it, after their selector", async () => {
    const file = {
      source: { columns },
      resources: [
        resource({ properties: { day: ".Day" } }),
        resource({ identifier: '.id + "-2"', properties: { cost: ".Cost" } }),
        resource({ identifier: '.id + "-3"', properties: { day: '.Day // "none"' } }, { selector: '.id == "b"' }),
        resource({ identifier: '.id + "-4"' }, { selector: ".Day != null" }),
        resource({ identifier: '.id + "-5"', properties: { all: ". | length" } }),
      ],
    };
    const { items, rejects } = await mapAll(engine, file, rows(["id", "Day", "Cost"], ["a", "?", "1"]));
    expect(items.map(({ resource: index }) => index)).toEqual([1]);
    expect(rejects.map(({ resource: index, code }) => [index, code])).toEqual([
      [0, "column_invalid"],
      [3, "column_invalid"],
      [4, "column_invalid"],
    ]);
  });

  it("concerns each item that reads it, or itemsToParse itself", async () => {
    const port = { itemsToParse: ".list" };
    const file = {
      source: { columns: { day: columns.Day, list: { split: ";" } } },
      resources: [
        resource({ identifier: '.id + "-" + .item', properties: { day: ".day" } }, { port }),
        resource({ identifier: '.id + "+" + .item' }, { port }),
      ],
    };
    const { items, rejects } = await mapAll(
      engine,
      file,
      values({ id: "a", day: "?", list: ["1", "2"] }, { id: "b", day: "01.01.2025", list: 7 }),
    );
    expect(items.map(({ fields }) => fields.identifier)).toEqual(["a+1", "a+2"]);
    expect(rejects.map(({ at, resource: index, item, path }) => [at.position, index, item, path])).toEqual([
      [1, 0, 0, "day"],
      [1, 0, 1, "day"],
      [2, 0, 0, "list"],
      [2, 1, 0, "list"],
    ]);
  });

  it("leaves the rest of its candidate to the next stage, without the fields that read it", async () => {
    const file = {
      source: { columns },
      onError: "reject",
      reject: ["properties.size"],
      resources: [
        resource({
          title: '.Day + "!"',
          properties: { day: ".Day", "a.b": ".other", n: ".id | tonumber", size: ".size" },
          relations: { peer: ".peer" },
        }),
      ],
    };
    const { rejects, remains } = await mapAll(
      engine,
      file,
      values({ id: "a", Day: "?", Cost: "much", other: 1, peer: "p" }),
    );
    const [reject] = rejects;
    expect(rejects).toHaveLength(1);
    expect([reject, ...(reject?.also ?? [])].map((each) => `${each?.code} ${each?.path}`)).toEqual([
      "column_invalid Day",
      "expression_error resources.0.port.entity.mappings.properties.n",
      "required_missing properties.size",
    ]);
    expect(remains?.map(({ item, unknown }) => ({ ...item.fields, unknown: [...unknown] }))).toEqual([
      {
        identifier: "a",
        properties: { "a.b": 1 },
        relations: { peer: "p" },
        unknown: ["title", "properties.day", "properties.n", "properties.size"],
      },
    ]);
    expect(remains?.[0]?.reject).toBe(reject);
  });

  it("hands no rest on where it says which blueprint, and no identifier that reads it", async () => {
    const fields = { blueprint: ".Day", identifier: ".id" };
    const file = (more: object) => ({ source: { columns }, resources: [resource({ ...fields, ...more })] });
    const record = values({ id: "a", Day: "?", kind: "b" });
    expect(await mapAll(engine, file({}), record)).not.toHaveProperty("remains");
    const { rejects, remains } = await mapAll(engine, file({ blueprint: ".kind", identifier: ".id + .Day" }), record);
    expect(rejects.map((reject) => [reject.code, reject.also, reject.identifier])).toEqual([
      ["column_invalid", undefined, undefined],
    ]);
    expect(remains?.map(({ unknown }) => [...unknown])).toEqual([["identifier"]]);
  });

  it("of a selector is reported with those of the entity, once each", async () => {
    const one = resource({ properties: { day: ".Day", cost: ".Cost" } }, { selector: ".Day != null" });
    const { rejects, remains } = await mapAll(
      engine,
      { source: { columns }, resources: [one] },
      values({ id: "a", Day: "?", Cost: "much" }),
    );
    expect(rejects.flatMap((reject) => [reject, ...(reject.also ?? [])].map(({ path }) => path))).toEqual([
      "Day",
      "Cost",
    ]);
    expect(remains).toBeUndefined();
  });

  it("does not show what its column's name calls a secret", async () => {
    const file = {
      source: { columns: { "API Key": { number: {} } } },
      resources: [resource({ title: '.["API Key"]' })],
    };
    const { rejects } = await mapAll(engine, file, rows(["id", "API Key"], ["a", "hunter2"]));
    expect(rejects[0]?.value).toBe("*** (7 characters, masked)");
  });
});

describe("a column that a source lacks", () => {
  const format = { split: ";" };
  const other = { ...resource({}), kind: "other" };

  it.each([
    ["under the kind", { sources: { k: { columns: { Tags: format } } } }, "sources.k.columns.Tags"],
    ["at the root of a mapping of one kind", { source: { columns: { Tags: format } } }, "source.columns.Tags"],
  ])("is a fault with the nearest name: %s", async (_title, root, path) => {
    const file = { ...root, resources: "sources" in root ? [resource({}), other] : [resource({})] };
    const faults = await mapAll(engine, file, rows(["id", "tags "], ["a", "x"])).catch((error: unknown) => error);
    expect(faults).toBeInstanceOf(MappingError);
    expect((faults as MappingError).issues).toEqual([
      { path, message: 'the source has no such column; did you mean "tags "?' },
    ]);
  });

  it("is a warning where the mapping has other kinds, once for each source", async () => {
    const file = { source: { columns: { Tags: format } }, resources: [resource({}), other] };
    const { warnings, items } = await mapAll(engine, file, rows(["id"], ["a"], ["b"], ["c"]), { perChunk: 2 });
    expect(items).toHaveLength(3);
    expect(warnings.map(({ code, path }) => [code, path])).toEqual([["column_missing", "source.columns.Tags"]]);
  });
});

describe("column formats, for all inputs", () => {
  it("give back every instant of a zone from its text, except for the hours that clocks repeat", async () => {
    const zones = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata");
    const instants = fc.date({ min: new Date("1950-01-01"), max: new Date("2059-12-31"), noInvalidDate: true });
    await fc.assert(
      fc.asyncProperty(zones, fc.array(instants, { minLength: 1, maxLength: 30 }), async (zone, dates) => {
        const whole = dates.map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
        const file = {
          source: { columns: { t: { date: "dd/MM/yyyy HH:mm:ss", zone } } },
          resources: [resource({ properties: { t: ".t" } })],
        };
        const records = rows(["id", "t"], ...whole.map((date, i) => [String(i), wallClock(date, zone)]));
        const { items, rejects } = await mapAll(engine, file, records);
        expect(items.length + rejects.length).toBe(whole.length);
        for (const { at, fields } of items)
          expect(new Date(String(fields.properties.t))).toEqual(whole[at.position - 1]);
        for (const { message } of rejects) expect(message).toContain("twice");
      }),
      { numRuns: 30 },
    );
  });

  it("give back every number from its text with any signs", async () => {
    const signs = fc.constantFrom(["de-DE", ",", "."], ["en-US", ".", ","], ["fr-FR", ",", " "], ["de-CH", ".", "'"]);
    const numbers = fc.integer({ min: -(10 ** 12), max: 10 ** 12 }).map((n) => n / 100);
    await fc.assert(
      fc.asyncProperty(signs, fc.array(numbers, { minLength: 1 }), async ([locale, decimal, group], list) => {
        const text = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
        const file = {
          source: { columns: { n: { number: { decimal, group } } } },
          resources: [resource({ properties: { n: ".n" } })],
        };
        const records = rows(["id", "n"], ...list.map((n, i) => [String(i), text.format(n)]));
        const { items } = await mapAll(engine, file, records);
        expect(items.map(({ fields }) => fields.properties.n)).toEqual(list.map((n) => n + 0));
      }),
      { numRuns: 30 },
    );
  });
});

/** The reading of a clock on the wall. */
function wallClock(date: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return format.format(date).replace(",", "");
}
