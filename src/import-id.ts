/** What an import id looks like: UTC to the millisecond, then four random hex digits. */
export const importIdPattern = /^\d{8}T\d{9}Z-[0-9a-f]{4}$/;

/** Makes an import id, e.g. `20261122T033012417Z-7f3a`; ids sort by time. `random` gives 0 ≤ x < 1. */
export function makeImportId(nowMs: number, random: () => number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  const suffix = Math.floor(random() * 0x10000);
  return `${time}-${suffix.toString(16).padStart(4, "0")}`;
}
