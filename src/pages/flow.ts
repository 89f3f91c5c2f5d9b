import { scaleLinear } from "d3-scale";
import { area, curveBumpX } from "d3-shape";
import { type Html, html, round } from "./html.js";

/** A block of a flow: what is in one column, as wide as its value. */
export interface FlowNode {
  readonly id: string;
  readonly label: string;
  /** Shown after the label. */
  readonly amount: string;
  readonly value: number;
  /** Class that gives the colour. */
  readonly tone?: string;
}

/** What goes from a block to one of a later column: `from` of the first one's value, `to` of the second one's. They differ where the unit changes. */
export interface FlowLink {
  readonly source: string;
  readonly target: string;
  readonly from: number;
  readonly to: number;
  readonly tone?: string;
}

/** Columns of one chart, from left to right; those of one `unit` share a scale. */
export interface FlowColumn {
  readonly unit: string;
  readonly nodes: readonly FlowNode[];
}

const width = 1100;
const nodeWidth = 12;
const gap = 14;
const bodyHeight = 240;
/** Least height of a block that holds anything, so that one failure in a million is still seen. */
const minHeight = 2;

interface Box {
  readonly node: FlowNode;
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly perUnit: number;
  readonly isLast: boolean;
}

/** Draws a flow as SVG: blocks by column, ribbons between them as wide as what flows. @param summary - the same in words, for screen readers */
export function flowChart(columns: readonly FlowColumn[], links: readonly FlowLink[], summary: string): Html {
  const filled = columns
    .map((column) => ({ ...column, nodes: column.nodes.filter(({ value }) => value > 0) }))
    .filter(({ nodes }) => nodes.length > 0);
  const boxes = new Map<string, Box>();
  const labelWidth = 190;
  const step = (width - nodeWidth - labelWidth) / Math.max(1, filled.length - 1);
  let height = 0;
  for (const [index, { unit, nodes }] of filled.entries()) {
    const sums = filled.filter((other) => other.unit === unit).map((other) => sumOf(other.nodes));
    const scale = scaleLinear([0, Math.max(1, ...sums)], [0, bodyHeight]);
    let y = 8;
    for (const node of nodes) {
      const tall = Math.max(minHeight, scale(node.value));
      const isLast = index === filled.length - 1;
      boxes.set(node.id, { node, x: index * step, y, height: tall, perUnit: tall / node.value, isLast });
      y += Math.max(tall, 30) + gap;
    }
    height = Math.max(height, y);
  }
  const left = new Map<string, number>();
  const right = new Map<string, number>();
  const ribbons = links.map((link) => {
    const [source, target] = [boxes.get(link.source), boxes.get(link.target)];
    if (source === undefined || target === undefined || link.from <= 0 || link.to <= 0) return "";
    const [out, into] = [right.get(link.source) ?? 0, left.get(link.target) ?? 0];
    right.set(link.source, out + link.from * source.perUnit);
    left.set(link.target, into + link.to * target.perUnit);
    const path = ribbon(
      [source.x + nodeWidth, source.y + out, link.from * source.perUnit],
      [target.x, target.y + into, link.to * target.perUnit],
    );
    return html`<path class="ribbon ${link.tone ?? ""}" d="${path}"/>`;
  });
  return html`<svg class="chart" viewBox="0 0 ${width} ${Math.round(height)}" role="img" aria-label="${summary}">
${ribbons}
${[...boxes.values()].map(boxOf)}
</svg>`;
}

function boxOf({ node, x, y, height }: Box): Html {
  const middle = y + Math.max(height, 26) / 2;
  return html`<rect class="node ${node.tone ?? ""}" x="${round(x)}" y="${round(y)}" width="${nodeWidth}" height="${round(height)}" rx="2"/>
<text x="${round(x + nodeWidth + 7)}" y="${round(middle - 2)}" font-weight="600">${cut(node.label)}</text>
<text class="quiet" x="${round(x + nodeWidth + 7)}" y="${round(middle + 13)}">${node.amount}</text>
`;
}

type RibbonEnd = readonly [x: number, y: number, height: number];

function ribbon([x0, y0, height0]: RibbonEnd, [x1, y1, height1]: RibbonEnd): string {
  const shape = area<RibbonEnd>()
    .x(([x]) => round(x))
    .y0(([, y]) => round(y))
    .y1(([, y, height]) => round(y + Math.max(height, 1)))
    .curve(curveBumpX);
  return (
    shape([
      [x0, y0, height0],
      [x1, y1, height1],
    ]) ?? ""
  );
}

function sumOf(nodes: readonly FlowNode[]): number {
  return nodes.reduce((sum, { value }) => sum + value, 0);
}

function cut(label: string): string {
  return label.length <= 24 ? label : `${label.slice(0, 11)}…${label.slice(-12)}`;
}
