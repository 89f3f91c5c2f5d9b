/**
 * What the transport says of one request, all its attempts together.
 *
 * @typeParam T - the parsed body of a 2xx
 */
export type Reply<T> =
  | ({ readonly is: "done"; readonly status: number; readonly body: T; readonly attempts?: number } & Origin)
  | (Refused & Origin)
  /** It may have been done or not, and must not be sent again blindly. */
  | {
      readonly is: "lost";
      /** Status or code of the fault. */
      readonly cause: string;
      readonly attempts: number;
      /** As in {@link Origin}. */
      readonly sentAtMs?: number;
    };

/** Any status that is not 2xx. */
export interface Refused {
  readonly is: "refused";
  readonly status: number;
  /** Port's code, e.g. `not_found`; `unknown_error` where the body has none. */
  readonly error: string;
  /** The API's own words, without secrets; empty where the body has none. */
  readonly message: string;
  /** Method and address without query. */
  readonly request: string;
  /** Parsed JSON; undefined where the body is not JSON. */
  readonly body: unknown;
  /** Above 1, an earlier attempt may have been done though its reply was lost. */
  readonly attempts: number;
}

/** Where and when a reply came from. */
export interface Origin {
  readonly traceId?: string;
  /** When the request was first sent by the server's clock, milliseconds since the epoch, never later than the truth; absent when its clock is not known. */
  readonly sentAtMs?: number;
}

/** The rows by which a report counts attempts. */
export type CountedRoute = "token" | "blueprints" | "bulk" | "single" | "search" | "delete" | "other";

/** Traffic of this process: the report's `requests`. */
export interface RequestCounts {
  /** Attempts of every kind. */
  readonly total: number;
  /** Attempts after a request's first. */
  readonly retries: number;
  /** Replies of status 429. */
  readonly rateLimited: number;
  /** Replies by HTTP status; an attempt without a whole reply is in none. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Attempts by route. */
  readonly byRoute: Readonly<Record<CountedRoute, number>>;
  /** Bytes of request bodies, of every attempt. */
  readonly bytesSent: number;
}

/** How many requests a server says that it takes in a period. */
export interface StatedQuota {
  readonly limit: number;
  readonly periodMs: number;
}

/** A refusal in words: `status 404, not_found: no such blueprint`. */
export function wordsOf({ status, error, message }: Pick<Refused, "status" | "error" | "message">): string {
  const known = error === noCode ? "" : error;
  const words = [known, message].filter((part) => part !== "").join(": ");
  return words === "" ? `status ${status}` : `status ${status}, ${words}`;
}

/** The code of a refusal that has none. */
export const noCode = "unknown_error";
