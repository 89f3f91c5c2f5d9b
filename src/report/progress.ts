import { formatNumber } from "./words.js";

/** How far an import is. */
export interface Progress {
  readonly read: number;
  /** Entities created or updated. */
  readonly written: number;
  readonly rejected: number;
  readonly requestsPerSecond: number;
  /** Share of the bulk quota in use, 0 to 1; absent where nothing holds the pace. */
  readonly quotaShare?: number;
}

/** Writes the progress line, without line end: `1,200 read, 1,180 written, 2 failed, 58.5 requests/s, 50 % of the quota`. */
export function formatProgress({ read, written, rejected, requestsPerSecond, quotaShare }: Progress): string {
  const parts = [
    `${formatNumber(read)} read`,
    `${formatNumber(written)} written`,
    `${formatNumber(rejected)} failed`,
    `${formatNumber(requestsPerSecond)} requests/s`,
  ];
  if (quotaShare !== undefined) parts.push(`${Math.round(quotaShare * 100)} % of the quota`);
  return parts.join(", ");
}
