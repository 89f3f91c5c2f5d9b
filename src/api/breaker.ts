import { wordsOf } from "../reply.js";
import type { Verdict } from "../verdict.js";

/** Watches whether writing a blueprint makes any sense. */
interface Breaker {
  /** Takes in the verdicts of a request. */
  see(blueprint: string, verdicts: readonly Verdict[]): void;
  /** Why nothing of this blueprint will ever be written: the API's own words. Undefined while there is hope. */
  cause(blueprint: string): string | undefined;
}

/** So many entities, all refused alike and none written, are a fault of mapping, blueprint or permissions: ten full requests. */
export const hopelessAfter = 200;

/** Statuses that refuse for the sake of schema or permission; 404 (a target that is missing) and 409 (it exists) are an entity's own. */
const schemaWide = [400, 403, 422];

/**
 * Separates a fault of the whole blueprint from bad entities: from the first on, all were refused with the same status, code and message. One entity that
 * is written, or refused for another reason, is hope for the rest of the import.
 */
export function createBreaker(): Breaker {
  const blueprints = new Map<string, { cause: string | undefined; count: number }>();
  return {
    see(blueprint, verdicts) {
      const state = blueprints.get(blueprint) ?? { cause: causeOf(verdicts[0]), count: 0 };
      blueprints.set(blueprint, state);
      if (verdicts.some((verdict) => causeOf(verdict) !== state.cause)) state.cause = undefined;
      state.count += verdicts.length;
    },
    cause(blueprint) {
      const state = blueprints.get(blueprint);
      return state !== undefined && state.count >= hopelessAfter ? state.cause : undefined;
    },
  };
}

function causeOf(verdict: Verdict | undefined): string | undefined {
  if (verdict?.is !== "refused" || !schemaWide.includes(verdict.status)) return undefined;
  return wordsOf(verdict);
}
