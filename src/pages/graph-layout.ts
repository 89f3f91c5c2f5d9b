/** A blueprint in the graph. */
export interface GraphNode {
  readonly id: string;
}

/** A relation in the graph. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly name: string;
  readonly required: boolean;
  readonly many: boolean;
}

/** Where a node is: the upper left corner of its box. */
export interface PlacedNode<N> {
  readonly node: N;
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

/** A graph with places, in pixels. */
export interface LaidGraph<N> {
  readonly width: number;
  readonly height: number;
  /** Space between boxes of a row. */
  readonly gapX: number;
  readonly nodes: readonly PlacedNode<N>[];
}

/** Size of a box and of the space around it, in pixels. */
export const box = { width: 164, height: 50, gapX: 90, gapY: 72, marginX: 95, marginY: 24 } as const;

/** Width of a loop with the space around its name, and of a letter of it, in pixels. */
const loopWidth = 36;
const charWidth = 6.5;

/** Most boxes in a row; a longer layer continues in the next row. */
const perRow = 4;

/** Places nodes in rows: targets above those that relate to them, and under each other what relates. Circles are broken where they are entered. Pure. */
export function layGraph<N extends GraphNode>(nodes: readonly N[], edges: readonly GraphEdge[]): LaidGraph<N> {
  const layers = layersOf(nodes, edges);
  const rows: N[][] = [];
  const column = new Map<string, number>();
  for (const layer of layers) {
    const above = (node: N): number => {
      const targets = edges.filter(({ from, to }) => from === node.id && column.has(to));
      return targets.length === 0
        ? 0
        : targets.reduce((sum, { to }) => sum + (column.get(to) ?? 0), 0) / targets.length;
    };
    const ordered = [...layer].sort((a, b) => above(a) - above(b));
    for (let at = 0; at < ordered.length; at += perRow) {
      const row = ordered.slice(at, at + perRow);
      // Columns are counted from the middle, as rows are centred.
      row.forEach((node, index) => {
        column.set(node.id, index - (row.length - 1) / 2);
      });
      rows.push(row);
    }
  }
  const widest = Math.max(1, ...rows.map((row) => row.length));
  const loops = edges.filter(({ from, to }) => from === to).map(({ name, many }) => name.length + (many ? 2 : 0));
  // The names of relations to their own blueprint are beside the boxes.
  const gapX = Math.max(box.gapX, ...loops.map((chars) => loopWidth + chars * charWidth));
  const marginX = Math.max(box.marginX, gapX);
  const pitch = { x: box.width + gapX, y: box.height + box.gapY };
  const placed = rows.flatMap((row, index) =>
    row.map((node) => ({
      node,
      row: index,
      x: marginX + ((column.get(node.id) ?? 0) + (widest - 1) / 2) * pitch.x,
      y: box.marginY + index * pitch.y,
    })),
  );
  const width = widest * pitch.x - gapX + 2 * marginX;
  return { width, gapX, height: Math.max(1, rows.length) * pitch.y - box.gapY + 2 * box.marginY, nodes: placed };
}

function layersOf<N extends GraphNode>(nodes: readonly N[], edges: readonly GraphEdge[]): readonly (readonly N[])[] {
  const depth = new Map<string, number>();
  const entered = new Set<string>();
  const depthOf = (id: string): number => {
    const known = depth.get(id);
    if (known !== undefined) return known;
    if (entered.has(id)) return -1;
    entered.add(id);
    const targets = edges.filter(({ from, to }) => from === id && to !== id);
    const found = 1 + Math.max(-1, ...targets.map(({ to }) => depthOf(to)));
    depth.set(id, found);
    return found;
  };
  for (const { id } of nodes) depthOf(id);
  // A target is right above the first that relates to it, so that few lines pass a row.
  for (const { id } of [...nodes].sort((a, b) => depthOf(b.id) - depthOf(a.id))) {
    const sources = edges.filter(({ from, to }) => to === id && from !== id && depthOf(from) > depthOf(id));
    if (sources.length > 0) depth.set(id, Math.min(...sources.map(({ from }) => depthOf(from))) - 1);
  }
  const layers: N[][] = [];
  for (const node of nodes) {
    const layer = depthOf(node.id);
    layers[layer] = [...(layers[layer] ?? []), node];
  }
  return layers.filter((layer) => layer !== undefined);
}
