import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { comesIn, ofCase, type Sample, stops } from "./sample.js";

/** A sample and what is right for it. Without a text (a case's file that is not at hand) it is passed over. */
interface Expected extends Omit<Sample, "text"> {
  readonly text: string | Buffer | undefined;
  /** Identifier, title and properties of each entity. */
  readonly gives?: readonly (readonly unknown[])[];
  /** How many entities, where that says enough. */
  readonly count?: number;
  /** Code and line of each reject. */
  readonly rejects?: readonly (readonly [string, number])[];
  /** The rejects file, to the byte. */
  readonly rejected?: string | Buffer;
  /** The message of every command that stops. */
  readonly stops?: readonly string[];
  /** What the receipt says. */
  readonly receipt?: string;
  /** A warning of the report: its code and what it says. */
  readonly warning?: readonly [string, string];
}

const times = (count: number, row: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `${row(n)}\n`).join("");
const hosts = [
  ["srv-1", "Alpha", "1"],
  ["srv-2", "Beta", "2"],
];
const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, "../fixtures", name));

const wideHeader = (delimiter: string): string =>
  `${["id", "name", ...Array.from({ length: 900 }, (_, n) => `Configuration item attribute number ${n}`)].join(delimiter)}\n`;
const wideRow = (id: string, delimiter: string): string => `${[id, "x", ...Array(900).fill("v")].join(delimiter)}\n`;

const cases: Readonly<Record<string, readonly Expected[]>> = {
  "02 column typo: every command names the columns that are not there and the nearest": [
    ...[ofCase("02-column-typo-silent", "hosts.csv"), "ID,Name,Tier,Owner Team\nsrv-1,Alpha,1,x\n"].map((text) => ({
      text,
      identifier: ".ID",
      title: ".name",
      properties: { tier: ".Teir", list: '."Owner team"' },
      stops: [
        'has no column "name"; did you mean .Name?',
        'has no column "Teir"; did you mean .Tier?',
        'has no column "Owner team"; did you mean ."Owner Team"?',
      ],
    })),
    {
      file: "-",
      text: "Host-Name\tRack\nh1\tr1\n",
      source: "format: tsv",
      identifier: '."Host Name"',
      title: ".rack",
      properties: { tier: ".Rakc | ascii_upcase" },
      stops: ['did you mean ."Host-Name"?', "did you mean .Rack?", 'has no column "Rakc"'],
    },
    {
      file: "hosts.xlsx",
      text: fixture("sheet.xlsx"),
      identifier: ".ID",
      stops: ['has no column "ID"; did you mean .id?'],
    },
    {
      text: "id,name\nsrv-1,Alpha\n",
      source: "optionalColumns: [tier]",
      gives: [["srv-1", "Alpha"]],
    },
  ],
  "03 identifier column typo: the header's own spelling is named, not blank cells": [
    ...[ofCase("03-identifier-column-typo", "hosts.csv"), "ID,name,tier\nsrv-1,Alpha,1\n"].map((text) => ({
      text,
      stops: ['has no column "id"; did you mean .ID?', "source.optionalColumns"],
    })),
    { file: "hosts.tsv", text: "Id.\tname\ttier\nx\ty\tz\n", stops: ['has no column "id"; did you mean ."Id."?'] },
  ],
  "04 mixed encoding: one byte that is no text costs its record, and the message names the setting": [
    ...[
      ofCase("04-mixed-encoding", "hosts.csv"),
      Buffer.concat([
        Buffer.from("id,name,tier\nsrv-1,Café,1\nsrv-2,Caf"),
        Buffer.from([0xe9]),
        Buffer.from(",2\nsrv-3,Zürich,3\n"),
      ]),
    ].flatMap((text) => [
      {
        text,
        source: "badText: reject",
        gives: [
          ["srv-1", "Café", "1"],
          ["srv-3", "Zürich", "3"],
        ],
        rejects: [["bad_text", 3] as const],
        rejected: Buffer.concat([Buffer.from("id,name,tier\nsrv-2,Caf"), Buffer.from([0xe9]), Buffer.from(",2\n")]),
      },
    ]),
    {
      file: "hosts.ndjson",
      text: Buffer.concat([
        Buffer.from('{"id":"a","name":"é"}\n{"id":"b","name":"'),
        Buffer.from([0xff]),
        Buffer.from('"}\n{"id":"c","name":"ß"}\n'),
      ]),
      source: "badText: reject",
      gives: [
        ["a", "é"],
        ["c", "ß"],
      ],
      rejects: [["bad_text", 2]],
    },
  ],
  "05 quote in an unquoted cell: it is text, and lenient quotes read those within quoted cells": [
    ...[
      ofCase("05-quote-in-unquoted-cell", "hosts.csv")?.toString().replace("size", "tier"),
      'id,name,tier\nsrv-1,Monitor 24" wide,1\nsrv-2,"Rack, 19""",2\nsrv-3,"FOO "MICK" BAR",3\nsrv-4,Bob "Bobby" Smith,4\nsrv-5,The ""fit"" one,5\nsrv-6,"sample text,6\nsrv-7,ok,7\n',
    ].flatMap((text): Expected[] => [
      {
        text,
        gives: [
          ["srv-1", 'Monitor 24" wide', "1"],
          ["srv-2", 'Rack, 19"', "2"],
          ["srv-4", 'Bob "Bobby" Smith', "4"],
          ["srv-5", 'The ""fit"" one', "5"],
          ["srv-7", "ok", "7"],
        ],
        rejects: [
          ["bad_quote", 4],
          ["unclosed_quote", 7],
        ],
      },
      {
        text,
        source: "csv: { quotes: lenient }",
        gives: [
          ["srv-1", 'Monitor 24" wide', "1"],
          ["srv-2", 'Rack, 19"', "2"],
          ["srv-3", 'FOO "MICK" BAR', "3"],
          ["srv-4", 'Bob "Bobby" Smith', "4"],
          ["srv-5", 'The ""fit"" one', "5"],
          ["srv-7", "ok", "7"],
        ],
        rejects: [["unclosed_quote", 7]],
      },
    ]),
    {
      text: "id|name|tier\na|6' tall|1\nb|'x|y'|2\nc|it''s|3\n",
      source: `csv: { delimiter: "|", quote: "'" }`,
      gives: [
        ["a", "6' tall", "1"],
        ["b", "x|y", "2"],
        ["c", "it''s", "3"],
      ],
    },
  ],
  "06 backslash escapes: csv.escape reads quotes, line ends and \\N, and without it the file is asked about": [
    ...[
      ofCase("06-backslash-escapes", "hosts.csv"),
      '"id","name","tier"\n"srv-1","The \\"Big\\" one","1"\n"srv-2",\\N,"2"\n"srv-3","C:\\\\apps\\\\x","2"\n"srv-4","line one\\\nline two","2"\n',
    ].flatMap((text): Expected[] => [
      {
        text,
        source: 'csv: { escape: "\\\\" }',
        gives: [
          ["srv-1", 'The "Big" one', "1"],
          ["srv-2", undefined, "2"],
          ["srv-3", "C:\\apps\\x", "2"],
          ["srv-4", "line one\nline two", "2"],
        ],
      },
      { text, stops: ['csv: { escape: "\\\\" }'] },
    ]),
    {
      file: "hosts.tsv",
      text: "id\tname\ttier\na\tone\\\ttwo\t1\nb\t\\N\t2\nc\t\\\\N\t3\n",
      source: 'csv: { escape: "\\\\" }',
      gives: [
        ["a", "one\ttwo", "1"],
        ["b", undefined, "2"],
        ["c", "\\N", "3"],
      ],
    },
  ],
  "07 short rows: shortRows: pad fills them up, and the default names that setting": [
    ...[
      ofCase("07-short-rows", "hosts.csv"),
      `id,name,tier,note\n${times(40, (n) => `srv-${n + 1},N${n + 1},${n < 15 ? "1,x" : "2"}`)}`,
    ].flatMap((text): Expected[] => [
      { text, source: "csv: { shortRows: pad }", count: 40, rejects: [] },
      { text, count: 15, rejects: Array.from({ length: 25 }, (_, n) => ["ragged_row", 17 + n] as const) },
    ]),
    {
      text: "id;name;tier;a;b\nx;Y\nz;W;3\n",
      source: 'csv: { delimiter: ";", shortRows: pad }',
      gives: [
        ["x", "Y", ""],
        ["z", "W", "3"],
      ],
    },
    {
      text: "id,name,tier\na,A,1,more\nb,B,2\n",
      source: "csv: { longRows: drop }",
      gives: [
        ["a", "A", "1"],
        ["b", "B", "2"],
      ],
    },
  ],
  "08 trailing delimiter: an empty last cell after the last column is none": [
    ...[ofCase("08-trailing-delimiter", "hosts.csv"), "id,name,tier\r\nsrv-1,Alpha,1,\r\nsrv-2,Beta,2,\r\n"].map(
      (text): Expected => ({ text, count: String(text).includes("srv-3") ? 3 : 2, rejects: [] }),
    ),
    { file: "hosts.tsv", text: "id\tname\ttier\nsrv-1\tAlpha\t1\t\t\nsrv-2\tBeta\t2\t\t\n", gives: hosts },
  ],
  "09 blank header cell: a column without a name is column<N>": [
    ...["pandas.csv", "trailing.csv"].map(
      (file): Expected => ({
        text: ofCase("09-blank-header-cell", file),
        gives: hosts,
      }),
    ),
    {
      text: ",id,name,tier\n0,srv-1,Alpha,1\n1,srv-2,Beta,2\n",
      properties: { tier: ".tier", list: "[.column1]" },
      gives: [
        ["srv-1", "Alpha", "1", ["0"]],
        ["srv-2", "Beta", "2", ["1"]],
      ],
      receipt: "column1, id, name, tier (4 columns)",
    },
    { text: "id;name;tier;\r\nsrv-1;Alpha;1;\r\nsrv-2;Beta;2\r\n", source: 'csv: { delimiter: ";" }', gives: hosts },
  ],
  "10 duplicate headers: asked about, then numbered or one list": [
    ...[
      ofCase("10-duplicate-headers", "hosts.csv"),
      "id,name,Labels,Labels,Labels,Comment\r\nsrv-1,Alpha,a,b,,x\r\nsrv-2,Beta,c,,,y\r\n",
    ].flatMap((text): Expected[] => [
      {
        text,
        properties: { list: ".Labels" },
        stops: ['"Labels" names the columns 3, 4, 5', 'repeatedColumns: "list"'],
      },
      {
        text,
        properties: { list: ".Labels" },
        source: "csv: { repeatedColumns: list }",
        gives: [
          ["srv-1", "Alpha", ["a", "b"]],
          ["srv-2", "Beta", ["c"]],
        ],
      },
      {
        text,
        properties: { tier: ".Labels_2" },
        source: "csv: { repeatedColumns: number }",
        gives: [
          ["srv-1", "Alpha", "b"],
          ["srv-2", "Beta", ""],
        ],
      },
    ]),
  ],
  "11 header over 32 KiB: asked about as a short one is": [
    ...[ofCase("11-header-over-32k", "semi.csv"), wideHeader(";") + wideRow("a", ";") + wideRow("b", ";")].map(
      (text): Expected => ({ text, stops: ['by ";" 902 columns', 'csv: { delimiter: ";" }'] }),
    ),
    ...[ofCase("11-header-over-32k", "pre.csv"), `Hosts report\n\n${wideHeader(",")}${wideRow("a", ",")}`].map(
      (text): Expected => ({ text, stops: ["csv: { skipLines: 2 }"] }),
    ),
    {
      text: ofCase("11-header-over-32k", "t8000.csv"),
      properties: { tier: ".c0" },
      receipt: "header in line 1: id, name, c0, c1, c2, c3, … (8002 columns)",
    },
    {
      text: wideHeader("\t") + wideRow("a", "\t"),
      source: "format: tsv",
      properties: { tier: '."Configuration item attribute number 899"' },
      gives: [["a", "x", "v"]],
      receipt: "(902 columns)",
    },
  ],
  "14 padded title rows: asked about with the lines to skip": [
    ...[
      ofCase("14-padded-title-rows", "padded.csv"),
      "Hosts report,,,\nGenerated 2024-05-01,,,\n,,,\nid,name,tier,note\nsrv-1,Alpha,1,x\nsrv-2,Beta,2,y\n",
    ].flatMap((text): Expected[] => [
      { text, stops: ["csv: { skipLines: 3 }"] },
      { text, source: "csv: { skipLines: 3 }", gives: hosts },
    ]),
    { text: "CMDB;;\n;;\nid;name;tier\nsrv-1;Alpha;1\nsrv-2;Beta;2\n", stops: ["skipLines: 2"] },
  ],
  "15 JSON under the name of NDJSON: it is read by its content, and the receipt says so": [
    ...["array", "pretty", "concat"].map(
      (name): Expected => ({
        file: `${name}.ndjson`,
        text: ofCase("15-json-in-ndjson-name", `${name}.ndjson`),
        properties: { list: "[.]" },
        count: 2,
        rejects: [],
        receipt: "JSON",
      }),
    ),
    ...[
      '[\n{"id":"a","name":"A"},\n{"id":"b","name":"B"}\n]\n',
      '{\n "id":"a",\n "name":"A"\n}\n{"id":"b",\n"name":"B"}',
      '{"id":"a","name":"A"}{"id":"b","name":"B"}',
    ].map(
      (text): Expected => ({
        file: "hosts.jsonl",
        text,
        gives: [
          ["a", "A"],
          ["b", "B"],
        ],
        rejects: [],
      }),
    ),
    {
      file: "hosts.csv",
      text: '[{"id":"a","name":"A","tier":"1"}]',
      gives: [["a", "A", "1"]],
      receipt: "JSON",
    },
  ],
  "16 zstd: a packed file and a packed stdin are read on every Node": [
    { file: "hosts.csv.zst", text: ofCase("16-zstd-on-node20", "hosts.csv.zst"), gives: [["srv-1", "Alpha", "1"]] },
    { file: "-", text: ofCase("16-zstd-on-node20", "hosts.csv.zst"), gives: [["srv-1", "Alpha", "1"]] },
    {
      file: "packed.csv.zst",
      text: fixture("packed.csv.zst"),
      title: ".id",
      properties: { tier: ".id" },
      count: 1,
      receipt: "zstd",
    },
    {
      file: "hosts.csv",
      text: gzipSync("id,name,tier\nsrv-1,Alpha,1\n"),
      gives: [["srv-1", "Alpha", "1"]],
      receipt: "gzip",
    },
  ],
  "17 map keyed by id: its values are records, with the key under a name": [
    ...[
      ofCase("17-map-keyed-by-id", "hosts.json"),
      '{"srv-1":{"name":"A","tier":1},"srv-2":{"name":"B","tier":2}}',
    ].map(
      (text): Expected => ({
        file: "hosts.json",
        text,
        source: "json: { keyed: id }",
        properties: { n: ".tier" },
        gives: [
          ["srv-1", "A", 1],
          ["srv-2", "B", 2],
        ],
      }),
    ),
    {
      file: "hosts.json",
      text: '{"data":{"hosts":{"srv-1":{"label":"A"},"srv-2":{"label":"B"}}}}',
      source: "json: { records: data.hosts, keyed: host }",
      identifier: ".host",
      title: ".label",
      gives: [
        ["srv-1", "A"],
        ["srv-2", "B"],
      ],
    },
    {
      file: "hosts.yaml",
      text: "srv-1:\n  name: A\n  tier: gold\nsrv-2:\n  name: B\n  tier: silver\n",
      source: "json: { keyed: id }",
      gives: [
        ["srv-1", "A", "gold"],
        ["srv-2", "B", "silver"],
      ],
    },
  ],
  "18 stray quotes: they cost their own row, not the rows between": [
    ...[",", "\t"].flatMap((delimiter): Expected[] => {
      const file = delimiter === "," ? "hosts.csv" : "hosts.tsv";
      const own = `id,name,tier\nsrv-x,"19 inch rack,1\n${times(30, (n) => `srv-${n},N${n},1`)}srv-y,20 inch",1\nsrv-z,Z,1\n`;
      const rejects = [["unclosed_quote", 2]] as const;
      return [
        { file, text: ofCase("18-stray-quotes-swallow-rows", file), rejects, count: 32 },
        { file, text: own.replaceAll(",", delimiter), rejects, count: 32 },
      ];
    }),
    {
      text: ofCase("18-stray-quotes-swallow-rows", "ragged.csv"),
      // The row that ends the stray quote has it in its identifier.
      rejects: [
        ["unclosed_quote", 2],
        ["identifier_invalid", 33],
      ],
    },
    {
      text: `id,name,tier\nsrv-x,"19 inch,1\n${times(30, (n) => `srv-${n},N${n},1`)}srv-y,20",1,2\nsrv-z,Z,1\n`,
      rejects: [
        ["unclosed_quote", 2],
        ["ragged_row", 33],
      ],
      count: 31,
    },
  ],
  "20 several lists: the text is one record, and a setting names the list": [
    ...[ofCase("20-several-lists", "twolists.json"), '{"a":[{"id":"a1"}],"b":[{"id":"b1"}]}'].map(
      (text): Expected => ({
        file: "hosts.json",
        text,
        title: ".id",
        source: "json: { records: b }",
        gives: [["b1", "b1"]],
      }),
    ),
  ],
  "21 delimiter written as backslash and t: it is a tab": [
    ...[ofCase("21-delimiter-backslash-t", "hosts.csv"), "id\tname\ttier\nsrv-1\tAlpha, x\t1\nsrv-2\tBeta, y\t2\n"].map(
      (text): Expected => ({
        text,
        source: "csv: { delimiter: '\\t' }",
        gives: [
          ["srv-1", "Alpha, x", "1"],
          ["srv-2", "Beta, y", "2"],
        ],
      }),
    ),
    ...["~", "^", ":", "||", "\u0001"].map(
      (delimiter): Expected => ({
        text: ["id,name,tier", "srv-1,Alpha,1", "srv-2,Beta,2", ""].join("\n").replaceAll(",", delimiter),
        source: `csv: { delimiter: ${JSON.stringify(delimiter)} }`,
        gives: hosts,
      }),
    ),
  ],
  '23 formula cells: ="00123" is 00123': [
    ...[ofCase("23-formula-cells", "hosts.csv"), 'id,name,asset\nsrv-1,Alpha,="00123"\nsrv-2,Beta,="00456"\n'].map(
      (text): Expected => ({
        text,
        properties: { tier: ".asset" },
        gives: [
          ["srv-1", "Alpha", "00123"],
          ["srv-2", "Beta", "00456"],
        ],
      }),
    ),
    {
      text: 'id;name;tier\n="007";="a,b";"=""1"""\n',
      source: 'csv: { delimiter: ";" }',
      gives: [["007", "a,b", "1"]],
    },
  ],
  "24 NUL byte: one reject with badText: reject, and the default names that way": [
    ...[
      ofCase("24-nul-byte-stops-all", "hosts.csv"),
      `id,name,tier\n${times(40, (n) => `srv-${n},${n === 20 ? "Ca\0f" : `N${n}`},1`)}`,
    ].map((text): Expected => ({ text, source: "badText: reject", count: 39, rejects: [["bad_text", 22]] })),
    {
      file: "hosts.tsv",
      text: "id\tname\ttier\na\tA\t\0\nb\tB\t2\n",
      source: "badText: reject",
      gives: [["b", "B", "2"]],
      rejects: [["bad_text", 2]],
    },
  ],
  "25 NaN in a JSON array: one reject with badText: reject": [
    ...[
      ofCase("25-nan-in-json-array", "hosts.json"),
      '[{"id":"a","name":"A","tier":"x"},\n{"id":"b","name":"B","tier":NaN},\n{"id":"c","name":"C","tier":"x"}]',
      '[{"id":"a","name":"A","tier":"x"},\n{"id":"b","name":"B","tier":-Infinity},\n{"id":"c","name":"C","tier":"x"}]',
    ].map(
      (text): Expected => ({
        file: "hosts.json",
        text,
        source: "badText: reject",
        gives: [
          ["a", "A", "x"],
          ["c", "C", "x"],
        ],
        rejects: [["bad_json", 2]],
      }),
    ),
    {
      file: "hosts.ndjson",
      text: '{"id":"a","name":"A","tier":NaN}\n{"id":"b","name":"B"}\n',
      gives: [["b", "B"]],
      rejects: [["bad_json", 1]],
    },
  ],
  "30 column of a year: .2024 is a number to jq, and that is said": [
    ...[ofCase("30-year-column-is-a-number", "hosts.csv"), "id,2023,2024\nsrv-1,5,7\n"].map(
      (text): Expected => ({
        text,
        title: ".id",
        properties: { n: ".2024" },
        stops: ['has a column "2024", but .2024 is a number to jq', `write '."2024"'`],
      }),
    ),
    {
      text: "id,2023,2024\nsrv-1,5,7\nsrv-2,6,8\n",
      title: ".id",
      properties: { n: '."2024"' },
      gives: [
        ["srv-1", "srv-1", "7"],
        ["srv-2", "srv-2", "8"],
      ],
    },
    {
      text: "id;1999\nsrv-1;5\n",
      source: 'csv: { delimiter: ";" }',
      title: ".id",
      properties: { n: ".1999 | tonumber" },
      stops: ['has a column "1999"'],
    },
  ],
  "32 comment sign: records that begin with it are asked about, the title line alone is skipped": [
    ...[
      ofCase("32-comment-sign-drops-records", "hosts.csv"),
      "# Report 2024\nid,name,tier\nsrv-1,A,1\n#42,Foo,1\n#43,Bar,2\nsrv-2,B,2\n",
    ].flatMap((text): Expected[] => [
      { text, stops: ["csv: { skipLines: 1 }"] },
      {
        text,
        source: "csv: { skipLines: 1 }",
        identifier: '.id | sub("#"; "no-")',
        gives: [
          ["srv-1", "A", "1"],
          ["no-42", "Foo", "1"],
          ["no-43", "Bar", "2"],
          ["srv-2", "B", "2"],
        ],
      },
    ]),
    {
      text: "// made by hand\nid,name,tier\nsrv-1,Alpha,1\n// half\nsrv-2,Beta,2\n",
      source: 'csv: { comment: "//" }',
      gives: hosts,
    },
  ],
};

describe("sources as people export them", () => {
  it.each(Object.entries(cases))("reading/%s", async (_name, samples) => {
    for (const expected of samples) {
      const { text, gives, count, rejects, rejected, stops: says, receipt, warning } = expected;
      if (text === undefined) continue;
      const about = JSON.stringify(String(text).slice(0, 60));
      const sample = { ...expected, text };
      if (says !== undefined) {
        const said = await stops(sample);
        for (const part of says) expect(said, about).toContain(part);
        continue;
      }
      const came = await comesIn(sample);
      if (gives !== undefined) expect(came.shown, about).toEqual(gives);
      if (count !== undefined) expect([came.shown.length, came.stored.length], about).toEqual([count, count]);
      if (rejects !== undefined || gives !== undefined) expect(came.rejects, about).toEqual(rejects ?? []);
      if (rejected !== undefined) expect(came.rejected, about).toEqual(Buffer.from(rejected));
      if (receipt !== undefined) expect(came.receipts.join(), about).toContain(receipt);
      if (warning !== undefined)
        expect(came.warnings, about).toContainEqual(
          expect.objectContaining({ code: warning[0], message: expect.stringContaining(warning[1]) }),
        );
    }
  });
});
