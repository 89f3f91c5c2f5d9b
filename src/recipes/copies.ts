import { join } from "node:path";
import type { BoundSource } from "../read/bind.js";

/** Where a source that cannot be opened twice is copied while it is read. */
export function copyOf(folder: string, source: BoundSource): string {
  return join(folder, "spool", `source-${source.index}`);
}
