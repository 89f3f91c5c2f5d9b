import { box, type GraphEdge, type GraphNode, type LaidGraph, layGraph, type PlacedNode } from "./graph-layout.js";
import { type Html, html } from "./html.js";

/** A blueprint as the graph shows it. */
export interface ShownBlueprint extends GraphNode {
  readonly title: string;
  /** The line below the title, such as the number of its entities. */
  readonly note: string;
  /** What it is called where it is read aloud. */
  readonly label: string;
  /** Where the box leads; absent: it is not a link. */
  readonly href?: string;
}

/** Longest title in a box, in characters. */
const maxTitleChars = 19;

/** The graph of blueprints as SVG: an arrow leads from a blueprint to the target of a relation. */
export function graphSvg(nodes: readonly ShownBlueprint[], edges: readonly GraphEdge[]): Html {
  const laid = layGraph(nodes, edges);
  const { width, height, nodes: placed } = laid;
  const lines = drawEdges(laid, edges);
  return html`<svg class="graph" role="group" aria-label="Blueprints and their relations" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
${lines.map(({ edge, d }) => html`<path class="${edge.required ? "edge required" : "edge"}" marker-end="url(#head)" d="${d}"/>\n`)}
${placed.map(nodeSvg)}
${lines.map(({ edge, x, y, anchor }) => html`<text class="label ${anchor}" x="${x}" y="${y}">${edge.name}${edge.many ? " *" : ""}</text>\n`)}
</svg>`;
}

function nodeSvg({ node, x, y }: PlacedNode<ShownBlueprint>): Html {
  const middle = x + box.width / 2;
  const title = node.title.length > maxTitleChars ? `${node.title.slice(0, maxTitleChars - 1)}…` : node.title;
  const drawn = html`<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}"/><text class="name" x="${middle}" y="${y + 21}">${title}</text><text x="${middle}" y="${y + 39}">${node.note}</text>`;
  return node.href === undefined
    ? html`<g role="img" aria-label="${node.label}">${drawn}</g>\n`
    : html`<a href="${node.href}" aria-label="${node.label}">${drawn}</a>\n`;
}

/** A relation's line, and where its name is written. */
export interface DrawnEdge {
  readonly edge: GraphEdge;
  /** The path's data. */
  readonly d: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle";
}

/** Draws the relations of a laid graph. A line runs between rows, and passes a row in a gap between its boxes, never behind one. */
export function drawEdges<N extends GraphNode>(
  { nodes, gapX }: LaidGraph<N>,
  edges: readonly GraphEdge[],
): readonly DrawnEdge[] {
  const places = new Map(nodes.map((place) => [place.node.id, place]));
  /** How many lines pass each gap already. */
  const lanes = new Map<string, number>();
  return edges.flatMap((edge, index): DrawnEdge[] => {
    const [source, target] = [places.get(edge.from), places.get(edge.to)];
    if (source === undefined || target === undefined) return [];
    if (edge.from === edge.to) {
      const earlier = edges
        .slice(0, index)
        .filter((other) => other.from === edge.from && other.to === edge.from).length;
      return [{ edge, ...loopOf(source, earlier) }];
    }
    const [leaves, meets] = [portOf(edge, "from", edges, places), portOf(edge, "to", edges, places)];
    return [{ edge, ...lineOf(source, target, leaves, meets, { nodes, gapX, lanes }) }];
  });
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

type Places = ReadonlyMap<string, PlacedNode<GraphNode>>;

/** A relation to its own blueprint, at the right side of the box; further ones lie below. */
function loopOf({ x, y }: PlacedNode<GraphNode>, earlier: number) {
  const [right, middle] = [x + box.width, y + 14 + earlier * 14];
  const d = `M${right} ${middle - 6}C${right + 22} ${middle - 14} ${right + 22} ${middle + 14} ${right} ${middle + 6}`;
  return { d, x: right + 20, y: middle + 4, anchor: "start" as const };
}

/** Where lines may pass rows. */
interface Passage {
  readonly nodes: readonly PlacedNode<GraphNode>[];
  readonly gapX: number;
  /** How many lines pass each gap already. */
  readonly lanes: Map<string, number>;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The line of a relation and the place of its label, near the source, where lines to one target lie apart. */
function lineOf(
  source: PlacedNode<GraphNode>,
  target: PlacedNode<GraphNode>,
  leaves: number,
  meets: number,
  passage: Passage,
) {
  const up = target.row < source.row;
  const below = target.row > source.row;
  const from = { x: source.x + box.width / 2 + leaves, y: up ? source.y : source.y + box.height };
  const to = { x: target.x + box.width / 2 + meets, y: below ? target.y : target.y + box.height };
  const step = up ? -1 : 1;
  const points: [enter: Point, leave: Point][] = [];
  for (let row = source.row + step; below || up ? row !== target.row : false; row += step) {
    const share = Math.abs(row - source.row) / Math.abs(target.row - source.row);
    const x = gapNear(from.x + (to.x - from.x) * share, row, passage);
    const top = box.marginY + row * (box.height + box.gapY);
    const [first, last] = up ? [top + box.height, top] : [top, top + box.height];
    points.push([
      { x, y: first },
      { x, y: last },
    ]);
  }
  const stops = [...points, [to, to]] as const;
  let d = `M${from.x} ${from.y}`;
  let at: Point = from;
  for (const [enter, leave] of stops) {
    d += curve(at, enter, up, below);
    if (leave.y !== enter.y) d += `L${leave.x} ${leave.y}`;
    at = leave;
  }
  const [first] = stops;
  const label = pointOn(from, first[0], up, below);
  return { d, ...label, anchor: "middle" as const };
}

/** The middle of the gap of a row that lies nearest to a place, moved aside for each line that passes there already. */
function gapNear(wanted: number, row: number, { nodes, gapX, lanes }: Passage): number {
  const boxes = nodes.filter((node) => node.row === row).toSorted((a, b) => a.x - b.x);
  const [leftmost, rightmost] = [boxes[0], boxes.at(-1)];
  if (leftmost === undefined || rightmost === undefined) return wanted;
  const gaps = [leftmost.x - gapX / 2, ...boxes.map(({ x }) => x + box.width + gapX / 2)];
  const middle = gaps.reduce((best, gap) => (Math.abs(gap - wanted) < Math.abs(best - wanted) ? gap : best));
  const key = `${row} ${middle}`;
  const passed = lanes.get(key) ?? 0;
  lanes.set(key, passed + 1);
  const side = passed % 2 === 0 ? 1 : -1;
  return middle + side * Math.min(Math.ceil(passed / 2) * 9, gapX / 2 - 8);
}

/** Both ends leave the rows straight, so that the curve stays between them. */
function controls(from: Point, to: Point, up: boolean, below: boolean): readonly [number, number] {
  const bend = box.gapY / 2;
  return [from.y + (up ? -bend : bend), to.y + (below ? -bend : bend)];
}

function curve(from: Point, to: Point, up: boolean, below: boolean): string {
  const [first, second] = controls(from, to, up, below);
  return `C${from.x} ${first} ${to.x} ${second} ${to.x} ${to.y}`;
}

function pointOn(from: Point, to: Point, up: boolean, below: boolean): Point {
  const [first, second] = controls(from, to, up, below);
  const near = 0.35;
  const at = (a: number, b: number, c: number, e: number): number =>
    (1 - near) ** 3 * a + 3 * (1 - near) ** 2 * near * b + 3 * (1 - near) * near ** 2 * c + near ** 3 * e;
  return { x: Math.round(at(from.x, from.x, to.x, to.x)), y: Math.round(at(from.y, first, second, to.y)) + 4 };
}
