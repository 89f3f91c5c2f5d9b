import { describe, expect, it } from "vitest";
import type { JqEngine } from "../../src/map/jq.js";
import { withMemory } from "../../src/recipes/studio/evaluate.js";

/** An engine that notes what it is asked, and gives each leaf's name with the record. */
function noting(stuck?: string) {
  const asked: (readonly string[])[] = [];
  const engine: JqEngine = {
    timeoutMs: 1000,
    compile: async () => undefined,
    async run(leaves, records) {
      asked.push(leaves);
      const leaf = leaves.indexOf(stuck ?? "");
      if (leaf >= 0) return { stuck: { leaf, why: "timeout" } };
      return { rows: records.map((record) => leaves.map((own) => ({ value: `${own} of ${record}` }))) };
    },
    close: async () => undefined,
  };
  return { engine: withMemory(engine), asked };
}

const row = (leaves: readonly string[], record: string) => leaves.map((leaf) => ({ value: `${leaf} of ${record}` }));

describe("an engine with memory", () => {
  it("runs on the same records only what it did not run the time before", async () => {
    const { engine, asked } = noting();
    await engine.run([".a", ".b", ".a"], ["1", "2"]);
    const leaves = [".b", ".c", ".a"];
    expect(await engine.run(leaves, ["1", "2"])).toEqual({ rows: [row(leaves, "1"), row(leaves, "2")] });
    await engine.run(leaves, ["1", "2"]);
    expect(asked).toEqual([[".a", ".b"], [".c"]]);
  });

  it("takes other records, and another environment, for others", async () => {
    const { engine, asked } = noting();
    await engine.run([".a"], ["1"]);
    await engine.run([".a"], ["2"]);
    await engine.run([".a"], ["1", "2"]);
    await engine.run([".a"], ["1"], { X: "x" });
    expect(asked).toHaveLength(4);
    await engine.run([".a"], ["1"]);
    expect(asked).toHaveLength(4);
  });

  it("names the leaf that never ends by its place in the whole", async () => {
    const { engine } = noting("endless");
    await engine.run([".a", ".b"], ["1"]);
    expect(await engine.run([".a", "endless", ".b"], ["1"])).toEqual({ stuck: { leaf: 1, why: "timeout" } });
  });
});
