/** What a bulk reply says of one entity of the request. */
export type ItemResult =
  | { readonly is: "created" }
  | { readonly is: "updated" }
  | { readonly is: "refused"; readonly status: number; readonly error: string; readonly message: string }
  /** Its index is missing, doubled or out of range in the reply. */
  | { readonly is: "unknown" };

/** What became of one bulk request. */
export type BulkReply =
  /** 200 or 207: one result for each entity sent, in the order sent. */
  | {
      readonly is: "settled";
      readonly results: readonly ItemResult[];
      readonly traceId?: string;
      /** When the request was first sent by the server's clock, milliseconds since the epoch, never later than the truth; absent when its clock is not known. */
      readonly sentAtMs?: number;
    }
  /** 413. */
  | { readonly is: "tooLarge" }
  /** Another 4xx for the request as a whole. */
  | {
      readonly is: "refused";
      readonly status: number;
      readonly error: string;
      readonly message: string;
      readonly traceId?: string;
    };
