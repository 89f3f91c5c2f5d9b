import type { EntityBody, FoundEntity } from "../entity.js";

/** A field of a blueprint that a run would empty in more entities than is allowed. */
export interface Emptying {
  readonly blueprint: string;
  /** `properties.x` or `relations.y`. */
  readonly path: string;
  /** Entities in which it would be emptied. */
  readonly emptied: number;
  /** Entities that had a value in it, those included. */
  readonly had: number;
}

/** So few may always be emptied, whatever share they are. */
export const alwaysAllowed = 9;

/** Counts which fields a run empties, as far as it has looked. */
export interface EmptyingCount {
  add(emptying: Emptying): void;
  /** The fields of which more than the share, and more than {@link alwaysAllowed}, would be emptied. */
  excesses(): readonly Emptying[];
}

/** Opens a count. @param share - of the entities that had a value, 0 to 1 */
export function countEmptying(share: number): EmptyingCount {
  const fields = new Map<string, { readonly field: Omit<Emptying, "emptied" | "had">; emptied: number; had: number }>();
  return {
    add({ blueprint, path, emptied, had }) {
      const name = `${blueprint} ${path}`;
      const known = fields.get(name) ?? { field: { blueprint, path }, emptied: 0, had: 0 };
      fields.set(name, known);
      known.emptied += emptied;
      known.had += had;
    },
    excesses: () =>
      [...fields.values()].flatMap(({ field, emptied, had }) =>
        emptied > alwaysAllowed && emptied > had * share ? [{ ...field, emptied, had }] : [],
      ),
  };
}

/** Whether a value of a property or relation is none. */
export function isEmptyValue(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** The values of an entity's properties and relations by their paths. */
export function* valuesByPath(entity: EntityBody | FoundEntity): Generator<readonly [path: string, value: unknown]> {
  for (const group of ["properties", "relations"] as const) {
    const values: unknown = entity[group];
    if (typeof values !== "object" || values === null) continue;
    for (const [key, value] of Object.entries(values)) yield [`${group}.${key}`, value];
  }
}
