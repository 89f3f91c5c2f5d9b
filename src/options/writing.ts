import { type Budget, budget, flag, listOf, oneOf, text, wholeNumber, wordOr } from "./kinds.js";
import { group, optional, type SchemaOf, withDefault } from "./option.js";

/** How entities are written, and what ends a run early. */
export interface WritingGroup {
  /**
   * How an entity meets one that exists: `merge` changes the mapped fields, `override` replaces it, `create` refuses it. Default: as the mapping's
   * `enableMergeEntity` says, else `merge`.
   */
  readonly mode?: "merge" | "override" | "create" | undefined;
  /** Write only what the catalog has already; what it lacks is rejected, and no relation target is made. Default false. */
  readonly updateOnly?: boolean | undefined;
  /** Rejects allowed before the run stops: a number, or a share such as `5%`, judged from 1,000 records on. Default: any number. */
  readonly maxErrors?: Budget | undefined;
  /** Requests in flight, 1 to 256; `auto` grows while latency holds and halves on trouble. Default `auto`. */
  readonly concurrency?: "auto" | number | undefined;
  /**
   * Let the run empty a field of more than a tenth of the entities that have a value in it, or `entityDeletionThreshold` of the mapping; else it is refused.
   * Default false.
   */
  readonly allowEmptying?: boolean | undefined;
  /** File of known rejects, such as an earlier `reasons.ndjson`: they count, and do not set exit code 1. */
  readonly allowRejects?: string | undefined;
}

/** See {@link WritingGroup}. */
export const writingGroup = group("Writing", {
  mode: optional(
    oneOf("merge", "override", "create"),
    "how an entity meets one that exists; by default as the mapping's enableMergeEntity says, else merge",
    { common: true },
  ),
  updateOnly: withDefault(flag, false, "write only what the catalog has already; what it lacks is rejected", {
    common: true,
  }),
  maxErrors: optional(
    budget,
    "rejects allowed before the import stops: a number, or a percentage judged from 1,000 records on",
    { common: true },
  ),
  concurrency: withDefault(
    wordOr(["auto"], wholeNumber(1, 256)),
    "auto",
    "requests in flight, 1 to 256; auto grows while latency holds and halves on trouble",
  ),
  allowEmptying: withDefault(
    flag,
    false,
    "let the run empty a property or relation of more than 10% of the entities that have a value in it",
  ),
  allowRejects: optional(
    text("<file>"),
    "file of known rejects, such as an earlier reasons.ndjson: they count, and do not set exit code 1",
  ),
} satisfies SchemaOf<WritingGroup>);

/** How a sync compares, and what it may delete. */
export interface ComparingGroup {
  /** What is compared and written: `merge` the mapped fields, `override` all. Default: as the mapping says. */
  readonly mode?: "merge" | "override" | undefined;
  /** Delete what the mapping owns and the sources no longer have. Default false. */
  readonly prune?: boolean | undefined;
  /** Deletions allowed per blueprint: numbers, shares of those that the mapping owns, or both; the last of each counts. Default 100 and `10%`. */
  readonly maxDelete?: readonly Budget[] | undefined;
}

/** See {@link ComparingGroup}. */
export const comparingGroup = group("Writing", {
  mode: optional(
    oneOf("merge", "override"),
    "what is compared and written: merge the mapped fields, override all; by default as the mapping says",
    { common: true },
  ),
  prune: withDefault(flag, false, "delete what the mapping owns and the sources no longer have", { common: true }),
  maxDelete: withDefault(
    listOf(budget),
    [],
    "deletions allowed per blueprint: a number, a percentage of those it owns, or both (repeatable) [100 and 10%]",
    { common: true },
  ),
} satisfies SchemaOf<ComparingGroup>);
