import type { FastifyReply, FastifyRequest } from "fastify";
import { deleteEntities } from "../delete-entities.js";
import { identifierPattern } from "../entity-schema.js";
import type { Document, Shelf, StoredEntity } from "../model.js";
import { entityNotFound, notFound, Refusal } from "../refusal.js";
import { changeEntity, type EntityInput, upsertEntity } from "../write-entity.js";
import { answer, ok, type RouteAnswer, type RouteParts, writerOf } from "./routes.js";

const text = { type: "string" };
const texts = { type: "array", items: text };
/** Bodies in which names and addresses become identifiers of entities. A team's name may hold spaces, which no other identifier may; both are in Port's API description. */
function namingBodies(apostrophe: boolean): { readonly [Name in "team" | "newTeam" | "invitation"]: object } {
  const email = { ...text, maxLength: 1000, pattern: identifierPattern(apostrophe) };
  const name = { ...text, maxLength: 1000, pattern: "^(?!\\.\\.$)[^;#/?\\s][^;#/?]*[^;#/?\\s]$" };
  const fields = { name, users: texts, description: { type: ["string", "null"] } };
  const invitee = {
    type: "object",
    properties: { email, roles: texts, teams: texts },
    required: ["email"],
    additionalProperties: false,
  };
  return {
    team: { type: "object", properties: fields },
    newTeam: { type: "object", properties: { ...fields, description: text }, required: ["name"] },
    invitation: { type: "object", properties: { invitee }, required: ["invitee"] },
  };
}
const userBody = { type: "object", properties: { roles: texts, teams: texts }, additionalProperties: false };

interface Team {
  readonly name: string;
  readonly users?: readonly string[];
  readonly description?: string | null;
}

interface User {
  readonly email: string;
  readonly roles?: readonly string[];
  readonly teams?: readonly string[];
}

/**
 * `/v1/teams` and `/v1/users`: another view of the entities of `_team` and `_user`, by name and by e-mail address. An invited user gets no mail.
 * The shapes are those of Port's API description; a read of teams shows their users where `fields` asks for them, so that what is read can be posted again, as Port's own scripts do.
 */
export function peopleRoutes(parts: RouteParts): void {
  const { server, catalog } = parts;
  const bodies = namingBodies(catalog.readings.apostrophe);
  const teams = () => catalog.shelves.get("_team") as Shelf;
  const users = () => catalog.shelves.get("_user") as Shelf;
  const members = (team: string) => [...users().entities.values()].filter((user) => user.team.includes(team));
  const teamReply = (team: StoredEntity): Document => ({
    id: `team_${team.id}`,
    name: team.identifier,
    description: team.properties.description ?? null,
    provider: "port",
    createdAt: new Date(team.createdAt).toISOString(),
    updatedAt: new Date(team.updatedAt).toISOString(),
    users: members(team.identifier).map(personOf),
  });
  const flags = { merge: true, createMissing: false, validationOnly: false, seesBelow: Number.POSITIVE_INFINITY };
  const write = (request: FastifyRequest, shelf: Shelf, old: StoredEntity | undefined, input: EntityInput) => {
    const writer = writerOf(parts, request);
    const written =
      old === undefined
        ? upsertEntity(catalog, shelf, input, { ...flags, upsert: false }, writer)
        : changeEntity(catalog, shelf, old, input, flags, writer);
    return written instanceof Refusal ? written : written.entity;
  };
  const setTeam = (
    request: FastifyRequest,
    old: StoredEntity | undefined,
    given: Partial<Team>,
    whole: boolean,
  ): RouteAnswer => {
    const listed = given.users ?? (whole ? [] : undefined);
    const unknown = listed?.find((email) => !users().entities.has(email));
    if (unknown !== undefined) return entityNotFound(unknown, "_user");
    const name = given.name ?? String(old?.identifier);
    const described = given.description === undefined && !whole ? {} : { description: given.description ?? null };
    const team = write(request, teams(), old, { identifier: name, title: name, properties: described });
    if (team instanceof Refusal) return team;
    for (const user of listed === undefined ? [] : users().entities.values()) {
      const rest = user.team.filter((held) => held !== name);
      const next = listed?.includes(user.identifier) === true ? [...rest, name] : rest;
      if (next.length !== user.team.length) write(request, users(), user, { team: next });
    }
    return ok({ team: teamReply(team) });
  };
  const team = (then: (request: FastifyRequest, found: StoredEntity) => RouteAnswer) => {
    return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const { team: name } = request.params as { readonly team: string };
      const found = teams().entities.get(name);
      return answer(reply, found === undefined ? notFound("Team", name, "name") : then(request, found));
    };
  };
  const remove = (request: FastifyRequest, shelf: Shelf, found: StoredEntity): RouteAnswer => {
    const deleted = deleteEntities(catalog, shelf, [found], false, writerOf(parts, request));
    return deleted instanceof Refusal ? deleted : ok({});
  };
  server.get("/v1/teams", (request, reply) => {
    const all = [...teams().entities.values()].map((found) => withFields(request, teamReply(found)));
    return answer(reply, ok({ teams: all }));
  });
  server.post("/v1/teams", { schema: { body: bodies.newTeam } }, (request, reply) => {
    return answer(reply, setTeam(request, undefined, request.body as Team, true));
  });
  const oneTeam = "/v1/teams/:team";
  server.get(
    oneTeam,
    team((request, found) => ok({ team: withFields(request, teamReply(found)) })),
  );
  for (const [method, schema] of [
    ["PUT", bodies.newTeam],
    ["PATCH", bodies.team],
  ] as const) {
    const handler = team((request, found) => setTeam(request, found, request.body as Team, method === "PUT"));
    server.route({ method, url: oneTeam, schema: { body: schema }, handler });
  }
  server.delete(
    oneTeam,
    team((request, found) => remove(request, teams(), found)),
  );

  const user = (then: (request: FastifyRequest, found: StoredEntity) => RouteAnswer) => {
    return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const { user: email } = request.params as { readonly user: string };
      const found = users().entities.get(email);
      return answer(reply, found === undefined ? notFound("User", email, "email") : then(request, found));
    };
  };
  server.get("/v1/users", (_request, reply) => {
    return answer(reply, ok({ users: [...users().entities.values()].map(userReply) }));
  });
  server.post("/v1/users/invite", { schema: { body: bodies.invitation } }, (request, reply) => {
    const { email, roles = [], teams: given = [] } = (request.body as { readonly invitee: User }).invitee;
    const properties = { status: "Invited", port_role: roles[0] ?? "Member", port_type: "Standard" };
    const invited = write(request, users(), undefined, { identifier: email, team: given, properties });
    return answer(reply, invited instanceof Refusal ? invited : ok({}));
  });
  const oneUser = "/v1/users/:user";
  server.get(
    oneUser,
    user((_request, found) => ok({ user: userReply(found) })),
  );
  server.patch(
    oneUser,
    { schema: { body: userBody } },
    user((request, found) => {
      const { roles, teams: given } = request.body as Partial<User>;
      const properties = roles?.[0] === undefined ? {} : { port_role: roles[0] };
      const changed = write(request, users(), found, { properties, ...(given !== undefined && { team: given }) });
      return changed instanceof Refusal ? changed : ok({ ...userReply(changed) });
    }),
  );
  server.delete(
    oneUser,
    user((request, found) => remove(request, users(), found)),
  );
}

function withFields(request: FastifyRequest, { users, ...team }: Document): Document {
  const { fields = [] } = request.query as { readonly fields?: string | readonly string[] };
  const asked = [fields].flat();
  const shown =
    asked.length === 0 ? team : Object.fromEntries(Object.entries(team).filter(([key]) => asked.includes(key)));
  const ofUsers = asked.flatMap((field) => (field.startsWith("users.") ? [field.slice("users.".length)] : []));
  if (ofUsers.length === 0) return shown;
  const people = (users as readonly Document[]).map((user) =>
    Object.fromEntries(Object.entries(user).filter(([key]) => ofUsers.includes(key))),
  );
  return { ...shown, users: people };
}

function personOf(user: StoredEntity): Document {
  const [firstName = "", ...rest] = (user.title ?? "").split(" ");
  return { email: user.identifier, firstName, lastName: rest.join(" "), status: String(user.properties.status ?? "") };
}

function userReply(user: StoredEntity): Document {
  return {
    ...personOf(user),
    id: `user_${user.id}`,
    type: String(user.properties.port_type ?? "Standard"),
    teams: user.team,
    roles: [{ name: String(user.properties.port_role ?? "Member") }],
    createdAt: new Date(user.createdAt).toISOString(),
    updatedAt: new Date(user.updatedAt).toISOString(),
  };
}
