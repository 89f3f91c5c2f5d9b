import { describe, expect, it } from "vitest";
import { parseMapping } from "../../src/map/mapping-file.js";
import { missingColumns, nearestColumn } from "../../src/map/missing-columns.js";

/** What is said of the leaves of a mapping whose only property is the expression. */
function faultsOf(expression: string, columns: readonly string[], source = ""): readonly string[] {
  const text = `${source}resources:\n  - kind: k\n    port:\n      entity:\n        mappings:\n          identifier: .id\n          blueprint: '"b"'\n          properties:\n            x: ${expression}\n`;
  const mapping = parseMapping(text, "m.yaml");
  return missingColumns(mapping, mapping.resources, { name: "a.csv", kind: "k", columns: ["id", ...columns] }).map(
    ({ path, line, message }) => `${line} ${path.split(".").slice(-2).join(".")}: ${message}`,
  );
}

describe("missingColumns", () => {
  it.each([
    [
      ".Teir",
      ["Tier"],
      'has no column "Teir"; did you mean .Tier? Where some files lack it, name it in source.optionalColumns',
    ],
    [
      ".Rank",
      ["Tier"],
      'has no column "Rank"; it has .id, .Tier. Where some files lack it, name it in source.optionalColumns',
    ],
    [
      ".tier",
      ["Tier"],
      'has no column "tier"; did you mean .Tier? Where some files lack it, name it in source.optionalColumns',
    ],
    ['."Owner team" | split(",")', ["Owner\u00a0Team"], 'did you mean ."Owner\u00a0Team"?'],
    ['(."größe" // 0) + 1', ["gro\u0308ße"], 'did you mean ."gro\u0308ße"?'],
    [
      ".Asset Name",
      ["Asset Tag", "Asset Name"],
      `has a column "Asset Name", whose name goes into quotes; write '."Asset Name"'`,
    ],
    [".a.b", ["a.b"], 'has no column "a"; did you mean ."a.b"?'],
    [".2024", ["2024"], `has a column "2024", but .2024 is a number to jq; write '."2024"'`],
    ["'.2020 // 1'", ["2020"], `has a column "2020", but .2020 is a number to jq; write '."2020"'`],
  ])("reports %s in a table of %j", (expression, columns, said) => {
    const [fault = "", ...others] = faultsOf(expression, columns);
    expect(others).toEqual([]);
    expect(fault).toContain("9 properties.x: a.csv ");
    expect(fault).toContain(said);
  });

  it.each([
    [".Tier", ["Tier"]],
    ['if .id == "1" then .other else null end', ["Tier"]],
    [".id // .other", ["Tier"]],
    ['"text"', []],
    [".2024", ["2023"]],
  ])("reports nothing of %s in a table of %j", (expression, columns) => {
    expect(faultsOf(expression, columns)).toEqual([]);
  });

  it("leaves columns alone that the mapping calls optional", () => {
    expect(faultsOf(".later", [], "source: { optionalColumns: [later] }\n")).toEqual([]);
  });

  it("names the path that the mapping has", () => {
    expect(faultsOf(".Teir", ["Tier"], "sources: { k: { blanks: [x] } }\n")[0]).toContain(
      "in sources.k.optionalColumns",
    );
  });

  it("suggests what nothing reads first, and for an identifier nothing that is read elsewhere", () => {
    const faults = (columns: readonly string[]) => {
      const text = `resources:\n  - kind: k\n    port:\n      entity:\n        mappings:\n          identifier: ."Asset Name"\n          title: ."Asset Name"\n          blueprint: '"b"'\n          properties: { tag: ."Asset Tag" }\n`;
      const mapping = parseMapping(text, "m.yaml");
      const issues = missingColumns(mapping, mapping.resources, { name: "a.csv", kind: "k", columns });
      return issues.map(({ message }) => /; (.*?)[?.] Where/.exec(message)?.[1]);
    };
    expect(faults(["Asset Tag", "Name"])).toEqual(["did you mean .Name", "did you mean .Name"]);
    expect(faults(["Asset Tag", "Asset Nme"])).toEqual(['did you mean ."Asset Nme"', 'did you mean ."Asset Nme"']);
    expect(faults(["Asset Tag"])).toEqual(['it has ."Asset Tag"', 'did you mean ."Asset Tag"']);
    expect(faults(["Asset Tag", "asset_name"])[0]).toBe("did you mean .asset_name");
  });

  it("takes the name of an item for no column, and the list for one", () => {
    const text = (list: string) =>
      `resources:\n  - kind: k\n    port:\n      itemsToParse: ${list} | split(";")\n      entity:\n        mappings:\n          identifier: .item\n          blueprint: '"b"'\n          properties: { a: .gone }\n`;
    const faults = (list: string) => {
      const mapping = parseMapping(text(list), "m.yaml");
      return missingColumns(mapping, mapping.resources, { name: "a.csv", kind: "k", columns: ["list"] }).map(
        ({ path }) => path,
      );
    };
    expect(faults(".list")).toEqual(["resources.0.port.entity.mappings.properties.a"]);
    expect(faults(".lost")).toEqual(["resources.0.port.itemsToParse", "resources.0.port.entity.mappings.properties.a"]);
  });
});

describe("nearestColumn", () => {
  it("prefers the same letters to a typing mistake", () => {
    expect(nearestColumn("owner_team", ["owner_tean", "Owner Team"])).toBe("Owner Team");
    expect(nearestColumn("naem", ["name", "id"])).toBe("name");
    expect(nearestColumn("hostnam", ["hostname", "id"])).toBe("hostname");
  });
});

it("a key beyond ASCII is a fault that says how it is written", () => {
  expect(() => faultsOf(".größe", [])).toThrow('write the key in quotes: ."größe"');
});
