import { describe, expect, it } from "vitest";
import { addValue, openStats } from "../../src/init/field-stats.js";
import { proposeField } from "../../src/init/propose-field.js";

function proposed(values: readonly unknown[], name: string) {
  const stats = openStats([name]);
  for (const [index, value] of values.entries()) addValue(stats, value, index + 1);
  return proposeField(stats, { records: values.length, isTabular: true });
}

function propose(values: readonly unknown[], { path = ["Column"], isTabular = true } = {}) {
  const stats = openStats(path);
  for (const [index, value] of values.entries()) addValue(stats, value, index + 1);
  const proposal = proposeField(stats, { records: values.length, isTabular });
  return (
    proposal && [
      proposal.property.type,
      proposal.property.format,
      proposal.expression,
      ...(proposal.column === undefined ? [] : [proposal.column]),
    ]
  );
}

/** As many values as `of`, all but the first `odd` of them by `make`. */
const mostly = (odd: readonly string[], of: number, make: (index: number) => string): string[] =>
  Array.from({ length: of }, (_, index) => odd[index] ?? make(index));

const many = (...values: readonly string[]): string[] =>
  Array.from({ length: 20 }, (_, index) => values[index % values.length] as string);
/** Enough of them to close a vocabulary. */
const often = (...values: readonly string[]): string[] =>
  Array.from({ length: 240 }, (_, index) => values[index % values.length] as string);

describe("a property proposed from values", () => {
  it.each([
    [
      ["1", "2.5", "-3"],
      ["number", undefined, ".Column"],
    ],
    [
      ["007", "8"],
      ["string", undefined, ".Column"],
    ],
    [
      ["1", "x"],
      ["string", undefined, ".Column"],
    ],
    [["12345678901234567890"], ["string", undefined, ".Column"]],
    [
      ["true", "No"],
      ["boolean", undefined, ".Column"],
    ],
    [
      ["1", "0"],
      ["number", undefined, ".Column"],
    ],
    [
      ["2024-05-01", "2024-05-31"],
      ["string", "date-time", '.Column + "T00:00:00Z"'],
    ],
    [
      ["2024-05-01", "-"],
      ["string", "date-time", '.Column | values + "T00:00:00Z"'],
    ],
    [["2024-05-01T10:00:00Z"], ["string", "date-time", ".Column"]],
    [
      ["31.12.2024", "01.02.2024"],
      ["string", "date-time", ".Column", { date: "dd.MM.yyyy", zone: "UTC" }],
    ],
    [["03/04/2024"], ["string", undefined, ".Column"]],
    [["https://a.example/x"], ["string", "url", ".Column"]],
    [["a@b.example"], ["string", "email", ".Column"]],
    [["10.0.0.1"], ["string", "ipv4", ".Column"]],
    [
      ["a;b", "c"],
      ["string", undefined, ".Column"],
    ],
    [
      ["a;b", "c;d", "e"],
      ["array", undefined, ".Column", { split: ";" }],
    ],
    [
      ["a, b", "N/A", "c, d"],
      ["array", undefined, ".Column", { split: "," }],
    ],
    [
      ["Hello, dear", "Well, no, not so"],
      ["string", undefined, ".Column"],
    ],
    [["one\ntwo"], ["string", "markdown", ".Column"]],
    [
      [true, false],
      ["boolean", undefined, ".Column"],
    ],
    [
      [1, 2],
      ["number", undefined, ".Column"],
    ],
    [
      [["a"], ["b"]],
      ["array", undefined, ".Column"],
    ],
    [
      [1, "x"],
      ["string", undefined, '.Column | if type == "string" then . else tojson end'],
    ],
    [["-", "N/A", null], undefined],
    [
      ["2,746", "1,234,567", "12"],
      ["number", undefined, ".Column", { number: { group: "," } }],
    ],
    [
      ["1.234,50", "12"],
      ["number", undefined, ".Column", { number: { decimal: ",", group: "." } }],
    ],
    [
      ["0,5", "12,25"],
      ["number", undefined, ".Column", { number: { decimal: "," } }],
    ],
    [
      ["1 234,5", "12"],
      ["number", undefined, ".Column", { number: { decimal: ",", group: " " } }],
    ],
    [
      ["$1,234.50", "$12"],
      ["number", undefined, ".Column", { number: { group: ",", unit: "$" } }],
    ],
    [
      ["1.234,50 €", "12 €"],
      ["number", undefined, ".Column", { number: { decimal: ",", group: ".", unit: "€" } }],
    ],
    [
      ["37%", "5 %"],
      ["number", undefined, ".Column", { number: { unit: "%" } }],
    ],
    [
      ["16 GB", "1 TB"],
      ["string", undefined, ".Column"],
    ],
    [
      ["2/2/2024", "4/13/2024"],
      ["string", "date-time", ".Column", { date: "M/d/yyyy", zone: "UTC" }],
    ],
    [["2024-05-01 10:00:00"], ["string", "date-time", ".Column", { date: "yyyy-MM-dd HH:mm:ss", zone: "UTC" }]],
    [["5/13/2024 10:00"], ["string", "date-time", ".Column", { date: "M/d/yyyy HH:mm", zone: "UTC" }]],
    [["2024-05-01T10:00:00.000+0000"], ["string", "date-time", ".Column", { date: "yyyy-MM-dd'T'HH:mm:ss.uZZZ" }]],
    [
      ["ja", "Nein"],
      ["boolean", undefined, ".Column", { true: ["ja"], false: ["nein"] }],
    ],
  ])("of %j is %j", (values, proposal) => {
    expect(propose(values)).toEqual(proposal);
  });

  it.each([
    ["IPv4 addresses", mostly(["DHCP"], 300, (index) => `10.0.${index % 256}.1`), ["string", "ipv4", ".Column"]],
    ["numbers", mostly(["many"], 300, String), ["number", undefined, ".Column"]],
    [
      "days",
      mostly(["soon"], 300, (index) => `2024-05-${10 + (index % 20)}`),
      ["string", "date-time", '.Column + "T00:00:00Z"'],
    ],
    ["numbers but too many words", mostly(Array(16).fill("many"), 300, String), ["string", undefined, ".Column"]],
  ])("tolerates a few mistakes among %s", (_, values, proposal) => {
    expect(propose(values)).toEqual(proposal);
  });

  it("takes words that mean no value out of numbers, and leaves them in text", () => {
    const of = (values: readonly string[]) => {
      const stats = openStats(["Column"]);
      for (const [index, value] of values.entries()) addValue(stats, value, index + 1);
      const { property, column } = proposeField(stats, { records: values.length, isTabular: true }) ?? {};
      return [property?.type, column?.blanks];
    };
    expect(of(["unknown", "TBD", "4", "8"])).toEqual(["number", ["unknown", "TBD"]]);
    expect(of(["unknown", "Ada", "Grace"])).toEqual(["string", undefined]);
  });

  it.each([
    ["Created At", ["1700000000"], '."Created At" | values | tonumber | todate'],
    ["updated", [1_700_000_000_123], ".updated | values | tonumber / 1000 | floor | todate"],
    ["Order Number", ["1700000000"], '."Order Number"'],
  ])("reads the numbers of %s as moments only where the name speaks of one", (name, values, expression) => {
    expect(propose(values, { path: [name] })?.[2]).toBe(expression);
  });

  it("writes formats into the expression where no column can have them", () => {
    expect(propose(["31.12.2024"], { path: ["lead", "since"], isTabular: false })?.[2]).toBe(
      '.lead.since | values | strptime("%d.%m.%Y") | . as $day | mktime | if (gmtime | .[2]) == $day[2] then todate else error("no such day") end',
    );
    expect(propose(["1.234,5 €"], { path: ["cost", "year"], isTabular: false })?.[2]).toBe(
      '.cost.year | values | gsub("^\\\\s*€\\\\s*|\\\\s*€\\\\s*$"; "") | gsub("\\\\."; "") | sub(",";".") | tonumber',
    );
    expect(propose(["ja", "nein"], { path: ["a", "b"], isTabular: false })?.[2]).toBe(
      '.a.b | values | ascii_downcase | if . == "ja" then true elif . == "nein" then false else error("neither true nor false") end',
    );
  });

  it.each([
    ["a word that came once", "Status", [...often("gold", "silver"), "Gold"]],
    ["a word that came late", "Status", [...often("gold", "silver"), ...Array(6).fill("tin")]],
    ["a word that came seldom", "Status", ["tin", "tin", ...often("gold", "silver")]],
    ["a column whose name speaks of no closed set", "City", often("Rome", "Oslo")],
    ["one word alone", "Status", often("gold")],
    ["a small sample", "Status", often("gold", "silver", "tin").slice(0, 48)],
  ])("is not an enum for %s", (_, name, values) => {
    expect(proposed(values, name)?.property).toEqual({ type: "string", title: name });
  });

  it("is an enum where few words come often in many records, and says how to close one of fewer", () => {
    expect(proposed(often("gold", "silver"), "Tier")).toMatchObject({
      property: { type: "string", title: "Tier", enum: ["gold", "silver"] },
      seen: "one of 2 words, in every record",
    });
    expect(proposed(many("gold", "silver"), "Tier")?.seen).toBe(
      'text of 2 words so far; to refuse others, add "enum": ["gold","silver"] to it in the blueprint, in every record',
    );
  });

  it("takes numbers that are the identifiers of something for text", () => {
    for (const name of ["OwnerId", "aws_account", "teamID"])
      expect(proposed(["123456789012"], name)?.property.type).toBe("string");
    expect(proposed(["12"], "Paid")?.property.type).toBe("number");
  });

  it("leaves words that mean no value out of numbers, dates and booleans of a key alone, where no column can", () => {
    expect(propose(["unknown", "4", "8"], { path: ["hw", "cores"] })?.[2]).toBe(
      '.hw.cores | select(. == "unknown" | not)',
    );
    expect(propose(["2024-05-01", "TBD"], { path: ["dates", "end"], isTabular: false })?.[2]).toBe(
      '.dates.end | select(. == "TBD" | not) | values + "T00:00:00Z"',
    );
    expect(propose(["yes", "no", "unknown"])).toEqual(["boolean", undefined, ".Column", { blanks: ["unknown"] }]);
  });

  it("keeps JSON texts and versions text, though they look like numbers", () => {
    expect(propose(["1.30", "1.31"], { isTabular: false })).toEqual(["string", undefined, ".Column"]);
    expect(propose(["1.30", "1.31"], { path: ["Version"] })).toEqual(["string", undefined, ".Version"]);
  });

  it("takes texts parted by a sign and a space for lists, and sentences with commas for text", () => {
    const tags = many("linux; pci", "pci", "linux; gdpr");
    expect(propose(tags, { path: ["Tags"] })).toEqual(["array", undefined, ".Tags", { split: ";" }]);
    const nested = propose(tags, { path: ["meta", "tags"], isTabular: false });
    expect(nested?.[2]).toBe('.meta.tags | split(";") | map(gsub("^\\\\s+|\\\\s+$"; ""))');
    expect(propose(many("a,b", "b, c", "c"), { path: ["Tags"] })).toEqual([
      "array",
      undefined,
      ".Tags",
      { split: "," },
    ]);
    const notes = many("Checked, ok", "Second floor, left side", "in use", "sold");
    expect(propose(notes, { path: ["Notes"] })).toEqual(["string", undefined, ".Notes"]);
    expect(propose(many("Checked, ok", "Moved", "x\ny, z"), { path: ["Notes"] })?.[0]).toBe("string");
  });

  it("keeps rooms text, whose last zero a number would lose, and reads prices as numbers", () => {
    const of = (name: string) => {
      const stats = openStats([name]);
      for (const [index, value] of many("1.10", "1.12", "2.20").entries()) addValue(stats, value, index + 1);
      const { property, question } = proposeField(stats, { records: 20, isTabular: true }) ?? {};
      return [property?.type, question];
    };
    expect(of("Room")).toEqual(["string", "is .Room a number, in which 1.10 becomes 1.1? It stays text here"]);
    expect(of("Unit price")[0]).toBe("number");
  });

  it("takes points before three digits for thousands where no fraction and no long number speaks against it, and asks", () => {
    const of = (...more: readonly string[]) => {
      const stats = openStats(["Disk"]);
      const parted = Array.from({ length: 40 }, (_, index) => `${1 + (index % 9)}.${101 + index * 7}`);
      for (const [index, value] of [...parted, ...more].entries()) addValue(stats, value, index + 1);
      const { column, question } = proposeField(stats, { records: 40 + more.length, isTabular: true }) ?? {};
      return [column, question?.includes("1.234 read as")];
    };
    expect(of("512", "80")).toEqual([{ number: { decimal: ",", group: "." } }, true]);
    expect(of()).toEqual([undefined, true]);
    expect(of("512", "1024")).toEqual([undefined, true]);
    expect(of("512", "2.5")).toEqual([undefined, undefined]);
  });

  it.each([
    ["numbers", many("5", "6 ", "7\u00a0"), "number", undefined],
    ["e-mail addresses", many("a@x.example", "b@x.example  "), "string", "email"],
    ["words of an enum", many("gold", "silver", "gold "), "string", undefined],
  ] as const)("leaves out white space around %s", (_, values, type, format) => {
    expect(propose(values, { path: ["Tier"] })).toEqual([
      type,
      format,
      String.raw`.Tier | values | gsub("^\\s+|\\s+$"; "")`,
    ]);
  });

  it("asks about words that it takes for no value", () => {
    const stats = openStats(["Cost"]);
    for (const [index, value] of ["TBD", ...many("4", "8")].entries()) addValue(stats, value, index + 1);
    expect(proposeField(stats, { records: 21, isTabular: true })).toMatchObject({
      column: { blanks: ["TBD"] },
      question:
        'is "TBD" (in record 1) of .Cost no value? It becomes null in this column alone; take it out of the column\'s blanks, and its records are rejected',
    });
  });
});
