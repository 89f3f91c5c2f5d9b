/** Where a behaviour of the emulator comes from: Port's description or documentation; a reply or a client's test that met the real API; the code of Port's own clients; nobody, so it is inferred. */
export type Origin = "documented" | "seen live" | "client" | "inferred";

/** What a route answers with one status. */
export type Row = readonly [status: number, origin: Origin, when: string, reading?: string];

const body = "body that is not JSON";
const read = (what: string): Row => [404, "inferred", `unknown ${what}`];
const withBody: readonly Row[] = [
  [400, "inferred", body],
  [413, "documented", "body over 1 MiB"],
];
/** Of a route whose body, if there is one, is read all the same. */
const noBody: readonly Row[] = [...withBody, [422, "inferred", "body nested too deep"]];
const schema: Row = [422, "documented", "against the route's schema"];
const noWorkflows = "none: there are no workflows here";
const refused: Row = [422, "inferred", "against the route's schema"];
const ofBlueprint: Row = [404, "seen live", "unknown blueprint"];

const permissions = (what: string): Readonly<Record<string, readonly Row[]>> => {
  const path = `/v1/${what}s/{${what}}/permissions`;
  return {
    [`GET ${path}`]: [
      [200, "documented", "the defaults, or what was set; nothing is refused for want of them"],
      read(what),
    ],
    [`PATCH ${path}`]: [
      [200, "documented", "changed part by part"],
      ...withBody,
      read(what),
      [422, "seen live", "against the route's schema, or a property or relation that the blueprint lacks"],
    ],
  };
};

/** Routes that Port's own clients call, beyond those that write and read entities. */
export const clientRoutes: Readonly<Record<string, readonly Row[]>> = {
  "POST /v1/blueprints/entities/datasource-entities": [
    [200, "client", "identifiers of what a program wrote last, by pages"],
    ...withBody,
    [422, "inferred", "against the route's schema, or no valid cursor or date"],
  ],
  "DELETE /v1/blueprints/{blueprint_identifier}/bulk/entities": [
    [200, "documented", "as its successor, until July 2025", "deleteUnknown"],
    [400, "documented", "`run_id` of a finished run, or a body that is not JSON"],
    [403, "documented", "required by another entity and `delete_dependents` not set", "dependentsStatus"],
    [404, "documented", "unknown blueprint; unknown entity under the other reading", "deleteUnknown"],
    [413, "documented", "body over 1 MiB"],
    [422, "documented", "none or more than 100 identifiers"],
  ],
  "GET /v1/blueprints/{blueprint_identifier}/actions": [[200, "client", "actions of the blueprint"], ofBlueprint],
  "POST /v1/blueprints/{blueprint_identifier}/entities/top-search": [
    [200, "client", "the first of the blueprint's entities in an order; the form of `sort` is inferred"],
    ...withBody,
    ofBlueprint,
    [422, "inferred", "against the route's schema, no valid query"],
  ],
  "POST /v1/blueprints/{blueprint_identifier}/entities/group": [
    [200, "client", "how many of the blueprint's entities have each value of a property; their order is inferred"],
    ...withBody,
    ofBlueprint,
    [422, "inferred", "against the route's schema, no valid query"],
  ],
  "PATCH /v1/blueprints/{blueprint_identifier}/datasource/bulk": [
    [200, "client", "the entities named are of that program from now on; unknown ones are passed over"],
    ...withBody,
    ofBlueprint,
    refused,
  ],
  "GET /v1/data-sources": [[200, "client", "integrations, each with the blueprints whose entities it wrote last"]],
  "GET /v1/auth/permissions": [[200, "client", "`execute:actions:…` for every action"]],
  "POST /v1/actions/runs/claim-pending": [
    [200, "client", "runs of actions that the integration executes, hidden from other claims for the time given"],
    ...withBody,
    refused,
  ],
  "PATCH /v1/actions/runs/ack": [[200, "client", "done"], ...withBody, read("run"), [409, "client", "again"], refused],
  "POST /v1/workflows/runs/claim-pending": [[200, "client", noWorkflows], ...withBody, refused],
  "GET /v1/workflows/nodes/runs": [[200, "client", noWorkflows]],
  "PATCH /v1/workflows/runs/ack": [[404, "inferred", noWorkflows], ...withBody, refused],
  "GET /v1/migrations": [[200, "documented", "all migrations"]],
  "GET /v1/organization": [[200, "client", "name, settings, `id`, `featureFlags` (none)"]],
  "PUT /v1/organization": [[200, "documented", "replaced"], ...withBody, schema],
  "PATCH /v1/organization": [[200, "documented", "changed"], ...withBody, schema],
  ...permissions("blueprint"),
  ...permissions("action"),
  ...permissions("page"),
  "GET /v1/teams": [[200, "documented", "the entities of `_team`, each with its users"]],
  "POST /v1/teams": [
    [200, "documented", "created, and given to the users named"],
    ...withBody,
    [404, "inferred", "unknown user"],
    [409, "inferred", "the name is taken"],
    schema,
  ],
  "GET /v1/teams/{name}": [[200, "documented", "found"], read("team")],
  "PUT /v1/teams/{name}": [
    [200, "documented", "replaced; another name renames it"],
    ...withBody,
    [404, "inferred", "unknown team or user"],
    [409, "inferred", "renamed to one that exists"],
    schema,
  ],
  "PATCH /v1/teams/{name}": [
    [200, "documented", "given fields changed"],
    ...withBody,
    [404, "inferred", "unknown team or user"],
    [409, "inferred", "renamed to one that exists"],
    schema,
  ],
  "DELETE /v1/teams/{name}": [
    [200, "documented", "deleted"],
    ...withBody,
    [403, "inferred", "an entity requires it", "dependentsStatus"],
    read("team"),
    [422, "inferred", "body nested too deep; an entity requires it, under the other reading", "dependentsStatus"],
  ],
  "GET /v1/users": [[200, "documented", "the entities of `_user`"]],
  "POST /v1/users/invite": [
    [200, "documented", "a user of status `Invited`; no mail is sent"],
    ...withBody,
    [404, "inferred", "unknown team"],
    [409, "inferred", "there is one already"],
    schema,
  ],
  "GET /v1/users/{email}": [[200, "documented", "found"], read("user")],
  "PATCH /v1/users/{email}": [
    [200, "documented", "role and teams changed"],
    ...withBody,
    [404, "inferred", "unknown user or team"],
    schema,
  ],
  "DELETE /v1/users/{email}": [
    [200, "documented", "deleted"],
    ...withBody,
    [403, "inferred", "an entity requires it", "dependentsStatus"],
    read("user"),
    [422, "inferred", "body nested too deep; an entity requires it, under the other reading", "dependentsStatus"],
  ],
  "GET /v1/scorecards": [[200, "documented", "those of all blueprints"]],
  "GET /v1/blueprints/{blueprint_identifier}/scorecards": [[200, "documented", "those of the blueprint"], ofBlueprint],
  "POST /v1/blueprints/{blueprint_identifier}/scorecards": [
    [201, "documented", "created; reads of entities show what it says of each"],
    ...withBody,
    ofBlueprint,
    [409, "client", "identifier taken"],
    [422, "documented", "against the route's schema, or a rule of a level that it lacks"],
  ],
  "PUT /v1/blueprints/{blueprint_identifier}/scorecards": [
    [200, "client", "all of them replaced"],
    ...withBody,
    ofBlueprint,
    [422, "documented", "against the route's schema, or a rule of a level that it lacks"],
  ],
  "GET /v1/blueprints/{blueprint_identifier}/scorecards/{scorecard}": [
    [200, "documented", "found"],
    [404, "documented", "unknown blueprint or scorecard"],
  ],
  "PUT /v1/blueprints/{blueprint_identifier}/scorecards/{scorecard}": [
    [200, "documented", "replaced"],
    ...withBody,
    [404, "documented", "unknown blueprint or scorecard"],
    [409, "inferred", "renamed to one that exists"],
    [422, "documented", "against the route's schema, or a rule of a level that it lacks"],
  ],
  "DELETE /v1/blueprints/{blueprint_identifier}/scorecards/{scorecard}": [
    [200, "documented", "deleted"],
    ...noBody,
    [404, "documented", "unknown blueprint or scorecard"],
  ],
  "GET /v1/integration": [[200, "client", "all integrations"]],
  "POST /v1/integration": [
    [201, "client", "created"],
    ...withBody,
    [409, "inferred", "identifier taken"],
    [422, "documented", "against the route's schema"],
  ],
  "GET /v1/integration/provision-enabled": [[200, "client", "no integration is provisioned by the API"]],
  "GET /v1/integration/{integration}": [
    [200, "client", "found, with where its logs and metrics go (`/ingest/…` of the emulator)"],
    read("integration"),
  ],
  "PATCH /v1/integration/{integration}": [[200, "client", "changed"], ...withBody, read("integration"), schema],
  "DELETE /v1/integration/{integration}": [[200, "documented", "deleted"], ...noBody, read("integration")],
  "PATCH /v1/integration/{integration}/config": [
    [200, "client", "the mapping is replaced"],
    ...withBody,
    read("integration"),
    schema,
  ],
  "PATCH /v1/integration/{integration}/resync-state": [
    [200, "client", "the state is changed part by part"],
    ...withBody,
    read("integration"),
    schema,
  ],
  "GET /v1/integration/{integration}/resync-request": [
    [200, "client", "none: nobody asks for a resync"],
    read("integration"),
  ],
  "GET /v1/integration/{integration}/logs": [[200, "inferred", "the last 1,000 lines"], read("integration")],
  "POST /v1/integration/{integration}/kinds/{kind}/examples": [
    [200, "client", "taken, and forgotten"],
    ...withBody,
    read("integration"),
    schema,
  ],
  "GET /v1/integration/{integration}/cursor": [[200, "client", "the cursor, or null"], read("integration")],
  "PUT /v1/integration/{integration}/cursor": [
    [200, "client", "changed"],
    ...withBody,
    [404, "client", "unknown integration, or no cursor yet"],
    schema,
  ],
  "POST /v1/integration/{integration}/cursor": [[200, "client", "set"], ...withBody, read("integration"), schema],
  "GET /v1/pages": [[200, "client", "those that were posted; blueprints bring none"]],
  "POST /v1/pages": [[201, "client", "kept as it is"], ...withBody, [409, "client", "identifier taken"], schema],
  "GET /v1/pages/{page}": [[200, "client", "found"], read("page")],
  "PATCH /v1/pages/{page}": [
    [200, "documented", "changed"],
    ...withBody,
    read("page"),
    [409, "inferred", "renamed to one that exists"],
    schema,
  ],
  "DELETE /v1/pages/{page}": [[200, "documented", "deleted"], ...noBody, read("page")],
  "GET /v1/sidebars/catalog": [[200, "client", "the folders that were posted"]],
  "POST /v1/sidebars/catalog/folders": [
    [201, "client", "kept as it is"],
    ...withBody,
    [409, "inferred", "identifier taken"],
    schema,
  ],
  "POST /v1/entities/aggregate": [
    [200, "documented", "a number, or the count of each value; what is in `result` is inferred"],
    ...withBody,
    [422, "documented", "against the route's schema, no valid query"],
  ],
  "POST /v1/entities/aggregate-over-time": [
    [200, "documented", "a row for each interval that has entities; the rows are inferred"],
    ...withBody,
    ofBlueprint,
    [422, "documented", "against the route's schema, no valid query"],
  ],
  "POST /v1/entities/properties-history": [
    [200, "documented", "the present values, at the last change: no earlier ones are kept"],
    ...withBody,
    [404, "documented", "unknown blueprint, entity or property"],
    schema,
  ],
};
