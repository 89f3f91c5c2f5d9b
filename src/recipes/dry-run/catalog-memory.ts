import type { Client } from "../../api/client.js";

/** What the catalog is known to hold, and to lack. */
export interface CatalogMemory {
  /** Asks for what is not known yet, a thousand identifiers a request. */
  look(blueprint: string, identifiers: readonly string[]): Promise<void>;
  /** False for what was never looked for. */
  has(blueprint: string, identifier: string): boolean;
}

/** Most entities that are remembered. */
const maxRemembered = 100_000;

/** Remembers what the catalog holds, so that each entity is asked for once while it is of use; the longest known are forgotten first. */
export function catalogMemory(client: Pick<Client, "existing">): CatalogMemory {
  const known = new Map<string, boolean>();
  const nameOf = (blueprint: string, identifier: string): string => `${blueprint}\0${identifier}`;
  return {
    async look(blueprint, identifiers) {
      const unknown = [...new Set(identifiers)].filter((identifier) => !known.has(nameOf(blueprint, identifier)));
      if (unknown.length === 0) return;
      const found = await client.existing(blueprint, unknown);
      for (const identifier of unknown) known.set(nameOf(blueprint, identifier), found.has(identifier));
      for (const name of known.keys()) {
        if (known.size <= maxRemembered) break;
        known.delete(name);
      }
    },
    has: (blueprint, identifier) => known.get(nameOf(blueprint, identifier)) === true,
  };
}
