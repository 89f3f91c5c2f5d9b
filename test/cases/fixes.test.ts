import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { preview } from "../../src/recipes/preview.js";
import { faultAndFix } from "../../src/report/words.js";
import { sourceOptions } from "../../src/source-options.js";
import { gather, stdin } from "../read/read-text.js";
import { blueprintOf, makeFolder, root } from "../support/catalog.js";

const host = blueprintOf("host", {
  schema: {
    properties: {
      number: { type: "number" },
      list: { type: "array" },
      text: { type: "string" },
      url: { type: "string", format: "url" },
      date: { type: "string", format: "date-time" },
    },
  },
  relations: { uses: { target: "host", many: true, required: false } },
});

/** Which leaf a value goes through: a property, the identifier, the title or the relation. */
type Leaf = "number" | "list" | "text" | "url" | "date" | "identifier" | "title" | "uses";

const places: Readonly<Record<Leaf, readonly string[]>> = {
  number: ["properties", "number"],
  list: ["properties", "list"],
  text: ["properties", "text"],
  url: ["properties", "url"],
  date: ["properties", "date"],
  identifier: ["identifier"],
  title: ["title"],
  uses: ["relations", "uses"],
};

/** Maps one record, whose value is under `x`, and gives the fault with its fix, or what the leaf became. */
async function mapped(leaf: Leaf, value: unknown, { expression = ".x", source = "" } = {}) {
  const folder = await makeFolder();
  const [path, mapping, blueprints] = ["hosts.ndjson", "m.yaml", "blueprints"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(blueprints);
  await writeFile(path, `${JSON.stringify({ id: "a", x: value })}\n`);
  await writeFile(join(blueprints, "host.json"), JSON.stringify(host));
  const [group = "", key] = places[leaf];
  const given = { identifier: ".id", blueprint: '"host"', ...(key === undefined && { [group]: expression }) };
  const leaves = key === undefined ? given : { ...given, [group]: { [key]: expression } };
  await writeFile(
    mapping,
    `source: { ${source} }\nresources: [{ kind: hosts, port: { entity: { mappings: ${JSON.stringify(leaves)} } } }]\n`,
  );
  let entity: Record<string, unknown> | undefined;
  const { rejects } = await preview(
    { sources: [`hosts=${path}`], mapping, blueprints },
    {
      emit: async (line) => {
        entity = JSON.parse(line);
        return true;
      },
    },
  );
  const [reject] = rejects;
  const became = key === undefined ? entity?.[group] : (entity?.[group] as Record<string, unknown> | undefined)?.[key];
  return { ...(reject && { code: reject.code, ...faultAndFix(reject) }), became };
}

/** What a fix says to write. */
const pasteOf = (fix = ""): string => /`([^`]+)`/.exec(fix)?.[1] ?? `no paste in: ${fix}`;

describe("a fix that fits the value at hand works when it is pasted", () => {
  it.each<[leaf: Leaf, value: unknown, became: unknown]>([
    ["list", "x,y,z", ["x", "y", "z"]],
    ["list", "a;b", ["a", "b"]],
    ["list", "x|y", ["x", "y"]],
    ["list", "r1, r2", ["r1", "r2"]],
    ["list", "one\ntwo, three\nfour", ["one", "two, three", "four"]],
    ["list", "x", ["x"]],
    ["number", "1,000", 1000],
    ["number", "12,345,678.9", 12345678.9],
    ["number", "1.234,50", 1234.5],
    ["number", "1.234.567", 1234567],
    ["number", "1 234,5", 1234.5],
    ["number", "1'234.5", 1234.5],
    ["number", "3,5", 3.5],
    ["number", "50%", 50],
    ["number", "12.5 %", 12.5],
    ["number", "12 EUR", 12],
    ["number", "$5", 5],
    ["number", "16 GB", 16],
    ["number", " 5\t", 5],
    ["url", "example.com", "https://example.com"],
    ["text", 1.5, "1.5"],
    ["text", ["a", "b"], "a, b"],
    ["text", [1], "[1]"],
    ["text", { a: 1 }, '{"a":1}'],
    ["title", 1.5, "1.5"],
    ["identifier", 7, "7"],
    ["identifier", "Prod DB 01", "Prod-DB-01"],
    ["identifier", "srv#1", "srv-1"],
    ["identifier", "a*b*c", "a-b-c"],
    ["identifier", "a^b", "a-b"],
    ["identifier", "srv,1", "srv-1"],
    ["identifier", " srv-9 ", "srv-9"],
    ["identifier", "½", "-"],
    ["uses", "r1, r2", ["r1", "r2"]],
    ["uses", "r1;r2", ["r1", "r2"]],
    ["uses", 7, ["7"]],
    ["uses", [7, 8], ["7", "8"]],
  ])("%s of %j", async (leaf, value, became) => {
    const { code, fix } = await mapped(leaf, value);
    expect(code).toBeDefined();
    const behind = pasteOf(fix);
    const again = await mapped(leaf, value, { expression: `.x ${behind}` });
    expect([behind, again]).toEqual([behind, { became }]);
    if (leaf === "identifier") return;
    // A record without a value stays one.
    const without = await mapped(leaf, null, { expression: `.x ${behind}` });
    expect([behind, without.code]).toEqual([behind, undefined]);
  });

  it.each(["", "-", "n/a", "NaN", "?", "unknown"])("a word for no value, %j, is named as a blank", async (value) => {
    const { fix } = await mapped("number", value);
    const source = pasteOf(fix).replace("<column>", "x");
    expect(await mapped("number", value, { source })).toEqual({ became: undefined });
  });

  it.each(["13.05.2024", "5/13/2024", "2024-05-01", "2024-05-01 10:00:00", "2024-05-01T10:00"])(
    "a date %j, once its column and zone are filled in",
    async (value) => {
      const { fix = "" } = await mapped("date", value);
      const [columns = ""] = /columns: \{ .* \} \}/.exec(fix) ?? [];
      expect(columns).toContain("<column>");
      const source = columns.replace("<column>", "x").replace("<zone>", "UTC");
      expect((await mapped("date", value, { source })).code).toBeUndefined();
    },
  );

  it("an identifier that is null says which keys the record has, and which one is meant", async () => {
    const { fault, fix } = await mapped("identifier", "a", { expression: ".X" });
    expect(fault).toBe("the identifier is null");
    expect(fix).toBe('did you mean .x? its record has "id", "x"');
    expect(await mapped("identifier", "a", { expression: ".x" })).toEqual({ became: "a" });
    expect((await mapped("identifier", null)).fault).toBe('the identifier is null; its record has "id", "x"');
  });
});

describe("a fix of reading works when it is pasted", () => {
  it.each([
    ["ragged_row", "id,name\n1\n", "shortRows: pad", "csv: { shortRows: pad }"],
    ["ragged_row", "id,name\n1,a,b\n", "longRows: drop", "csv: { longRows: drop }"],
    ["bad_quote", 'id,name\n1,"a"b"\n', "source.csv.quotes: lenient", "csv: { quotes: lenient }"],
    ["bad_quote", 'id,name\n1,"a"b\n', "quote: false", "csv: { quote: false }"],
    ["unclosed_quote", 'id,name\n1,"a\n', "source.csv.quote: false", "csv: { quote: false }"],
    ["record_too_large", `id,name\n1,${"x".repeat(50)}\n`, "source.maxRecordBytes", "maxRecordBytes: 1000"],
    ["bad_text", Buffer.from([105, 100, 10, 0xe9, 10]), "source.encoding: windows-1252", "encoding: windows-1252"],
  ] as const)("%s of %j: %s", async (code, text, says, paste) => {
    const path = join(await makeFolder(), "a.csv");
    await writeFile(path, text);
    const source = { ...stdin, path, name: "a.csv" };
    const first =
      code === "record_too_large" ? { maxRecordBytes: 20 } : code === "bad_text" ? { badText: "reject" } : {};
    const { rejects } = await gather(sourceOptions.parse(first), {}, source);
    expect(rejects.map((reject) => reject.code)).toEqual([code]);
    expect(faultAndFix(rejects[0] ?? { code, message: "" }).fix).toContain(says);
    const after = await gather(sourceOptions.parse(parse(`{ ${paste} }`)), {}, source);
    expect([after.rejects, after.error, after.records.length]).toEqual([[], undefined, 1]);
  });

  it("each answer to a question about a source settles it: every question of docs/reading.md", async () => {
    const page = await readFile(join(root, "docs/reading.md"), "utf8");
    const asked = [...page.matchAll(/^\| `([^`]+)` \| (?:`([^`]+)`)? ?\| question: /gm)];
    expect(asked.length).toBeGreaterThan(20);
    for (const [, file = "", options = ""] of asked) {
      const path = join(root, "test/fixtures", file);
      const given = options === "" ? {} : parse(`{${options}}`);
      const { error } = await gather(sourceOptions.parse(given), {}, { ...stdin, path, name: file });
      const { message, hint = "" } = error as { message: string; hint?: string };
      const lines = hint.split("\n").filter((line) => line.startsWith("    "));
      const answers = lines
        .join("\n")
        .split(/ {3}# .*(?:\n|$)/)
        .filter((answer) => answer.trim() !== "");
      expect(answers.length, file).toBeGreaterThan(1);
      for (const answer of answers) {
        const settled = sourceOptions.parse({ ...given, ...parse(answer.replaceAll(/^ {4}/gm, "")) });
        const after = await gather(settled, {}, { ...stdin, path, name: file });
        expect((after.error as { message?: string } | undefined)?.message, `${file}: ${answer}`).not.toBe(message);
      }
      const [likeliest = ""] = answers;
      const settled = sourceOptions.parse({ ...given, ...parse(likeliest.replaceAll(/^ {4}/gm, "")) });
      expect(
        (await gather(settled, {}, { ...stdin, path, name: file })).error,
        `${file}: ${likeliest}`,
      ).toBeUndefined();
    }
  });
});
