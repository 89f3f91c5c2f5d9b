/** A coordinate of a chart, to a tenth of a pixel: no eye sees more, and the page stays small. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
