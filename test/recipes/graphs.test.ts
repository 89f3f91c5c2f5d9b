import { describe, expect, it } from "vitest";
import { runImport } from "../../src/recipes/import.js";
import { envOf, startCatalog } from "../support/catalog.js";
import { type Node, nodeBlueprint, nodeImport, seeded } from "../support/nodes.js";

async function importNodes(nodes: readonly Node[], options: { more?: string; resource?: string } = {}) {
  const emulator = await startCatalog({ blueprints: [nodeBlueprint] });
  const given = await nodeImport(nodes, options.more, options.resource);
  const { report } = await runImport({ ...given, rate: "off" }, { env: envOf(emulator) });
  const entity = (id: string) => emulator.store.entity("node", id);
  const relations = (id: string) => {
    const { parent, friends } = entity(id)?.relations ?? {};
    return { parent: parent ?? null, friends: friends ?? [] };
  };
  const mostWrites = Math.max(0, ...nodes.map(({ id }) => emulator.store.writes("node", id)));
  return { report, entity, relations, mostWrites, count: emulator.store.count("node") };
}

describe("relations among the entities of one import", () => {
  it("end right for 10,000 in one reversed chain, in at most two writes each", async () => {
    const length = 10_000;
    const chain = Array.from({ length }, (_, i) => ({ id: `n${i}`, ...(i + 1 < length && { parent: `n${i + 1}` }) }));
    const { report, relations, mostWrites } = await importNodes(chain);
    expect(report).toMatchObject({ exitCode: 0, entities: { created: length, rejected: 0 } });
    expect(chain.filter(({ id, parent }) => relations(id).parent !== (parent ?? null))).toEqual([]);
    expect(mostWrites).toBeLessThanOrEqual(2);
  }, 60_000);

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "end right in random graphs with cycles, rejected and missing targets (seed %i)",
    async (seed) => {
      const random = seeded(seed);
      const size = 40 + Math.floor(random() * 200);
      const name = (): string => {
        const index = Math.floor(random() * size * 1.1);
        return index < size ? `n${index}` : `ghost${index}`;
      };
      const nodes: Node[] = Array.from({ length: size }, (_, i) => ({
        id: `n${i}`,
        // What is not a number is rejected by check.
        weight: random() < 0.05 ? "heavy" : i,
        ...(random() < 0.7 && { parent: name() }),
        ...(random() < 0.5 && { friends: [...new Set([name(), name(), name()])] }),
      }));
      const { report, relations, entity, mostWrites } = await importNodes(nodes);
      const written = new Set(nodes.filter(({ weight }) => weight !== "heavy").map(({ id }) => id));
      const isHurt = ({ id, parent, friends = [] }: Node): boolean =>
        !written.has(id) || [parent ?? id, ...friends].some((target) => !written.has(target));
      expect(report).toMatchObject({
        balanced: true,
        entities: { mapped: size, rejected: nodes.filter(isHurt).length },
      });
      for (const { id, parent, friends = [] } of nodes) {
        expect(entity(id) !== undefined, id).toBe(written.has(id));
        if (!written.has(id)) continue;
        const expected = parent !== undefined && written.has(parent) ? parent : null;
        expect([id, relations(id)]).toEqual([
          id,
          { parent: expected, friends: friends.filter((friend) => written.has(friend)) },
        ]);
      }
      expect(mostWrites).toBeLessThanOrEqual(2);
    },
  );
});

describe("an entity whose target was itself rejected", () => {
  it("is reported as blocked by it, with both places", async () => {
    const { report, relations } = await importNodes([
      { id: "a", weight: "heavy" },
      { id: "b" },
      { id: "c", parent: "a" },
    ]);
    expect(report.rejects.map(({ code, path, message, first }) => [code, path, message, first.position])).toEqual([
      ["wrong_type", "properties.weight", expect.any(String), 1],
      [
        "relation_target_rejected",
        "relations.parent",
        expect.stringMatching(
          /^node "a" of .*nodes\.ndjson record 1 was itself rejected; the entity is written without it$/,
        ),
        3,
      ],
    ]);
    expect(relations("c")).toEqual({ parent: null, friends: [] });
  });
});

describe("onMissingTarget", () => {
  const nodes = [
    { id: "a", parent: "ghost" },
    { id: "b", parent: "a" },
    { id: "c", friends: ["ghost", "b"] },
  ];
  const policies = (text: string) => ({ resource: `    onMissingTarget: { ${text} }` });

  it("omit writes the entity without the relation, with a warning", async () => {
    const { report, relations } = await importNodes(nodes, policies("parent: omit, friends: omit"));
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 3, rejected: 0 } });
    expect(report.warnings.map(({ code, path, count }) => [code, path, count])).toEqual([
      ["relation_target_missing", "relations.parent", 1],
      ["relation_target_missing", "relations.friends", 1],
    ]);
    expect([relations("a").parent, relations("c").friends]).toEqual([null, ["b"]]);
  });

  it("create makes a bare target, outside the counts", async () => {
    const { report, relations, entity } = await importNodes(nodes, policies("parent: create"));
    expect(report).toMatchObject({ exitCode: 0, entities: { mapped: 3, created: 3 } });
    expect([relations("a").parent, relations("c").friends]).toEqual(["ghost", ["ghost", "b"]]);
    expect(entity("ghost")).toBeDefined();
  });

  it("reject does not write the entity, nor what cannot be without it in turn", async () => {
    const { report, entity } = await importNodes(nodes, policies("parent: reject, friends: omit"));
    expect(report).toMatchObject({ exitCode: 1, balanced: true, entities: { created: 1, rejected: 2 } });
    expect(report.rejects.map(({ code, first }) => [code, first.position])).toEqual([
      ["relation_target_missing", 1],
      ["relation_target_rejected", 2],
    ]);
    expect([entity("a"), entity("b")]).toEqual([undefined, undefined]);
    expect(entity("c")?.relations.friends ?? []).toEqual([]);
  });

  it("reject names the relation that the entity cannot be without, whatever else is missing", async () => {
    const lost = [{ id: "a", parent: "ghost", friends: ["spirit"] }];
    const { report } = await importNodes(lost, policies("parent: omit, friends: reject"));
    expect(report.rejects).toMatchObject([
      { path: "relations.friends", message: expect.stringMatching(/"spirit" .*the entity cannot be without it/) },
    ]);
  });

  it("reject writes whoever's target comes later in the import", async () => {
    const late = [{ id: "a", parent: "b" }, { id: "b", parent: "c" }, { id: "c" }];
    const { report, relations, mostWrites } = await importNodes(late, policies("parent: reject"));
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 3 } });
    expect([relations("a").parent, relations("b").parent, mostWrites]).toEqual(["b", "c", 1]);
  });

  it("may name only what the resource maps", async () => {
    await expect(importNodes(nodes, policies("owner: omit"))).rejects.toThrow(
      /onMissingTarget\.owner: is not a relation/,
    );
  });
});
