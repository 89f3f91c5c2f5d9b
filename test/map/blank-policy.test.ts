import { afterAll, describe, expect, it } from "vitest";
import { startJq } from "../../src/map/jq.js";
import { mapAll, resource, rows } from "./records.js";

const engine = startJq();
afterAll(() => engine.close());

const fields = { title: ".t", properties: { p: ".p" }, relations: { r: ".r" } };
const header = ["id", "t", "p", "r"];

/** The fields of the candidates that rows become, or of a reject its path and leaf. */
async function outcomes(policy: object, ...cells: string[][]): Promise<unknown[]> {
  const file = { source: { blanks: ["", "N/A"] }, ...policy, resources: [resource(fields)] };
  const { items, rejects } = await mapAll(engine, file, rows(header, ...cells));
  return [
    ...items.map(({ fields: { title, properties, relations } }) => ({ title, ...properties, ...relations })),
    ...rejects.map(({ code, stage, path, leaf, also = [] }) => [stage, code, path, leaf, also.map((o) => o.path)]),
  ];
}

const absent = ["a", "N/A", "", "N/A"];
const base = "resources.0.port.entity.mappings";

describe("a field without a value", () => {
  it("is left out by default, so that nothing is ever cleared by accident", async () => {
    expect(await outcomes({}, absent)).toEqual([{ title: undefined }]);
  });

  it("is sent as null where the mapping says clear, for all fields or one", async () => {
    expect(await outcomes({ onNull: "clear" }, absent)).toEqual([{ title: null, p: null, r: null }]);
    expect(await outcomes({ clear: ["properties.p"] }, absent)).toEqual([{ title: undefined, p: null }]);
  });

  it("is left out where its own policy says omit though all others are cleared", async () => {
    expect(await outcomes({ onNull: "clear", omit: ["relations.r"] }, absent)).toEqual([{ title: null, p: null }]);
  });

  it("rejects the candidate where its policy says reject, every such field reported at once", async () => {
    const policy = { onNull: "clear", reject: ["properties.p", "relations.r", "title"] };
    expect(await outcomes(policy, absent, ["b", "T", "P", "R"])).toEqual([
      { title: "T", p: "P", r: "R" },
      ["map", "required_missing", "title", `${base}.title`, ["properties.p", "relations.r"]],
    ]);
  });

  it("is one whose column is missing, too; empty text is a value unless it is a blank", async () => {
    const file = { reject: ["properties.p"], resources: [resource({ properties: { p: ".p" } })] };
    const missing = await mapAll(engine, file, rows(["id"], ["a"]));
    expect(missing.rejects.map(({ code }) => code)).toEqual(["required_missing"]);
    const empty = await mapAll(engine, file, rows(["id", "p"], ["a", ""]));
    expect(empty.items[0]?.fields.properties).toEqual({ p: "" });
  });
});
