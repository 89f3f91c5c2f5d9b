import { lookUp } from "./look-up.js";
import type { CallIo } from "./send.js";

/** Tells which of the identifiers exist in the blueprint; see {@link lookUp}. */
export async function findExisting(
  io: CallIo,
  blueprint: string,
  identifiers: readonly string[],
): Promise<Set<string>> {
  return new Set((await lookUp(io, blueprint, identifiers, ["$identifier"])).keys());
}
