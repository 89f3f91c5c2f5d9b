/** Where no source states Port's behaviour, which reading the emulator follows. */
export interface Readings {
  /** Status of a bulk write of which every item failed. Default 207. */
  readonly bulkAllFailed: 207 | 200;
  /** `ok` of a bulk reply with status 207. Default true. */
  readonly bulkPartialOk: boolean;
  /** An item that breaks the route's schema fails the whole call, as the published schema says, or itself. Default `call`. */
  readonly bulkSchema: "call" | "item";
  /** Relations and queries of a bulk item see those before it in the call, or only those there before the call. Default `earlier`. */
  readonly bulkVisibility: "earlier" | "none";
  /** An identifier that a bulk call holds twice: the later item changes what the earlier one wrote, or fails. Default `update`. */
  readonly repeatedItem: "update" | "reject";
  /** A query in place of an identifier that finds none or several fails its bulk item, or the whole call. Default `item`. */
  readonly identifierQuery: "item" | "call";
  /** Status of an upsert that updates. Default 200. */
  readonly updateStatus: 200 | 201;
  /** What happens to a property that the blueprint lacks. Default `drop`. */
  readonly unknownProperty: "drop" | "reject" | "store";
  /** Null as title, icon or team clears it, or breaks the route's schema; a PATCH always takes it. Default `clear`. */
  readonly nullField: "clear" | "reject";
  /** A blueprint's property with a type or format that the API description lacks, as `integer` or `date`. Default `reject`. */
  readonly unlistedType: "reject" | "accept";
  /** Formats enforced: date-time, url, email, ip; these and timer; none. Default `port`. */
  readonly formats: "port" | "all" | "off";
  /** An override that leaves a property out sets its default again. Default false. */
  readonly overrideDefaults: boolean;
  /** A null property is kept as null or removed. Default `store`. */
  readonly nullProperty: "store" | "remove";
  /** A merge replaces an object property as a whole, or merges it key by key, all the way down. Default `key`. */
  readonly mergeDepth: "key" | "deep";
  /** A string for a relation that holds many. Default `wrap`. */
  readonly scalarForMany: "wrap" | "reject";
  /** An array of exactly one for a relation that holds one. Default `accept`. */
  readonly arrayForSingle: "accept" | "reject";
  /** The same target twice in one relation. Default `keep`. */
  readonly duplicateTargets: "keep" | "dedupe";
  /** Status of a relation that the blueprint lacks. Default 404. */
  readonly unknownRelation: 404 | 422;
  /** Whether an entity that is created may point at itself. Default `missing`. */
  readonly selfTarget: "missing" | "exists";
  /** Identifiers of a bulk delete that do not exist. Default `omit`. */
  readonly deleteUnknown: "omit" | "reject";
  /** Status of `has_dependents`. Default 403. */
  readonly dependentsStatus: 403 | 422;
  /** Relations that make the entity that holds them a dependent, which blocks a deletion. Default `required`. */
  readonly dependents: "required" | "any";
  /** What happens to optional relations to an entity that is deleted. Default `unset`. */
  readonly deletedTarget: "unset" | "dangling";
  /** Required relations that forbid to delete all: those of the blueprint, those that point at it, both. Default `either`. */
  readonly deleteAllRefusedBy: "either" | "own" | "incoming";
  /** How often a migration is reported as running before it is reported as ended. Default 1. */
  readonly migrationPolls: number;
  /** How a deletion of all ends; except for `COMPLETED`, nothing is deleted. Default `COMPLETED`. */
  readonly migrationEnds: "COMPLETED" | "FAILURE" | "CANCELLED";
  /** A deletion of all shows when its migration starts, or only when that is reported as ended. Default `start`. */
  readonly deletionVisible: "start" | "end";
  /** Whether a 429 carries `Retry-After`. Default false. */
  readonly retryAfter: boolean;
  /** `x-ratelimit-reset` in seconds since 1970, or from now. Default `epoch`. */
  readonly resetUnit: "epoch" | "seconds";
  /** `expiresIn` of a token that is handed out again. Default `remaining`. */
  readonly expiresIn: "remaining" | "full";
  /** Body of a successful `validation_only`. Default `entity`. */
  readonly validationBody: "entity" | "ok";
  /** A team on a blueprint without ownership. Default `store`. */
  readonly teamWithoutOwnership: "store" | "ignore";
  /** A team that is not an entity of `_team`, on a blueprint with direct ownership. Default `reject`. */
  readonly unknownTeam: "reject" | "accept";
  /** Code of a team written to a blueprint that inherits it. Default `inherited_ownership_enabled`. */
  readonly inheritedTeamCode: "inherited_ownership_enabled" | "team_inheritance_enabled";
  /** Title of an entity that was given none. Default `null`. */
  readonly titleOmitted: "null" | "absent" | "identifier";
  /** A relation query without a match, on an optional relation. Default `null`. */
  readonly queryWithoutMatch: "null" | "reject";
  /** Status of a write to a protected blueprint. Default 403. */
  readonly protectedStatus: 403 | 422;
  /** A `run_id` that no run has. Default `reject`. */
  readonly unknownRun: "reject" | "accept";
  /** Whether identifiers may hold an apostrophe, as since August 2026. Default true. */
  readonly apostrophe: boolean;
}

/** Trouble for an emulator: which requests it happens to, and what it is. The form of the files that `portload emulator --faults` reads. */
export interface FaultScript {
  /** Of the chances; the same seed draws the same numbers. Default 1. */
  readonly seed?: number | undefined;
  readonly faults: readonly FaultRule[];
}

/** Some requests, and what happens to them. */
export interface FaultRule {
  /** Group of routes that it happens to. Default: every route. */
  readonly route?: "token" | "blueprints" | "search" | "single" | "bulk" | "entities" | "other" | undefined;
  /** Ordinals of the requests that it happens to, from 1, counted among those of `route`. Default: all. */
  readonly requests?: number | readonly number[] | undefined;
  /** Chance that it happens to a request, 0 to 1. Default 1. */
  readonly probability?: number | undefined;
  /** How often at most. Default: without end. */
  readonly times?: number | undefined;
  /** Milliseconds that the request waits before anything else: one figure, or the ends of a range. */
  readonly delayMs?: number | readonly [number, number] | undefined;
  /** Somebody else takes so many requests of the route's quota first. */
  readonly takeQuota?: number | undefined;
  /** The token in force ends. */
  readonly expireToken?: true | undefined;
  /** The answer has this status instead; its headers and body may be given. Nothing is written, unless `written` says so. */
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** True: the work is done before the answer fails. */
  readonly written?: boolean | undefined;
  /** The connection ends before the work is done, or after it and without an answer. */
  readonly drop?: "before" | "after" | undefined;
  /** What happens to the answer's body: cut off within, no JSON, JSON of another shape. */
  readonly garble?: "truncated" | "malformed" | "shapeless" | undefined;
  /** What happens to `index` in a bulk answer: the last entry's is left out, given twice, or beyond the request. */
  readonly index?: "missing" | "doubled" | "outOfRange" | undefined;
  /** A bulk request is answered by a 207 in which every entity failed with this status; nothing is written. */
  readonly allFailed?: number | undefined;
}
