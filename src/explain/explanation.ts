import type { Finding, Reject } from "../reject.js";
import type { LeafTrace } from "../trace/trace-records.js";
import type { Warning } from "../warning.js";

/** All that portload makes of one record. */
export interface Explanation {
  /** The source as people know it. */
  readonly source: string;
  readonly kind: string;
  readonly position: number;
  readonly line?: number;
  /** The record as read: cells by column, or the JSON value. Absent when it could not be read. */
  readonly record?: unknown;
  /** What the expressions see, where that differs from the record: blanks are null, columns read by their formats. */
  readonly sees?: unknown;
  /** Why the reader refused it. */
  readonly unread?: Reject;
  readonly candidates: readonly ExplainedCandidate[];
  readonly warnings: readonly Warning[];
  /** Whether the catalog was asked, and if not why. */
  readonly catalog: { readonly asked: true; readonly url: string } | { readonly asked: false; readonly why: string };
}

/** A candidate of the record: what each expression gave and what became of it. */
export interface ExplainedCandidate {
  /** Index of the mapping's resource, from 0. */
  readonly resource: number;
  readonly blueprint?: string;
  /** Index of the element of itemsToParse, from 0; absent without it, and where it gave none. */
  readonly item?: number;
  readonly leaves: readonly LeafTrace[];
  readonly fate: "entity" | "skipped" | "rejected";
  /** Why it is skipped. */
  readonly why?: string;
  /** At which stage it is rejected, and every fault. */
  readonly rejected?: { readonly stage: Reject["stage"]; readonly findings: readonly Finding[] };
  /** Fields that the blueprint's types changed. */
  readonly typed?: readonly { readonly path: string; readonly from: unknown; readonly to: unknown }[];
  /** The entity as it would be sent; typed where blueprints are known. */
  readonly payload?: unknown;
  readonly held?: Held;
}

/** What the catalog holds of an entity, and what a write would change. */
export interface Held {
  /** `search`: the identifier is a search query, so that only the API knows the entity. */
  readonly is: "absent" | "held" | "search";
  readonly mode: string;
  readonly changes: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[];
  /** Relation targets that the catalog lacks now. */
  readonly missingTargets: readonly {
    readonly path: string;
    readonly blueprint: string;
    readonly identifier: string;
  }[];
}
