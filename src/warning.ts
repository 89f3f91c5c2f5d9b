import type { Place } from "./record.js";

/** Every warning's code, with its meaning. A warning changes no exit code. */
export const warningCodes = {
  no_records: "a source has a header or an empty array, and no record",
  sheet_noted: "a sheet of a workbook has hidden rows, merged ranges or cells that show an error",
  kind_without_source: "a kind of the mapping got no source; its resources were not imported",
  ignored_key: "a key of the mapping steers another integration and has no effect here",
  environment_unset: "a variable that the mapping allows is not in the environment; expressions see null",
  unknown_property: "a property that the blueprint lacks was left out, as unknownProperties: warn says",
  expression_error: "an expression failed; its value became null, as in Port",
  long_integer: "an integer beyond 2^53 was kept as text, so that no digit is lost",
  duplicate_differs: "a later record repeats an entity with other content; the first one was sent",
  column_missing:
    "a source lacks a column that has a format in the mapping, or none of the first records that a program gave has a key that is read; in a file, a column that an expression begins with ends the command with 3",
  ambiguous_dates: "dates of a column were refused because day and month cannot be told apart",
  value_kept:
    "sync and plan: a value stays in the catalog although the source has none, as onNull: omit says; list the field under clear to empty it, or under omit if it is to stay",
  cleared_apart: "a title, icon or team is cleared by a request of its own",
  format_unusual: "a value does not look like its format, which Port may not enforce",
  number_as_text:
    "a JSON number became the text of a text property; digits such as the .0 of 1.0 are not in a JSON number",
  constraint_unchecked: "a property's schema cannot be read here; the API alone checks it",
  team_without_ownership: "a team is given to a blueprint without ownership; Port may ignore it",
  relation_target_missing:
    "a relation was left out because its target does not exist, or is empty because a search for it found nothing",
  not_checked: "a dry run could not have the API check an entity: a target that it requires is only in this import",
  source_changed: "a source changed while it was imported",
  pace_fallback: "the Redis of --pace was lost; the import went on alone with the share of --pace-fallback",
  deleted_dependents: "entities were deleted with what they relate to, as deleteDependentEntities says",
  not_owned: "a prune left entities that the mapping does not own any more when they were fetched to be deleted",
  reject_cured: "a reject that --allow-rejects lists did not come up again; take it off the list",
  rejects_unchanged: "a retry failed again, and the rejects file that it read is as the earlier run left it",
  state_unclean: "something in the state folder could not be cleaned up",
};

/** A code of {@link warningCodes}. */
export type WarningCode = keyof typeof warningCodes;

/** Something the user should know. Same code, path and blueprint are counted together in the report. */
export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  readonly blueprint?: string;
  /** Leaf of the mapping, or property of the blueprint. */
  readonly path?: string;
  readonly count: number;
  /** First place it was seen; absent where it concerns no record. */
  readonly first?: Place;
}
