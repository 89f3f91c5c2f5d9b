import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Property } from "../../src/blueprint.js";
import { runImport } from "../../src/recipes/import.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";

/** A kind of property: the values it may hold, how a cell is written for one, and its column's format, if it needs one. */
interface Kind<T = unknown> {
  readonly property: Property;
  readonly values: fc.Arbitrary<T>;
  readonly write: (value: T) => string;
  readonly column?: object;
  /** What the catalog holds, where it is not the value itself but one of the same meaning. */
  readonly read?: (held: unknown) => unknown;
}

const asText = (value: string): string => value;
const asJson = (value: unknown): string => JSON.stringify(value);
/** Any text without NUL, which a CSV may not hold, and halves of characters, which UTF-8 cannot. */
const text = fc.string({ unit: "grapheme", maxLength: 20 }).map((value) => value.replaceAll("\0", ""));
const lines = fc
  .array(fc.constantFrom(..."ab,;\"'\n\r\t 0é漢😀\u2028"), { maxLength: 12 })
  .map((signs) => signs.join(""));
const anyText = fc.oneof(
  text,
  lines,
  fc.constantFrom("000123", "1E5", "true", "null", "=1+1", " a ", "12345678901234567890"),
);
const word = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9]{0,10}$/);
const host = fc
  .tuple(word, fc.constantFrom("example.com", "corp.example", "example.org"))
  .map((parts) => parts.join("."));
const url = fc.tuple(host, fc.webPath()).map(([name, path]) => `https://${name}${path}`);
const email = fc.tuple(word, host).map((parts) => parts.join("@"));
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.integer(),
  fc.maxSafeInteger(),
);
/** Without the keys that Fastify, and so the emulator, takes for an attack on prototypes. */
const json = fc
  .json({ depthSize: "small" })
  .filter((written) => !/__proto__|constructor|\\u/.test(written))
  .map((written) => JSON.parse(JSON.stringify(JSON.parse(written))) as unknown);
const object = fc.dictionary(word, json, { noNullPrototype: true, maxKeys: 4 });
const instant = fc
  .date({ min: new Date("1990-01-01"), max: new Date("2050-01-01"), noInvalidDate: true })
  .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
const iso = instant.map((date) => date.toISOString());
const part = fc.stringMatching(/^[a-z0-9äß][a-z0-9 ,äß]{0,8}[a-z0-9]$/);
const string = (format?: string, more: object = {}): Property => ({
  type: "string",
  ...(format && { format }),
  ...more,
});
const kind = <T>(of: Kind<T>): Kind => of as Kind;

/** Every row of the table of kinds in docs/typing.md, in text that the blueprint alone types, and in text that needs a column's format. */
const kinds: Readonly<Record<string, Kind>> = {
  string: kind({ property: string(), values: anyText, write: asText }),
  number: kind({ property: { type: "number" }, values: number, write: String }),
  boolean: kind({ property: { type: "boolean" }, values: fc.boolean(), write: (value) => (value ? "Yes" : "no") }),
  object: kind({ property: { type: "object" }, values: object, write: asJson }),
  array: kind({
    property: { type: "array", items: { type: "string" } },
    values: fc.array(anyText, { maxLength: 4 }),
    write: asJson,
  }),
  numbers: kind({
    property: { type: "array", items: { type: "number" } },
    values: fc.array(number, { maxLength: 4 }),
    write: (list) => asJson(list.map(String)),
  }),
  enumeration: kind({
    property: string(undefined, { enum: ["low", "High Tier", "ünïcode"] }),
    values: fc.constantFrom("low", "High Tier", "ünïcode"),
    write: asText,
  }),
  numberEnum: kind({
    property: { type: "number", enum: [1, 2.5, -3] },
    values: fc.constantFrom(1, 2.5, -3),
    write: (value) => value.toFixed(2),
  }),
  url: kind({ property: string("url"), values: url, write: asText }),
  urls: kind({
    property: { type: "array", items: { type: "string", format: "url" } },
    values: fc.array(url, { maxLength: 3 }),
    write: asJson,
  }),
  email: kind({ property: string("email"), values: email, write: asText }),
  idnEmail: kind({ property: string("idn-email"), values: email.map((value) => `ü${value}`), write: asText }),
  user: kind({ property: string("user"), values: email, write: asText }),
  users: kind({
    property: { type: "array", items: { type: "string", format: "user" } },
    values: fc.array(email, { maxLength: 3 }),
    write: asJson,
  }),
  team: kind({ property: string("team"), values: part, write: asText }),
  dateTime: kind({ property: string("date-time"), values: iso, write: asText }),
  timer: kind({ property: string("timer"), values: iso, write: asText }),
  markdown: kind({ property: string("markdown"), values: anyText, write: asText }),
  yaml: kind({ property: string("yaml"), values: anyText, write: asText }),
  proto: kind({ property: string("proto"), values: anyText, write: asText }),
  openApi: kind({ property: { type: "object", spec: "open-api" }, values: object, write: asJson }),
  asyncApi: kind({ property: string("yaml", { spec: "async-api" }), values: anyText, write: asText }),
  embeddedUrl: kind({ property: string("url", { spec: "embedded-url" }), values: url, write: asText }),
  ipv4: kind({ property: string("ipv4"), values: fc.ipV4(), write: asText }),
  ipv6: kind({ property: string("ipv6"), values: fc.ipV6(), write: asText }),
  labeledUrl: kind({
    property: { type: "object", format: "labeled-url" },
    values: fc.record({ url, displayText: anyText }, { requiredKeys: ["url"], noNullPrototype: true }),
    write: asJson,
  }),
  blueprints: kind({ property: string("blueprints"), values: word, write: asText }),
  germanNumber: kind({
    property: { type: "number" },
    values: fc.integer({ min: -(10 ** 12), max: 10 ** 12 }).map((cents) => cents / 100 + 0),
    write: (value) => new Intl.NumberFormat("de-DE", { maximumFractionDigits: 2 }).format(value),
    column: { number: { decimal: ",", group: "." } },
  }),
  germanWord: kind({
    property: { type: "boolean" },
    values: fc.boolean(),
    write: (value) => (value ? "Ja" : "nein"),
    column: { true: ["ja"], false: ["nein"] },
  }),
  parts: kind({
    property: { type: "array", items: { type: "string" } },
    values: fc.array(part, { minLength: 1, maxLength: 4 }),
    write: (list) => list.join("; "),
    column: { split: ";" },
  }),
  dayFirst: kind({
    property: string("date-time"),
    values: instant.map((date) => date.getTime()),
    write: (at) =>
      new Intl.DateTimeFormat("en-GB", { dateStyle: "short", timeStyle: "medium", timeZone: "Asia/Kolkata" }).format(
        at,
      ),
    column: { date: "dd/MM/yyyy, HH:mm:ss", zone: "Asia/Kolkata" },
    read: (held) => new Date(String(held)).getTime(),
  }),
};

const names = Object.keys(kinds);
const entity = fc.record(Object.fromEntries(names.map((name) => [name, (kinds[name] as Kind).values])), {
  noNullPrototype: true,
});
const blueprint = blueprintOf("thing", {
  schema: { properties: Object.fromEntries(names.map((name) => [name, (kinds[name] as Kind).property])) },
});
const columns = Object.fromEntries(names.flatMap((name) => (kinds[name]?.column ? [[name, kinds[name].column]] : [])));
const mapping = JSON.stringify({
  source: { columns },
  resources: [
    {
      kind: "things",
      port: {
        entity: {
          mappings: {
            identifier: ".id",
            blueprint: '"thing"',
            properties: Object.fromEntries(names.map((name) => [name, `.${name}`])),
          },
        },
      },
    },
  ],
});

/** A source of the entities: as CSV with every cell quoted, or as NDJSON, every value as text in either. */
function sourceOf(format: "csv" | "ndjson", entities: readonly Record<string, unknown>[]): string {
  const rows = entities.map((values, index) => [
    `e${index}`,
    ...names.map((name) => (kinds[name] as Kind).write(values[name])),
  ]);
  const header = ["id", ...names];
  if (format === "ndjson")
    return rows.map((row) => `${JSON.stringify(Object.fromEntries(header.map((key, i) => [key, row[i]])))}\n`).join("");
  return [header, ...rows]
    .map((row) => `${row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\r\n`)
    .join("");
}

describe("a value of any kind of property", () => {
  it.each(["csv", "ndjson"] as const)("arrives in the catalog as it was, by way of its text in %s", async (format) => {
    const emulator = await startCatalog({ blueprints: [blueprint] });
    const folder = await makeFolder();
    const file = { source: join(folder, `things.${format}`), mapping: join(folder, "things.json") };
    await writeFile(file.mapping, mapping);
    await fc.assert(
      fc.asyncProperty(fc.array(entity, { minLength: 1, maxLength: 100, size: "max" }), async (entities) => {
        await writeFile(file.source, sourceOf(format, entities));
        const where = { sources: [file.source], mapping: file.mapping, stateDir: folder };
        // The entities of one round have nothing to do with those of the round before.
        const options = { ...where, mode: "override" as const, allowEmptying: true };
        const { report, error } = await runImport(options, { env: envOf(emulator) });
        expect(error).toBeUndefined();
        expect(report.rejects).toEqual([]);
        expect(report.entities).toMatchObject({ mapped: entities.length, rejected: 0, duplicate: 0 });
        for (const [index, values] of entities.entries()) {
          const held = emulator.store.entity("thing", `e${index}`)?.properties ?? {};
          for (const name of names) {
            const { read = (value: unknown) => value } = kinds[name] as Kind;
            expect([name, read(held[name])]).toEqual([name, values[name]]);
          }
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
