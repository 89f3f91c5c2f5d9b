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
  it("appends a filter to an expression, and moves nothing else", () => {
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

  it("renames a blueprint where a resource names it, as it is typed there, and nowhere else", () => {
    const named = (blueprint: string) => text.replace("          properties:", `          blueprint: ${blueprint}\n$&`);
    const renamed = (blueprint: string) =>
      applyEdit(named(blueprint), { kind: "renameBlueprint", from: "item", to: "thing" });
    expect(renamed(`'"item"'   # mine`)).toBe(named(`'"thing"'   # mine`));
    expect(renamed(String.raw`"\"item\""`)).toBe(named(`'"thing"'`));
    for (const other of [`'"items"'`, ".item", `if .a then "item" else "b" end`])
      expect(renamed(other)).toBe(named(other));
    const twice = `${named(`'"item"'`)}${named(`'"item"'`).split("resources:\n")[1]}`;
    const all = applyEdit(twice, { kind: "renameBlueprint", from: "item", to: "thing" });
    expect(all).toBe(twice.replaceAll('"item"', '"thing"'));
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
    expect(() => applyEdit("a: [", { kind: "blank", value: "x" })).toThrow("the mapping is not YAML now");
    expect(() => applyEdit(text, { kind: "remove", path: at("properties.gone") })).toThrow("is not there any more");
  });

  it("is offered for what messages say, and only where it would help", () => {
    const leaf = at("properties.tier");
    const labels = (fault: Partial<Parameters<typeof fixesOf>[0]>) =>
      fixesOf({ code: "", message: "", fix: "", ...fault }).map(({ label }) => label);
    expect(labels({ code: "not_in_enum", fix: 'did you mean "Tier 1"?', value: "tier 1", leaf, isCell: true })).toEqual(
      ['Take "tier 1" as "Tier 1"', 'Read "tier 1" as no value'],
    );
    expect(labels({ code: "identifier_invalid", fix: 'write `| gsub(" "; "-")` after the expression', leaf })).toEqual([
      'Write | gsub(" "; "-") after it',
    ]);
    expect(labels({ code: "ragged_row", message: "the row has 3 cells; csv.shortRows: pad fills it up" })).toEqual([
      "Fill short rows up",
    ]);
    // A value that an expression made is not a cell that could be blank.
    expect(labels({ code: "bad_format", value: "01.02.2026T00:00:00Z", isCell: false })).toEqual([]);
  });

  it("is none that takes a list for no value, and one that makes the types fit", () => {
    const leaf = at("properties.tier");
    const list = '["a","b"]';
    const message = 'expects text, got a list; write `| values | join(", ")` after the expression';
    const fix = 'write `| values | join(", ")` after the expression';
    const proposed = { blueprint: "item", property: "tier" };
    const wrong = { code: "wrong_type", message, fix, value: list, leaf, isCell: true };
    expect(fixesOf(wrong).map(({ label }) => label)).toEqual(['Write | values | join(", ") after it']);
    expect(fixesOf({ ...wrong, proposed }).map(({ edit }) => edit)).toEqual([
      { kind: "append", path: leaf, filter: '| values | join(", ")' },
      { kind: "setType", ...proposed, type: "list" },
    ]);
    for (const value of [list, '{"a":1}', " [1]"])
      expect(fixesOf({ code: "bad_format", message: "", fix: "", value, isCell: true })).toEqual([]);
    const text = {
      ...{ code: "wrong_type", value: "a;b", leaf, isCell: true },
      message: 'is text, not a list or the JSON of one; write `| values | split(";")` after the expression',
      fix: 'write `| values | split(";")` after the expression',
    };
    expect(fixesOf(text).map(({ label }) => label)).toEqual(['Write | values | split(";") after it']);
    expect(fixesOf({ ...text, proposed }).map(({ label }) => label)).toContain("Make it text in the blueprint");
    const unknown = { code: "unknown_property", message: "", fix: "", leaf };
    expect(fixesOf(unknown).map(({ label }) => label)).toEqual(["Take it out of the mapping"]);
    expect(fixesOf({ ...unknown, proposed }).map(({ label }) => label)).toEqual([
      "Add to the blueprint",
      "Take it out of the mapping",
    ]);
  });
});
