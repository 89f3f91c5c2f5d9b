import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { insertionOf } from "../../src/recipes/studio/insert.js";

const text = `# mine
resources:
  - kind: items
    selector:
      query: 'true'
    port:
      entity:
        mappings:
          identifier: ."Item ID"
          title: ''
          blueprint: '"item"'
          properties:
            tier: .Tier   # one of four
          relations:
            owner: .Owner
  - kind: others
    port:
      entity:
        mappings: { identifier: .id, blueprint: '"other"', properties: { a: .a } }
`;
/** Inserts a column where the cursor is: after a text, or at the beginning. */
function insert(path: readonly string[], behind = "", { resource = 0, from = text } = {}) {
  const cursor = behind === "" ? 0 : from.indexOf(behind) + behind.length;
  const { from: start, to, text: made, cursor: now } = insertionOf(from, { path, cursor, resource }, new Map());
  const next = from.slice(0, start) + made + from.slice(to);
  return { next, cursor: now, mappings: parse(next).resources[resource].port.entity.mappings };
}

describe("a click on a column", () => {
  it.each([
    ["", 0],
    ["kind: it", 0],
    ["      entity", 0],
    ["properties:", 0],
  ])("writes a line at the end of the properties, with the cursor at %j", (behind) => {
    const { next } = insert(["Monthly Cost (EUR)"], behind);
    expect(next).toBe(
      text.replace("# one of four\n", `# one of four\n            monthlyCostEur: ."Monthly Cost (EUR)"\n`),
    );
  });

  it("writes into the resource that is looked at, also in braces", () => {
    const { mappings } = insert(["Cost Center"], "", { resource: 1 });
    expect(mappings.properties).toEqual({ a: ".a", costCenter: '."Cost Center"' });
  });

  it("makes properties where there are none, and no name twice", () => {
    const bare = text.replace(/ +properties:\n.*\n/, "");
    expect(insert(["Tier"], "", { from: bare }).mappings.properties).toEqual({ tier: ".Tier" });
    const empty = text.replace(/( +properties:)\n.*\n/, "$1\n");
    expect(insert(["Tier"], "", { from: empty }).mappings.properties).toEqual({ tier: ".Tier" });
    expect(insert(["Tier"]).mappings.properties).toEqual({ tier: ".Tier", tier2: ".Tier" });
  });

  it("writes the path where the cursor is in an expression", () => {
    expect(insert(["Name"], "tier: .Tier").next).toBe(text.replace("tier: .Tier", "tier: .Tier.Name"));
    expect(insert(["Item Name"], "title: '").mappings.title).toBe('."Item Name"');
    expect(insert(["Name"], "query: 'true").next).toBe(text.replace("'true'", "'true.Name'"));
    const going = text.replace("tier: .Tier   # one of four", "tier: .Tier + ");
    expect(insert(["Name"], "tier: .Tier + ", { from: going }).mappings.properties.tier).toBe(".Tier + .Name");
    const typing = text.replace("title: ''", "title: ");
    const { next, cursor, mappings } = insert(["Item Name"], "title: ", { from: typing });
    expect(mappings.title).toBe('."Item Name"');
    expect(next.slice(0, cursor).endsWith('title: ."Item Name"')).toBe(true);
  });

  it("gives YAML that says what was inserted, whatever the column is named", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom("", "tier: .Tier", "title: '"), (name, behind) => {
        const { mappings } = insert([name], behind);
        const path = /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `.${JSON.stringify(name)}`;
        const values = [...Object.values(mappings.properties), mappings.title];
        expect(values.some((value) => String(value).endsWith(path))).toBe(true);
        expect(mappings.relations).toEqual({ owner: ".Owner" });
      }),
    );
  });

  it("says what to do where there is nothing to write into", () => {
    expect(() => insertionOf("a: [", { path: ["x"], cursor: 0, resource: 0 }, new Map())).toThrow("no resource");
  });
});
