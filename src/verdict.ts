/** What a reply means for one entity of the request. */
export type Verdict =
  | { readonly is: "created" }
  | { readonly is: "updated" }
  | {
      readonly is: "refused";
      readonly status: number;
      /** Port's code, e.g. `not_found`. */
      readonly error: string;
      /** The API's own words. */
      readonly message: string;
      readonly traceId?: string;
    }
  /** The reply says nothing of it, or was lost. */
  | { readonly is: "unknown" };
