import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawEdges } from "../../src/pages/graph.js";
import { box, layGraph } from "../../src/pages/graph-layout.js";

describe("the graph of blueprints", () => {
  const node = (id: string) => ({ id });
  const edge = (from: string, to: string) => ({ from, to, name: "r", required: false, many: false });
  const rowsOf = (ids: string, edges: readonly string[]) => {
    const laid = layGraph(
      [...ids].map(node),
      edges.map(([from = "", to = ""]) => edge(from, to)),
    );
    return Object.fromEntries(laid.nodes.map(({ node: { id }, row }) => [id, row]));
  };

  it("places targets above those that relate to them, right above the first", () => {
    expect(rowsOf("abcd", ["ab", "bc", "ad"])).toEqual({ c: 0, b: 1, d: 1, a: 2 });
    expect(rowsOf("ab", ["ab", "aa"])).toEqual({ a: 1, b: 0 });
  });

  it("places every node once, apart from the others, also in circles", () => {
    const ids = fc.integer({ min: 0, max: 9 }).map(String);
    fc.assert(
      fc.property(fc.uniqueArray(ids), fc.array(fc.tuple(ids, ids)), (names, pairs) => {
        const edges = pairs.filter((pair) => pair.every((id) => names.includes(id))).map(([a, b]) => edge(a, b));
        const { nodes, width, height } = layGraph(names.map(node), edges);
        expect(nodes.map(({ node: { id } }) => id).sort()).toEqual([...names].sort());
        expect(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size).toBe(names.length);
        for (const { x, y } of nodes) {
          expect(x >= 0 && x + box.width <= width).toBe(true);
          expect(y >= 0 && y + box.height <= height).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("leaves room for the names of relations to their own blueprint", () => {
    const long = { ...edge("a", "a"), name: "dependsOnTheirServices", many: true };
    const laid = layGraph(["a", "b", "c"].map(node), [long]);
    const [drawn] = drawEdges(laid, [long]);
    const right = laid.nodes.find(({ node: { id } }) => id === "b")?.x ?? 0;
    // Six pixels a letter at the size of a label.
    expect((drawn?.x ?? 0) + (long.name.length + 2) * 6).toBeLessThan(right);
  });

  it("leads no line behind a box, whatever the relations", () => {
    const ids = fc.integer({ min: 0, max: 14 }).map(String);
    fc.assert(
      fc.property(
        fc.uniqueArray(ids, { minLength: 2 }),
        fc.array(fc.tuple(ids, ids), { maxLength: 30 }),
        (names, pairs) => {
          const edges = pairs.filter((pair) => pair.every((id) => names.includes(id))).map(([a, b]) => edge(a, b));
          const laid = layGraph(names.map(node), edges);
          for (const { d } of drawEdges(laid, edges))
            for (const { x, y } of pointsOf(d))
              for (const place of laid.nodes) {
                const isWithin =
                  x > place.x + 0.5 &&
                  x < place.x + box.width - 0.5 &&
                  y > place.y + 0.5 &&
                  y < place.y + box.height - 0.5;
                expect(isWithin, `${d} behind ${place.node.id}`).toBe(false);
              }
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Points along a path of straight lines and cubic curves. */
function pointsOf(d: string): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = [];
  let at = { x: 0, y: 0 };
  for (const [, kind, numbers = ""] of d.matchAll(/([MLC])([^MLC]*)/g)) {
    const [a = 0, b = 0, c = 0, e = 0, x = a, y = b] = numbers.trim().split(/[ ,]+/).map(Number);
    const from = at;
    for (let step = 0; step <= 40; step++) {
      const t = step / 40;
      const curve = (p: number, q: number, r: number, s: number) =>
        (1 - t) ** 3 * p + 3 * (1 - t) ** 2 * t * q + 3 * (1 - t) * t ** 2 * r + t ** 3 * s;
      if (kind === "C") points.push({ x: curve(from.x, a, c, x), y: curve(from.y, b, e, y) });
      else if (kind === "L") points.push({ x: from.x + (a - from.x) * t, y: from.y + (b - from.y) * t });
    }
    at = kind === "C" ? { x, y } : { x: a, y: b };
  }
  return points;
}
