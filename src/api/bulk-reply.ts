import { bulkBody, bulkRefused, bulkWritten } from "./bodies.js";

/** What a bulk reply says of one entity. `unknown`: nothing, or two things; the writer finds out. */
export type ItemResult =
  | { readonly is: "created" | "updated" | "unknown" }
  | { readonly is: "refused"; readonly status: number; readonly error: string; readonly message: string };

/** What became of a bulk request. */
export type BulkReply =
  | { readonly is: "settled"; readonly results: readonly ItemResult[]; readonly traceId?: string }
  /** The body is over the server's limit (413); nothing was written. */
  | { readonly is: "tooLarge"; readonly traceId?: string }
  /** The whole request was refused, e.g. the blueprint is unknown; nothing was written. */
  | {
      readonly is: "refused";
      readonly status: number;
      readonly error: string;
      readonly message: string;
      readonly traceId?: string;
    }
  /**
   * Mode create, and the reply was lost: written or not, nobody knows, and it must not be sent again blindly.
   * `sentAtMs`: when the attempt began by the server's clock, never later than the truth; undefined when its clock is not known.
   */
  | { readonly is: "lost"; readonly cause: string; readonly sentAtMs: number | undefined };

const unknown: ItemResult = { is: "unknown" };

/**
 * Reads the outcome of each entity from the body of a 200 or 207, by `index` alone: identifiers may be queries.
 *
 * @param body - parsed JSON, or anything else: then all are unknown
 * @param count - entities that were sent
 * @returns one result for each entity sent; unknown where the index is missing or given twice; entries out of range are passed over
 * @source API reference, "Create multiple entities"
 */
export function readBulkResults(body: unknown, count: number): readonly ItemResult[] {
  const results = new Array<ItemResult>(count).fill(unknown);
  const parsed = bulkBody.safeParse(body);
  if (!parsed.success) return results;
  const seen = new Set<number>();
  const settle = (index: number, result: ItemResult) => {
    if (index < 0 || index >= count) return;
    results[index] = seen.has(index) ? unknown : result;
    seen.add(index);
  };
  for (const entry of parsed.data.entities) {
    const { data } = bulkWritten.safeParse(entry);
    if (data) settle(data.index, { is: data.created ? "created" : "updated" });
  }
  for (const entry of parsed.data.errors) {
    const { data } = bulkRefused.safeParse(entry);
    if (data) settle(data.index, { is: "refused", status: data.statusCode, error: data.error, message: data.message });
  }
  return results;
}
