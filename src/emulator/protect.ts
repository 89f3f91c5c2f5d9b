import { isDeepStrictEqual } from "node:util";
import type { FastifyInstance, FastifyRequest, preHandlerHookHandler } from "fastify";
import { type Catalog, isObject, type StoredBlueprint } from "./model.js";
import { Refusal } from "./refusal.js";
import { send } from "./server.js";
import { systemBlueprints, systemIdentifiers } from "./system-blueprints.js";

/**
 * Keeps Port's own blueprints from being deleted or renamed, and what they come with from being taken away, changed or renamed. They may be extended. Call it before
 * the routes of blueprints are added.
 *
 * Port's guides to scorecards, users and teams, and its page "Change a blueprint": a stale or incomplete schema of a system blueprint is a 422.
 */
export function protectSystemBlueprints(server: FastifyInstance, catalog: Catalog): void {
  server.addHook("onRoute", (route) => {
    const change = changes.find(({ method, url }) => route.method === method && url.test(route.url));
    if (change === undefined) return;
    const guard: preHandlerHookHandler = (request, reply, done) => {
      const { blueprint } = request.params as { readonly blueprint: string };
      const current = systemIdentifiers.has(blueprint) ? catalog.shelves.get(blueprint)?.blueprint : undefined;
      const refusal = current === undefined ? undefined : change.refusal(catalog, current, request);
      if (refusal === undefined) done();
      else void send(reply, refusal);
    };
    route.preHandler = [guard, ...[route.preHandler ?? []].flat()];
  });
}

type Guard = (catalog: Catalog, blueprint: StoredBlueprint, request: FastifyRequest) => Refusal | undefined;

const one = /^\/v1\/blueprints\/:blueprint$/;
const changes: readonly { readonly method: string; readonly url: RegExp; readonly refusal: Guard }[] = [
  { method: "DELETE", url: one, refusal: (catalog, { identifier }) => deletionRefusal(catalog, identifier) },
  {
    method: "DELETE",
    url: /\/all-entities$/,
    refusal: (catalog, { identifier }, request) => {
      const { delete_blueprint: whole } = request.query as { readonly delete_blueprint?: string };
      return whole === "true" ? deletionRefusal(catalog, identifier) : undefined;
    },
  },
  { method: "PUT", url: one, refusal: (_, current, { body }) => changeRefusal(current, body, false) },
  { method: "PATCH", url: one, refusal: (_, current, { body }) => changeRefusal(current, body, true) },
  {
    method: "PATCH",
    url: /\/rename$/,
    refusal: (_, { identifier }, request) => {
      const { member } = request.params as { readonly member: string };
      const route = request.routeOptions.url ?? "";
      return defaultsOf(identifier).some(([group, key]) => key === member && route.includes(`/${group}/`))
        ? violation(422, `"${member}" of the blueprint "${identifier}" cannot be renamed`)
        : undefined;
    },
  },
];

function deletionRefusal(catalog: Catalog, identifier: string): Refusal {
  return violation(
    catalog.readings.protectedStatus,
    `The blueprint "${identifier}" is protected and cannot be deleted`,
  );
}

// Of a replacement every default must be there as it is, of a patch those that it names.
function changeRefusal(current: StoredBlueprint, body: unknown, patch: boolean): Refusal | undefined {
  const { identifier } = current;
  const next = body as { readonly identifier?: string };
  if ((next.identifier ?? identifier) !== identifier)
    return violation(422, `The blueprint "${identifier}" cannot be renamed`);
  for (const [group, key] of defaultsOf(identifier)) {
    const held = memberOf(current, group, key);
    const given = memberOf(next, group, key);
    if (held === undefined || (given === undefined && patch)) continue;
    const same = patch ? isObject(given) && isDeepStrictEqual(held, { ...held, ...given }) : alike(held, given);
    if (!same) return violation(422, `"${group}/${key}" of the blueprint "${identifier}" cannot be changed or deleted`);
  }
  return undefined;
}

type Group = "properties" | "relations";

function defaultsOf(identifier: string): readonly (readonly [Group, string])[] {
  const { schema, relations = {} } = systemBlueprints.find((one) => one.identifier === identifier) ?? {
    schema: { properties: {} },
  };
  return [
    ...Object.keys(schema.properties).map((key) => ["properties", key] as const),
    ...Object.keys(relations).map((key) => ["relations", key] as const),
  ];
}

function memberOf(blueprint: object, group: Group, key: string): Readonly<Record<string, unknown>> | undefined {
  const { schema, relations } = blueprint as {
    readonly schema?: { readonly properties?: unknown };
    readonly relations?: unknown;
  };
  const members = group === "properties" ? schema?.properties : relations;
  const member = isObject(members) && Object.hasOwn(members, key) ? members[key] : undefined;
  return isObject(member) ? member : undefined;
}

// A relation's `false` may as well be left out.
function alike(held: Readonly<Record<string, unknown>>, given: Readonly<Record<string, unknown>> | undefined): boolean {
  if (given === undefined) return false;
  return Object.keys({ ...held, ...given }).every((word) =>
    isDeepStrictEqual(held[word] ?? false, given[word] ?? false),
  );
}

function violation(status: number, message: string): Refusal {
  return new Refusal(status, "protected_blueprint_violation", message);
}
