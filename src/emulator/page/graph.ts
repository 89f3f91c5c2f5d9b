import { figure, type Html, html, tableHref } from "./html.js";

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
export interface Placed<N> {
  readonly node: N;
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

/** A graph with places, in pixels. */
export interface LaidGraph<N> {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Placed<N>[];
}

/** Size of a box and of the space around it, in pixels. */
export const box = { width: 164, height: 50, gapX: 90, gapY: 72, marginX: 95, marginY: 24 } as const;

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
  const pitch = { x: box.width + box.gapX, y: box.height + box.gapY };
  const placed = rows.flatMap((row, index) =>
    row.map((node) => ({
      node,
      row: index,
      x: box.marginX + ((column.get(node.id) ?? 0) + (widest - 1) / 2) * pitch.x,
      y: box.marginY + index * pitch.y,
    })),
  );
  const width = widest * pitch.x - box.gapX + 2 * box.marginX;
  return { width, height: Math.max(1, rows.length) * pitch.y - box.gapY + 2 * box.marginY, nodes: placed };
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

/** A blueprint as the graph shows it. */
export interface ShownBlueprint extends GraphNode {
  readonly title: string;
  readonly count: number;
}

/** Longest title in a box, in characters. */
const maxTitleChars = 19;

/** The graph of blueprints as SVG: a box is a link to its entities, an arrow leads from a blueprint to the target of a relation. */
export function graphSvg(nodes: readonly ShownBlueprint[], edges: readonly GraphEdge[]): Html {
  const { width, height, nodes: placed } = layGraph(nodes, edges);
  const places = new Map(placed.map((place) => [place.node.id, place]));
  const lines = edges.map((edge, index) => edgeSvg(edge, index, edges, places));
  return html`<svg class="graph" role="group" aria-label="Blueprints and their relations" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
${lines.map(({ path }) => path)}
${placed.map(nodeSvg)}
${lines.map(({ label }) => label)}
</svg>`;
}

function nodeSvg({ node, x, y }: Placed<ShownBlueprint>): Html {
  const middle = x + box.width / 2;
  const title = node.title.length > maxTitleChars ? `${node.title.slice(0, maxTitleChars - 1)}…` : node.title;
  return html`<a href="${tableHref(node.id)}" aria-label="${node.title}, ${figure(node.count)} entities"><rect x="${x}" y="${y}" width="${box.width}" height="${box.height}"/><text class="name" x="${middle}" y="${y + 21}">${title}</text><text x="${middle}" y="${y + 39}">${figure(node.count)}</text></a>
`;
}

/** Where a line leaves or meets a box, in pixels from its middle: lines of one side lie apart, in the order of their other ends. */
function portOf(edge: GraphEdge, end: "from" | "to", edges: readonly GraphEdge[], places: Places): number {
  const far = end === "from" ? "to" : "from";
  const same = edges.filter((other) => other[end] === edge[end] && other.from !== other.to);
  const x = (other: GraphEdge): number => places.get(other[far])?.x ?? 0;
  const ordered = [...same].sort((a, b) => x(a) - x(b));
  const pitch = Math.min(34, (box.width - 24) / Math.max(1, same.length));
  return (ordered.indexOf(edge) - (same.length - 1) / 2) * pitch;
}

type Places = ReadonlyMap<string, Placed<ShownBlueprint>>;

function edgeSvg(
  edge: GraphEdge,
  index: number,
  edges: readonly GraphEdge[],
  places: Places,
): { path: Html; label: Html } {
  const { from, to, name, required, many } = edge;
  const [source, target] = [places.get(from), places.get(to)];
  const nothing = html``;
  if (source === undefined || target === undefined) return { path: nothing, label: nothing };
  const loops = edges.slice(0, index).filter((other) => other.from === from && other.to === from).length;
  const { d, x, y, anchor } =
    from === to
      ? loopOf(source, loops)
      : lineOf(source, target, portOf(edge, "from", edges, places), portOf(edge, "to", edges, places));
  const kind = required ? "edge required" : "edge";
  return {
    path: html`<path class="${kind}" marker-end="url(#head)" d="${d}"/>
`,
    label: html`<text class="label ${anchor}" x="${x}" y="${y}">${name}${many ? " *" : ""}</text>
`,
  };
}

/** A relation to its own blueprint, at the right side of the box; further ones lie below. */
function loopOf({ x, y }: Placed<GraphNode>, earlier: number) {
  const [right, middle] = [x + box.width, y + 14 + earlier * 14];
  const d = `M${right} ${middle - 6}C${right + 22} ${middle - 14} ${right + 22} ${middle + 14} ${right} ${middle + 6}`;
  return { d, x: right + 20, y: middle + 4, anchor: "start" };
}

/** The line of a relation and the place of its label, near the source, where lines to one target lie apart. */
function lineOf(source: Placed<GraphNode>, target: Placed<GraphNode>, leaves: number, meets: number) {
  const bend = box.gapY / 2;
  const up = target.row < source.row;
  const below = target.row > source.row;
  const from = { x: source.x + box.width / 2 + leaves, y: up ? source.y : source.y + box.height };
  const to = { x: target.x + box.width / 2 + meets, y: below ? target.y : target.y + box.height };
  const turn = { from: from.y + (up ? -bend : bend), to: to.y + (below ? -bend : bend) };
  const d = `M${from.x} ${from.y}C${from.x} ${turn.from} ${to.x} ${turn.to} ${to.x} ${to.y}`;
  const near = 0.35;
  const at = (a: number, b: number, c: number, e: number): number =>
    (1 - near) ** 3 * a + 3 * (1 - near) ** 2 * near * b + 3 * (1 - near) * near ** 2 * c + near ** 3 * e;
  const x = Math.round(at(from.x, from.x, to.x, to.x));
  return { d, x, y: Math.round(at(from.y, turn.from, turn.to, to.y)) + 4, anchor: "middle" };
}
