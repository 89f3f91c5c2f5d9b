import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { applyEdit, fixesOf } from "../../src/recipes/studio/fixes.js";

const text = `# mine
source:
  blanks: ["", "N/A"]   # what they write
resources:
  - kind: items
    port:
      entity:
        mappings:
          identifier: ."Item ID"      # a column
          properties:
            tier: .Tier               # one of four
            cost: '.Cost | tonumber'
`;
const at = (path: string) => `resources.0.port.entity.mappings.${path}`;
const mappingsOf = (yaml: string) => parse(yaml).resources[0].port.entity.mappings;

describe("a fix", () => {
  it("puts a filter behind an expression, and moves nothing else", () => {
    const filter = `| values | gsub(" "; "-")`;
    const fixed = applyEdit(text, { kind: "append", path: at("identifier"), filter });
    expect(fixed).toBe(text.replace(`."Item ID"`, `."Item ID" ${filter}`));
    const quoted = applyEdit(text, {
      kind: "append",
      path: at("properties.cost"),
      filter: '| if . == 1 then "a: b" else . end',
    });
    expect(mappingsOf(quoted).properties.cost).toBe('.Cost | tonumber | if . == 1 then "a: b" else . end');
  });

  it("gives what was asked for, whatever the filter holds", () => {
    fc.assert(
      fc.property(fc.string(), (word) => {
        const filter = `| . + ${JSON.stringify(word)}`;
        const fixed = applyEdit(text, { kind: "append", path: at("properties.tier"), filter });
        expect(mappingsOf(fixed).properties.tier).toBe(`.Tier ${filter}`);
        expect(mappingsOf(fixed).properties.cost).toBe(".Cost | tonumber");
      }),
    );
  });

  it("takes a leaf out with its line, and writes another path", () => {
    expect(applyEdit(text, { kind: "remove", path: at("properties.tier") })).toBe(text.replace(/ +tier:.*\n/, ""));
    const renamed = applyEdit(text, { kind: "rename", path: at("identifier"), from: "Item ID", to: '."Item Id"' });
    expect(renamed).toBe(text.replace("Item ID", "Item Id"));
  });

  it("adds a blank or a setting, with every other line as it was typed", () => {
    const blank = applyEdit(text, { kind: "blank", value: "none" });
    expect(parse(blank).source.blanks).toEqual(["", "N/A", "none"]);
    const lines = text.split("\n");
    expect(blank.split("\n").filter((line) => !lines.includes(line))).toHaveLength(1);
    const set = applyEdit(text, { kind: "set", path: "source.csv.shortRows", value: "pad" });
    expect(parse(set).source).toEqual({ blanks: ["", "N/A"], csv: { shortRows: "pad" } });
    expect(set).toContain('identifier: ."Item ID"      # a column');
  });

  it("says what to do where the text cannot be changed", () => {
    expect(() => applyEdit("a: [", { kind: "blank", value: "x" })).toThrow("the mapping is no YAML now");
    expect(() => applyEdit(text, { kind: "remove", path: at("properties.gone") })).toThrow("is not there any more");
  });

  it("is offered for what messages say, and only where it would help", () => {
    const leaf = at("properties.tier");
    const labels = (fault: Partial<Parameters<typeof fixesOf>[0]>) =>
      fixesOf({ code: "", message: "", fix: "", ...fault }).map(({ label }) => label);
    expect(labels({ code: "not_in_enum", fix: 'did you mean "Tier 1"?', value: "tier 1", leaf, isCell: true })).toEqual(
      ['Take "tier 1" as "Tier 1"', 'Read "tier 1" as no value'],
    );
    expect(labels({ code: "identifier_invalid", fix: 'write `| gsub(" "; "-")` behind the expression', leaf })).toEqual(
      ['Write | gsub(" "; "-") behind it'],
    );
    expect(labels({ code: "ragged_row", message: "the row has 3 cells; csv.shortRows: pad fills it up" })).toEqual([
      "Fill short rows up",
    ]);
    // A value that an expression made is no cell that could be blank.
    expect(labels({ code: "bad_format", value: "01.02.2026T00:00:00Z", isCell: false })).toEqual([]);
  });
});
