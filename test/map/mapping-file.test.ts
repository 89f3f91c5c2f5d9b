import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MappingError } from "../../src/errors.js";
import { parseMapping, sourceOptionsFor } from "../../src/map/mapping-file.js";

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/mappings/${name}`, import.meta.url), "utf8");
}

function issuesOf(text: string): [line: number | undefined, path: string][] {
  return faultsOf(text).issues.map(({ line, path }) => [line, path]);
}

function faultsOf(text: string): MappingError {
  try {
    parseMapping(text, "m.yaml");
  } catch (error) {
    if (error instanceof MappingError) return error;
    throw error;
  }
  throw new Error("the mapping has no fault");
}

/** A mapping of one resource with further lines at the root and in its mappings. */
function mapping(root: string, fields = ""): string {
  return `${root}\nresources:\n  - kind: k\n    port:\n      entity:\n        mappings:\n          identifier: .id\n          blueprint: '"b"'\n${fields}`;
}

describe("a text that is not YAML", () => {
  const text = mapping("", "          title: .name\n          icon: .icon\n");
  const faults = (now: string) => faultsOf(now).issues.map(({ line, message }) => [line, message]);
  const lineOf = (now: string, part: string) => now.slice(0, now.indexOf(part)).split("\n").length;

  it.each([
    ["a quote", text.replace("title: .name", "title: '.name"), "Missing closing 'quote"],
    ["a quote around a quote", text.replace("title: .name", `title: '"a"`), "Missing closing 'quote"],
    ["a double quote", text.replace("title: .name", `title: ".name`), 'Missing closing "quote'],
    ["a bracket", text.replace("title: .name", "title: [1, 2"), "Flow sequence in block collection"],
  ])("is one fault at the line where the value with %s that is not closed begins", (_, now, message) => {
    expect(faults(now)).toEqual([[lineOf(now, "title:"), expect.stringContaining(message)]]);
  });

  it("is one fault at a stray word, however many lines follow", () => {
    const says = (word: string) =>
      `${JSON.stringify(word)} begins a line that is no \`key: value\`, so that nothing below it can be read`;
    expect(faults(`x# mine\n# more\n${text}`)).toEqual([[1, says("x#")]]);
    expect(faults(`# mine\nx\n\n# more\n${text}`)).toEqual([[2, says("x")]]);
    expect(faults(`x\n${text.trimStart()}`).map(([line]) => line)).toEqual([1]);
  });

  it("is every key that occurs twice", () => {
    expect(faults(`a: 1\na: 2\nb: 1\nb: 2\n`).map(([line]) => line)).toEqual([2, 4]);
  });
});

describe("parseMapping", () => {
  it("reports every fault at once, each with its dotted path and line", () => {
    const base = "resources.0.port.entity.mappings";
    expect(issuesOf(fixture("five-faults.yaml"))).toEqual([
      [2, "duplicates"],
      [5, "resources.0.selektor"],
      [8, `${base}.blueprint`],
      [11, `${base}.properties.host`],
      [12, `${base}.properties.empty`],
      [13, "resources.1.kind"],
    ]);
  });

  it("names an expression that YAML takes for a list, once, with the quotes that it needs", () => {
    const { issues } = faultsOf(
      mapping("", '          title: [.a, .b | values] | join(" it\'s ")\n          icon: .c\n'),
    );
    expect(issues).toMatchObject([
      {
        line: 9,
        message: `an expression that begins with [ goes into single quotes: title: '[.a, .b | values] | join(" it''s ")'`,
      },
    ]);
  });

  it.each([
    ["          icon .b # c\n          team: .c\n", "icon .b", "icon: .b"],
    ["          icon .b\n", "icon .b", "icon: .b"],
  ])("says which line lacks its colon: %j", (lines, written, fix) => {
    const { issues } = faultsOf(mapping("", `          title: .a\n${lines}`));
    expect(issues).toMatchObject([{ line: 10, message: `"${written}" has no colon after its key: write ${fix}` }]);
  });

  it("refuses a key that is given twice", () => {
    expect(issuesOf(fixture("duplicate-key.yaml"))).toEqual([[3, ""]]);
  });

  it("refuses aliases that grow without end", () => {
    expect(faultsOf(fixture("aliases-without-end.yaml")).message).toContain("Excessive alias count");
  });

  it("refuses `__proto__` as a key and takes `constructor` as any other", () => {
    expect(issuesOf(fixture("prototype-key.yaml"))).toEqual([
      [9, "resources.0.port.entity.mappings.properties.__proto__"],
    ]);
    expect(
      parseMapping(mapping("", "          properties: { constructor: .a }\n"), "m.yaml").resources[0]?.properties,
    ).toEqual(["constructor"]);
  });

  it.each([
    ["nothing at all", "", "the mapping is empty"],
    ["a list", "- a", "the mapping is not an object"],
    ["broken YAML", "a: [1", "Flow sequence"],
  ])("refuses %s", (_title, text, words) => {
    expect(faultsOf(text).message).toContain(words);
  });

  it("names the fault of a key that is missing", () => {
    const { issues } = faultsOf(
      "resources:\n  - kind: k\n    port: { entity: { mappings: { blueprint: '\"b\"' } } }\n",
    );
    expect(issues).toEqual([{ path: "resources.0.port.entity.mappings.identifier", message: "is missing", line: 3 }]);
  });

  it.each([
    ["sources of a kind that no resource has", "sources: { other: { format: csv } }", "sources.other"],
    ["a field to clear that no resource maps", "clear: [properties.x]", "clear.0"],
    ["a field to omit that no resource maps", "omit: [properties.x]", "omit.0"],
    ["a field to demand that no resource maps", "reject: [relations.x]", "reject.0"],
    ["a field to clear that is none", "clear: [identifier]", "clear.0"],
    ["a column format that is none", "source: { columns: { A: { sum: 1 } } }", "source.columns.A"],
    ["a date format without a zone", "source: { columns: { A: { date: dd.MM.yyyy } } }", "source.columns.A"],
    ["a zone that is none", "source: { columns: { A: { date: dd.MM.yyyy, zone: Berlin } } }", "source.columns.A"],
    ["tokens of other programs", "source: { columns: { A: { date: DD.MM.YYYY, zone: UTC } } }", "source.columns.A"],
    ["a date format without a year", "source: { columns: { A: { date: dd.MM., zone: UTC } } }", "source.columns.A"],
    ["half a day's hour alone", "source: { columns: { A: { date: yyyy-MM-dd hh, zone: UTC } } }", "source.columns.A"],
    ["a zone beside an offset", "source: { columns: { A: { date: yyyy-MM-dd ZZ, zone: UTC } } }", "source.columns.A"],
    [
      "a language that is none",
      "source: { columns: { A: { date: d MMM yyyy, zone: UTC, locale: en_x } } }",
      "source.columns.A",
    ],
    ["one sign for two things", "source: { columns: { A: { number: { group: '.' } } } }", "source.columns.A"],
    ["a word both true and false", "source: { columns: { A: { true: [ja], false: [JA] } } }", "source.columns.A"],
    ["an unknown key of source", "source: { csv: { delimeter: ';' } }", "source.csv.delimeter"],
    ["a share of deletions above 1", "entityDeletionThreshold: 90", "entityDeletionThreshold"],
  ])("refuses %s", (_title, root, path) => {
    expect(issuesOf(mapping(root))).toEqual([[1, path]]);
  });

  it("refuses a number that loses digits", () => {
    expect(issuesOf(mapping("", "          properties: { n: 9007199254740993 }\n"))).toEqual([
      [9, "resources.0.port.entity.mappings.properties.n"],
    ]);
  });

  it("fills in defaults, turned round from Port's where that is safer", () => {
    const { lines, ...rest } = parseMapping(fixture("minimal.json"), "minimal.json");
    expect(rest).toEqual({
      file: "minimal.json",
      allowedEnvironmentVariablesInJQ: [],
      unknownProperties: "refuse",
      source: {},
      sources: {},
      onNull: "omit",
      clear: [],
      omit: [],
      reject: [],
      onError: "null",
      createMissingRelatedEntities: false,
      deleteDependentEntities: false,
      resources: [
        {
          index: 0,
          kind: "services",
          selector: "true",
          itemsToParseName: "item",
          itemsToParseTopLevelTransform: true,
          onMissingTarget: {},
          blueprint: "service",
          properties: [],
          relations: [],
          entity: { identifier: ".id", blueprint: '"service"', properties: {}, relations: {} },
        },
      ],
      notes: [],
    });
    expect(lines.get("resources.0.port.entity.mappings.identifier")).toBe(3);
  });

  it("loads a mapping of another integration and notes the keys without effect", () => {
    const loaded = parseMapping(fixture("from-another-integration.yaml"), "m.yaml");
    expect(loaded.notes.map(({ code, path }) => [code, path])).toEqual([
      ["ignored_key", "specPath"],
      ["ignored_key", "branch"],
      ["ignored_key", "resources.0.selector.teams"],
    ]);
    expect(loaded).toMatchObject({ enableMergeEntity: false, createMissingRelatedEntities: true });
    expect(loaded.resources[0]).toMatchObject({
      blueprint: "repository",
      itemsToParseName: "pipeline",
      relations: ["owner"],
    });
    expect(loaded.lines.get("resources.0.port.entity.mappings.relations.owner.rules.0.value")).toBe(25);
  });

  it("takes onError: null without quotes for the word", () => {
    expect(parseMapping(mapping("onError: null"), "m.yaml").onError).toBe("null");
  });

  it("knows no constant blueprint where an expression gives it", () => {
    const text = "resources:\n  - kind: k\n    port: { entity: { mappings: { identifier: .id, blueprint: .type } } }\n";
    expect(parseMapping(text, "m.yaml").resources[0]).not.toHaveProperty("blueprint");
  });
});

describe("sourceOptionsFor", () => {
  it("overrides the root's options key by key, by own keys only", () => {
    const parsed = parseMapping(
      mapping("source: { format: csv, blanks: [a] }\nsources: { k: { blanks: [b] } }"),
      "m.yaml",
    );
    expect(sourceOptionsFor(parsed, "k")).toEqual({ format: "csv", blanks: ["b"] });
    expect(sourceOptionsFor(parsed, "constructor")).toEqual({ format: "csv", blanks: ["a"] });
  });
});
