/**
 * Where no source pins Port's behaviour down, which reading the emulator follows. The numbers are rows of the fact sheet's table of inferences.
 * Every key has a default, so that a test names only what it turns round.
 */
export interface Readings {
  /** Status of a bulk write of which every item failed (1). */
  readonly bulkAllFailed: 200 | 207;
  /** `ok` of a bulk reply with status 207 (2). */
  readonly bulkPartialOk: boolean;
  /** Whether an item that breaks the route's schema fails the whole call, as the published schema says, or only itself. */
  readonly bulkSchema: "call" | "item";
  /** Which entities a relation of a bulk item sees: those before it in the call too, or only those there before the call (17). */
  readonly bulkVisibility: "earlier" | "none";
  /** Status of an upsert that updates (4). */
  readonly updateStatus: 200 | 201;
  /** What becomes of a property that the blueprint lacks (5). */
  readonly unknownProperty: "reject" | "drop" | "store";
  /** Which formats are enforced: date-time, url, email, ip; these and timer; none (7). */
  readonly formats: "port" | "all" | "off";
  /** Whether an override that leaves a property out sets its default again (9). */
  readonly overrideDefaults: boolean;
  /** Whether a null property is kept as null or removed (10). */
  readonly nullProperty: "store" | "remove";
  /** A string for a relation that holds many (11). */
  readonly scalarForMany: "wrap" | "reject";
  /** An array of exactly one for a relation that holds one (12). */
  readonly arrayForSingle: "accept" | "reject";
  /** The same target twice in one relation (15). */
  readonly duplicateTargets: "keep" | "dedupe";
  /** Status of a relation that the blueprint lacks (18). */
  readonly unknownRelation: 404 | 422;
  /** Whether an entity that is created may point at itself. */
  readonly selfTarget: "missing" | "exists";
  /** Ids of a bulk delete that do not exist (19). */
  readonly deleteUnknown: "omit" | "reject";
  /** Status of `has_dependents` (20). */
  readonly dependentsStatus: 403 | 422;
  /** Which relations make the entity that holds them a dependent that blocks a deletion. */
  readonly dependents: "required" | "any";
  /** What becomes of optional relations to an entity that is deleted. */
  readonly deletedTarget: "unset" | "dangling";
  /** Which required relations forbid to delete all: those of the blueprint, those that point at it, both. */
  readonly deleteAllRefusedBy: "own" | "incoming" | "either";
  /** How often a migration is reported as running before it is reported as completed (27). */
  readonly migrationPolls: number;
  /** Whether a 429 carries `Retry-After` (22). */
  readonly retryAfter: boolean;
  /** Unit of `x-ratelimit-reset`: seconds from now, or seconds since 1970 (23). */
  readonly resetUnit: "seconds" | "epoch";
  /** `expiresIn` of a token that is handed out again (24). */
  readonly expiresIn: "remaining" | "full";
  /** Body of a successful `validation_only` (25). */
  readonly validationBody: "entity" | "ok";
  /** A team on a blueprint without ownership (28). */
  readonly teamWithoutOwnership: "store" | "ignore";
  /** A team that is no entity of `_team`, on a blueprint with direct ownership. */
  readonly unknownTeam: "reject" | "accept";
  /** Code of a team written to a blueprint that inherits it. */
  readonly inheritedTeamCode: "inherited_ownership_enabled" | "team_inheritance_enabled";
  /** Title of an entity that was given none (29). */
  readonly titleOmitted: "null" | "absent" | "identifier";
  /** A relation query without a match, on an optional relation (33). */
  readonly queryWithoutMatch: "null" | "reject";
  /** Status of a write to a protected blueprint (35). */
  readonly protectedStatus: 403 | 422;
  /** A `run_id` that no run has. */
  readonly unknownRun: "reject" | "accept";
  /** Whether identifiers may hold an apostrophe, as since August 2026. */
  readonly apostrophe: boolean;
}

/** The reading that the fact sheet thinks likeliest, row by row. */
export const likeliestReadings: Readings = {
  bulkAllFailed: 207,
  bulkPartialOk: true,
  bulkSchema: "call",
  bulkVisibility: "earlier",
  updateStatus: 200,
  unknownProperty: "reject",
  formats: "port",
  overrideDefaults: false,
  nullProperty: "store",
  scalarForMany: "wrap",
  arrayForSingle: "accept",
  duplicateTargets: "keep",
  unknownRelation: 404,
  selfTarget: "missing",
  deleteUnknown: "omit",
  dependentsStatus: 403,
  dependents: "required",
  deletedTarget: "unset",
  deleteAllRefusedBy: "either",
  migrationPolls: 1,
  retryAfter: false,
  resetUnit: "seconds",
  expiresIn: "remaining",
  validationBody: "entity",
  teamWithoutOwnership: "store",
  unknownTeam: "reject",
  inheritedTeamCode: "inherited_ownership_enabled",
  titleOmitted: "null",
  queryWithoutMatch: "null",
  protectedStatus: 403,
  unknownRun: "reject",
  apostrophe: true,
};
