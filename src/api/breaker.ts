import type { ItemResult } from "../reply.js";

/** Watches whether writing a blueprint makes any sense. */
export interface Breaker {
  /** Takes in the results of a request. */
  see(blueprint: string, results: readonly ItemResult[]): void;
  /** Why nothing of this blueprint will ever be written: the API's own words. Undefined while there is hope. */
  cause(blueprint: string): string | undefined;
}

/** So many entities, all refused alike and none written, are a fault of mapping, blueprint or permissions: ten full requests. */
export const hopelessAfter = 200;

/** Statuses that refuse for the sake of schema or permission; 404 (a target that is missing) and 409 (it exists) are an entity's own. */
const schemaWide = [400, 403, 422];

/**
 * Tells a fault of the whole blueprint from bad entities: from the first on, all were refused with the same status, code and message. One entity that
 * is written, or refused for another reason, is hope for the rest of the import.
 */
export function createBreaker(): Breaker {
  const blueprints = new Map<string, { cause: string | undefined; count: number }>();
  return {
    see(blueprint, results) {
      const state = blueprints.get(blueprint) ?? { cause: causeOf(results[0]), count: 0 };
      blueprints.set(blueprint, state);
      if (results.some((result) => causeOf(result) !== state.cause)) state.cause = undefined;
      state.count += results.length;
    },
    cause(blueprint) {
      const state = blueprints.get(blueprint);
      return state !== undefined && state.count >= hopelessAfter ? state.cause : undefined;
    },
  };
}

function causeOf(result: ItemResult | undefined): string | undefined {
  if (result?.is !== "refused" || !schemaWide.includes(result.status)) return undefined;
  return `status ${result.status}, ${result.error}: ${result.message}`;
}
