import type { BulkReply, ItemResult } from "../reply.js";
import { bulkBody, bulkRefused, bulkWritten } from "./bodies.js";

/** The reply of a request that may have been done or not, and that must not be sent again blindly. */
export interface LostReply {
  /** Status or code of the fault. */
  readonly cause: string;
  /** When the attempt began by the server's clock, milliseconds since the epoch, never later than the truth; absent when its clock is not known. */
  readonly sentAtMs?: number;
}

/**
 * A settled reply whose results are all unknown because it was lost (mode create only); `lost` helps the writer that reads the entities back:
 * one whose `createdAt` is not before `sentAtMs` is ours.
 */
export type BulkReplyOrLost = BulkReply & { readonly lost?: LostReply };

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
