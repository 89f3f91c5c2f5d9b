import { clientRoutes, type Origin, type Row } from "./client-behaviours.js";

/** What the emulator answers on a route with a status. */
export interface Behaviour {
  /** Method and path as in Port's description. */
  readonly route: string;
  readonly status: number;
  readonly when: string;
  readonly origin: Origin;
  /** Switch of `readings.ts` that chooses the other reading. */
  readonly reading?: string;
}

const entities = "/v1/blueprints/{blueprint_identifier}/entities";
const one = `${entities}/{entity_identifier}`;
const blueprints = "/v1/blueprints";
const blueprint = "/v1/blueprints/{identifier}";

/** Replies that every route gives, whatever it does. */
const everywhere: readonly Row[] = [
  [401, "inferred", "no token, an unknown one, one whose life is over"],
  [429, "documented", "over the limit of the route's family; the body is inferred", "retryAfter"],
];
const unknownBlueprint: Row = [404, "seen live", "unknown blueprint"];
const unknownAction: Row = [404, "seen live", "unknown action"];
const unknownRun: Row = [404, "documented", "unknown run"];
const withBody: readonly Row[] = [
  [400, "inferred", "body that is not JSON"],
  [413, "documented", "body over 1 MiB"],
];
const run: Row = [400, "documented", "`run_id` of a finished run, or a body that is not JSON"];
const protectedOne: Row = [
  403,
  "seen live",
  "protected blueprint; on an entity that loses a required relation: documented",
  "protectedStatus",
];

const writing: readonly Row[] = [
  run,
  protectedOne,
  [404, "seen live", "unknown blueprint, relation or entity that a relation or a team names", "unknownRelation"],
  [409, "seen live", "identifier taken"],
  [413, "documented", "body over 1 MiB"],
  [
    422,
    "documented",
    "against the route's or the blueprint's schema; required relation missing; several targets for one; inherited team",
  ],
];

const routes: Readonly<Record<string, readonly Row[]>> = {
  "POST /v1/auth/access_token": [
    [200, "documented", "the token in force, or a new one", "expiresIn"],
    [400, "inferred", "body that is not JSON"],
    [401, "seen live", "wrong credentials"],
    [413, "documented", "body over 1 MiB"],
    [422, "documented", "another body than `clientId` and `clientSecret`"],
    [429, "documented", "over the limit of requests without a token"],
  ],
  [`GET ${blueprints}`]: [[200, "documented", "all blueprints"]],
  [`POST ${blueprints}`]: [
    [201, "documented", "created"],
    ...withBody,
    [404, "seen live", "a relation's target is unknown"],
    [409, "documented", "identifier taken"],
    [
      422,
      "documented",
      "against the schema, required property unknown, `many` and `required`, mirror path or ownership path without an end",
    ],
  ],
  [`GET ${blueprint}`]: [[200, "documented", "found"], unknownBlueprint],
  [`PUT ${blueprint}`]: [
    [200, "documented", "replaced"],
    ...withBody,
    [404, "seen live", "unknown blueprint, or target of a relation"],
    [409, "inferred", "renamed to one that exists"],
    [422, "documented", "as on creation, a property's type changes, or one of the system loses what it came with"],
  ],
  [`PATCH ${blueprint}`]: [
    [200, "documented", "parts replaced"],
    ...withBody,
    [404, "seen live", "unknown blueprint, or target of a relation"],
    [409, "inferred", "renamed to one that exists"],
    [422, "documented", "as on creation, a property's type changes, or one of the system loses what it came with"],
  ],
  [`DELETE ${blueprint}`]: [
    [200, "documented", "deleted"],
    ...withBody,
    [403, "documented", "entities, or relations to it, are left, or it is one of the system", "dependentsStatus"],
    unknownBlueprint,
    [
      422,
      "documented",
      "`delete_actions` that is not a boolean; has dependents, or is one of the system, under the other readings",
      "dependentsStatus",
    ],
  ],
  [`PATCH ${blueprint}/properties/{property}/rename`]: renames("property"),
  [`PATCH ${blueprint}/mirror/{property}/rename`]: renames("mirror property"),
  [`PATCH ${blueprint}/relations/{property}/rename`]: renames("relation"),
  [`GET ${entities}`]: [
    [200, "documented", "all of them, in order of creation"],
    unknownBlueprint,
    [422, "inferred", "a flag that is no boolean"],
  ],
  [`POST ${entities}`]: [
    [200, "documented", "an upsert changed it", "updateStatus"],
    [201, "documented", "created", "updateStatus"],
    ...writing,
  ],
  [`POST ${entities}/bulk`]: [
    [200, "documented", "every item succeeded", "bulkAllFailed"],
    [207, "documented", "some items failed; all of them: inferred", "bulkAllFailed"],
    run,
    [
      404,
      "seen live",
      "unknown blueprint; an identifier query without a match, under the other reading",
      "identifierQuery",
    ],
    [413, "documented", "body over 1 MiB"],
    [422, "documented", "none or more than 20 items, or one against the route's schema", "bulkSchema"],
  ],
  [`GET ${one}`]: [
    [200, "documented", "found"],
    [404, "documented", "unknown blueprint or entity"],
    [422, "inferred", "a flag that is no boolean"],
  ],
  [`PUT ${one}`]: [[200, "documented", "replaced"], ...writing],
  [`PATCH ${one}`]: [[200, "documented", "given fields changed"], ...writing],
  [`DELETE ${one}`]: [
    [200, "documented", "deleted"],
    run,
    [403, "documented", "required by another entity and `delete_dependents` not set", "dependentsStatus"],
    [404, "documented", "unknown blueprint or entity"],
    [413, "documented", "body over 1 MiB"],
    [422, "documented", "a flag that is no boolean; has dependents, under the other reading", "dependentsStatus"],
  ],
  "GET /v1/blueprints/{blueprint_identifier}/entities-count": [
    [200, "documented", "how many there are"],
    unknownBlueprint,
  ],
  "DELETE /v1/blueprints/{blueprint_identifier}/all-entities": [
    [200, "documented", "a migration that deletes them"],
    run,
    [
      403,
      "documented",
      "required relations; with `delete_blueprint`, any to it, or one of the system",
      "deleteAllRefusedBy",
    ],
    unknownBlueprint,
    [413, "documented", "body over 1 MiB"],
    [422, "documented", "a flag that is no boolean; has dependents, under the other reading", "dependentsStatus"],
  ],
  "POST /v1/blueprints/{blueprint_identifier}/bulk/entities/delete": [
    [200, "documented", "those of the list that existed are deleted", "deleteUnknown"],
    run,
    [403, "documented", "required by another entity and `delete_dependents` not set", "dependentsStatus"],
    [404, "documented", "unknown blueprint; unknown entity under the other reading", "deleteUnknown"],
    [413, "documented", "body over 1 MiB"],
    [
      422,
      "documented",
      "none or more than 100 identifiers; has dependents, under the other reading",
      "dependentsStatus",
    ],
  ],
  "POST /v1/entities/search": [[200, "documented", "all matches"], ...withBody, [422, "documented", "no valid query"]],
  [`POST ${entities}/search`]: [
    [200, "documented", "a page of matches"],
    ...withBody,
    [404, "seen live", "unknown blueprint"],
    [422, "seen live", "no valid query, limit or cursor"],
  ],
  "GET /v1/actions": [[200, "documented", "all actions"]],
  "POST /v1/actions": [
    [201, "documented", "created; the emulator never invokes it"],
    ...withBody,
    [409, "inferred", "identifier taken"],
    [422, "documented", "against the route's schema"],
  ],
  "GET /v1/actions/{action}": [[200, "seen live", "found"], unknownAction],
  "PUT /v1/actions/{action}": [
    [200, "documented", "replaced"],
    ...withBody,
    unknownAction,
    [409, "inferred", "renamed to one that exists"],
    [422, "documented", "against the route's schema"],
  ],
  "DELETE /v1/actions/{action}": [
    [200, "documented", "deleted"],
    ...withBody,
    unknownAction,
    [422, "inferred", "body nested too deep"],
  ],
  "POST /v1/actions/{action}/runs": [
    [202, "documented", "a run that is in progress"],
    ...withBody,
    [404, "documented", "unknown action or entity"],
    [422, "documented", "against the route's schema"],
  ],
  "GET /v1/actions/runs": [[200, "documented", "all runs"]],
  "GET /v1/actions/runs/{run}": [[200, "documented", "found"], unknownRun],
  "PATCH /v1/actions/runs/{run}": [
    [200, "seen live", "changed"],
    ...withBody,
    unknownRun,
    [422, "seen live", "against the route's schema, or the run has ended"],
  ],
  "GET /v1/actions/runs/{run}/logs": [[200, "documented", "all lines"], unknownRun],
  "POST /v1/actions/runs/{run}/logs": [
    [201, "documented", "a line is added, which may end the run"],
    ...withBody,
    unknownRun,
    [422, "documented", "against the route's schema, or the run has ended"],
  ],
  "GET /v1/audit-log": [[200, "seen live", "writes of entities: the last 1,000, and all of a run"]],
  "GET /v1/migrations/{migration}": [
    [200, "seen live", "how far a deletion of all entities is, and how it ended", "migrationEnds"],
    [404, "inferred", "unknown"],
  ],
};

function renames(what: string): readonly Row[] {
  return [
    [200, "documented", "renamed, with the values of all entities"],
    [400, "inferred", "body that is not JSON"],
    [404, "seen live", `unknown blueprint or ${what}`],
    [409, "inferred", "the new name is taken"],
    [413, "documented", "body over 1 MiB"],
    [422, "documented", "no valid name, or what one of the system came with"],
  ];
}

/** Everything that the emulator answers, route by route; a reply that is not listed fails `npm run conformance`. */
export const behaviours: readonly Behaviour[] = Object.entries({ ...routes, ...clientRoutes }).flatMap(
  ([route, rows]) =>
    [...rows, ...(route.includes("access_token") ? [] : everywhere)]
      .sort((a, b) => a[0] - b[0])
      .map(([status, origin, when, reading]) => ({
        route,
        status,
        when,
        origin,
        ...(reading === undefined ? {} : { reading }),
      })),
);
