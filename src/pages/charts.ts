import { scaleLinear } from "d3-scale";
import { area, curveStepAfter, line } from "d3-shape";
import { type Html, html, round } from "./html.js";

/** A part of a stacked bar. */
export interface Segment {
  readonly label: string;
  readonly value: number;
  /** Class that gives the colour. */
  readonly tone: string;
}

const width = 400;
const height = 14;

/**
 * Draws one horizontal bar of parts, for a cell of a table whose other cells give the figures.
 *
 * @param most - value of a bar over the whole width, the same for all bars that are to be compared
 * @param hasTrack - shows the whole width as that which may be filled
 */
export function stackedBar(segments: readonly Segment[], most: number, hasTrack = false): Html {
  const scale = scaleLinear([0, Math.max(1, most)], [0, width]);
  let x = 0;
  const parts = segments
    .filter(({ value }) => value > 0)
    .map(({ label, value, tone }) => {
      const wide = Math.max(2, scale(value));
      const part = html`<rect class="segment ${tone}" x="${round(x)}" y="0" width="${round(wide)}" height="${height}"><title>${label}: ${value}</title></rect>`;
      x += wide;
      return part;
    });
  return html`<svg class="chart bar" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">${hasTrack && html`<rect class="track" x="0" y="0" width="${width}" height="${height}"/>`}${parts}</svg>`;
}

/** What happened in a stretch of time. */
export interface RatePoint {
  /** Seconds since the begin. */
  readonly second: number;
  readonly requests: number;
  readonly entities: number;
  readonly refused: number;
  /** Milliseconds of it in which some request waited for the quota. */
  readonly waitedMs?: number;
}

/** What a chart of rates says beside its points. */
export interface RateFacts {
  /** Where the last point ends. */
  readonly endSecond: number;
  /** The same in words. */
  readonly summary: string;
  /** Requests per second that the quota lets pass in the long run. */
  readonly quota?: number;
}

/** A quota of so many times the most requests per second is still drawn. */
const maxQuotaOver = 4;

/** Measures of the chart on a wide page and on a narrow one, where its letters are as large. */
const sizes = {
  wide: { width: 1100, height: 220, left: 58, right: 58, top: 14, bottom: 28, ticks: 8 },
  narrow: { width: 360, height: 200, left: 46, right: 40, top: 14, bottom: 28, ticks: 4 },
} as const;

/** Draws entities and requests per second over time against the quota, shades the time in which requests waited for it, and marks where it refused any. */
export function rateChart(points: readonly RatePoint[], facts: RateFacts): Html {
  return html`${(["wide", "narrow"] as const).map((width) => html`<div class="${width}">${rateChartAt(sizes[width], points, facts)}</div>`)}`;
}

function rateChartAt(
  size: (typeof sizes)[keyof typeof sizes],
  points: readonly RatePoint[],
  { endSecond, summary, quota }: RateFacts,
): Html {
  const stretch = points.length > 1 ? (points[1]?.second ?? 1) - (points[0]?.second ?? 0) : 1;
  const perSecond = points.map(({ second, requests, entities, refused, waitedMs = 0 }) => ({
    second,
    requests: requests / stretch,
    entities: entities / stretch,
    refused,
    waited: Math.min(1, waitedMs / 1000 / stretch),
  }));
  const last = perSecond.at(-1);
  const stepped = last === undefined ? [] : [...perSecond, { ...last, second: Math.max(endSecond, last.second + 1) }];
  const x = scaleLinear([0, stepped.at(-1)?.second ?? 1], [size.left, size.width - size.right]);
  const floor = size.height - size.bottom;
  const entityScale = scaleLinear([0, most(stepped, "entities")], [floor, size.top]).nice(4);
  // A quota far above what was sent would press the line flat; it is given in words then.
  const top = most(stepped, "requests");
  const isQuotaNear = quota !== undefined && quota <= top * maxQuotaOver;
  // As many steps as on the left, so that each line across has its figure on both sides.
  const steps = entityScale.ticks(4).length - 1;
  const mostRequests = isQuotaNear ? Math.max(top, quota) : top;
  const [, step = 1] = scaleLinear([0, mostRequests / steps], [0, 1])
    .nice(1)
    .domain();
  const requestScale = scaleLinear([0, step * steps], [floor, size.top]);
  const shape = area<(typeof stepped)[number]>()
    .x(({ second }) => round(x(second)))
    .y0(floor)
    .y1(({ entities }) => round(entityScale(entities)))
    .curve(curveStepAfter);
  const trace = line<(typeof stepped)[number]>()
    .x(({ second }) => round(x(second)))
    .y(({ requests }) => round(requestScale(requests)))
    .curve(curveStepAfter);
  return html`<svg class="chart" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${summary}">
${perSecond
  .filter(({ waited }) => waited > 0.02)
  .map(
    ({ second, waited }) =>
      html`<rect class="wait" x="${round(x(second))}" y="${size.top}" width="${Math.max(1, round(x(second + stretch * waited) - x(second)))}" height="${floor - size.top}"/>`,
  )}
${entityScale
  .ticks(4)
  .map(
    (tick) =>
      html`<line class="axis" x1="${size.left}" x2="${size.width - size.right}" y1="${round(entityScale(tick))}" y2="${round(entityScale(tick))}"/><text class="quiet" x="${size.left - 8}" y="${round(entityScale(tick)) + 4}" text-anchor="end">${format(tick)}</text>`,
  )}
${Array.from({ length: steps + 1 }, (_, at) => at * step).map(
  (tick) =>
    html`<text class="quiet" x="${size.width - size.right + 8}" y="${round(requestScale(tick)) + 4}">${format(tick)}</text>`,
)}
<path class="ribbon created" d="${shape(stepped) ?? ""}"/>
<path class="trace" d="${trace(stepped) ?? ""}"/>
${isQuotaNear && html`<line class="quota" x1="${size.left}" x2="${size.width - size.right}" y1="${round(requestScale(quota))}" y2="${round(requestScale(quota))}"/>`}
${perSecond
  .filter(({ refused }) => refused > 0)
  .map(
    ({ second }) =>
      html`<rect class="refusal" x="${round(x(second + stretch / 2) - 2)}" y="${floor}" width="4" height="7"/>`,
  )}
${x.ticks(size.ticks).map((tick) => html`<text class="quiet" x="${round(x(tick))}" y="${size.height - 8}" text-anchor="middle">${clock(tick)}</text>`)}
</svg>`;
}

function most<K extends string>(points: readonly Readonly<Record<K, number>>[], name: K): number {
  return points.reduce((top, point) => Math.max(top, point[name]), 1);
}

function clock(second: number): string {
  if (second < 60) return `${second} s`;
  const minutes = Math.floor(second / 60);
  return minutes < 60
    ? `${minutes}:${String(Math.round(second % 60)).padStart(2, "0")}`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Made when the first number is shown: it loads the tables of languages. */
let numbers: Intl.NumberFormat | undefined;

function format(value: number): string {
  numbers ??= new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
  return numbers.format(value);
}
