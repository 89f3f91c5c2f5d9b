import { scaleLinear } from "d3-scale";
import { type Html, html } from "./html.js";
import { round } from "./round.js";

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
 */
export function stackedBar(segments: readonly Segment[], most: number): Html {
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
  return html`<svg class="chart bar" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}
