import type { Shelf, StoredEntity } from "../catalog.js";

/** Entities on a page of the table. */
export const pageSize = 50;

/** A page of the table. */
export interface Selection {
  /** Entities that fit, on all pages. */
  readonly total: number;
  /** The page shown, from 1; the last one when asked for more. */
  readonly page: number;
  readonly pages: number;
  readonly rows: readonly { readonly shelf: Shelf; readonly entity: StoredEntity }[];
}

/** Selects a page of the entities that hold a text, in any case, in identifier, title, team, properties or relations; all for an empty text. */
export function selectEntities(shelves: readonly Shelf[], q: string, wanted: number): Selection {
  const needle = q.trim().toLowerCase();
  const fits = (entity: StoredEntity): boolean => !entity.deleted && (needle === "" || holdsText(entity, needle));
  let total = 0;
  for (const { order } of shelves) for (const entity of order) if (fits(entity)) total += 1;
  const pages = Math.max(1, Math.ceil(total / pageSize));
  const page = Math.min(Math.max(1, wanted), pages);
  const rows: { shelf: Shelf; entity: StoredEntity }[] = [];
  let toPass = (page - 1) * pageSize;
  for (const shelf of shelves) {
    for (const entity of shelf.order) {
      if (rows.length === pageSize) break;
      if (!fits(entity)) continue;
      if (toPass > 0) toPass -= 1;
      else rows.push({ shelf, entity });
    }
  }
  return { total, page, pages, rows };
}

function holdsText({ identifier, title, team, properties, relations }: StoredEntity, needle: string): boolean {
  return [identifier, title, team, properties, relations].some((value) => holds(value, needle));
}

function holds(value: unknown, needle: string): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === "object") return Object.values(value).some((each) => holds(each, needle));
  return String(value).toLowerCase().includes(needle);
}
