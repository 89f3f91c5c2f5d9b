import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * What real replies carry and the description lacks; taken away before a reply is compared with it.
 */
export const knownExtras = [
  {
    what: "`blueprint`, `createdAt`, `createdBy`, `updatedAt`, `updatedBy` of an entity",
    why: "seen in Port's samples and read by its clients",
  },
  {
    what: "`title` and `icon` of an entity that are null",
    why: "Port's samples show null where the description says text",
  },
  {
    what: "relations as `{identifier, title}`",
    why: "what the described `attach_title_to_relation` gives, which its schema has no place for",
  },
  { what: "`migrationId` of a deletion of all entities", why: "read by Ocean and the Terraform provider" },
  { what: "`details` of a refusal", why: "live replies carry it on some 404 and 422" },
  { what: "`scorecards` of an entity", why: "Port's samples show it where the blueprint has scorecards" },
  { what: "types and formats of properties that the description lacks", why: "under the reading `unlistedType`" },
  {
    what: "`identifier` of a team's entity that holds spaces",
    why: "the description of `POST /v1/teams` lets a name hold them, and the documentation shows `Team BE`",
  },
  { what: "`additionalData` of a new service account's entity", why: "shown by the guide to service accounts" },
];

const entityExtras = ["blueprint", "createdAt", "createdBy", "updatedAt", "updatedBy", "scorecards"];

/** @typedef {{ content?: Record<string, { schema?: object }> }} Response */
/** @typedef {{ responses?: Record<string, Response> }} Operation */
/** @typedef {{ paths: Record<string, Record<string, Operation>>, components: object }} Description */
/** @typedef {(body: unknown) => string | undefined} Check */

/**
 * Reads Port's API description, as JSON, from the folder of a run; `undefined` where it is not at hand.
 * @param {string} folder
 * @returns {Description | undefined}
 */
export function readDescription(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "description.json"), "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * A route's pattern with every parameter as `*`, so that `:entity` and `{entity_identifier}` are the same.
 * @param {string} pattern
 */
export function starred(pattern) {
  return pattern.replaceAll(/\{[^}]+\}|:[A-Za-z]+/g, "*");
}

/**
 * Makes the comparison of replies with a description: gives, for a method, a route and a status, a check that says how a body breaks the schema, or `undefined`
 * where there is no schema.
 *
 * @param {Description} description
 * @returns {(method: string, pattern: string, status: number) => Check | undefined}
 */
export function replyChecks(description) {
  // Here and not at the top: every test file and every child process of a test loads this file, few of them see a reply.
  const { Ajv } = createRequire(import.meta.url)("ajv");
  // The description names `ok` twice in a list of required keys, which JSON Schema forbids, so its schemas are taken as they are.
  const formats = { "date-time": true, url: true, uri: true };
  const ajv = new Ajv({ strict: false, logger: false, validateSchema: false, formats });
  ajv.addSchema({ $id: "port", components: description.components });
  const operations = new Map(Object.entries(description.paths).map(([path, operation]) => [starred(path), operation]));
  /** @type {Map<string, Check | undefined>} */
  const made = new Map();
  return (method, pattern, status) => {
    const key = `${method} ${starred(pattern)} ${status}`;
    if (!made.has(key)) made.set(key, compile(operations.get(starred(pattern))?.[method.toLowerCase()], status));
    return made.get(key);
  };

  /** @param {Operation | undefined} operation @param {number} status @returns {Check | undefined} */
  function compile(operation, status) {
    const schema = operation?.responses?.[String(status)]?.content?.["application/json"]?.schema;
    if (schema === undefined) return undefined;
    const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"port#/components')));
    return (body) => (validate(withoutExtras(body)) ? undefined : ajv.errorsText(validate.errors));
  }
}

/** @param {any} body */
function withoutExtras(body) {
  if (typeof body !== "object" || body === null) return body;
  const copy = structuredClone(body);
  delete copy.migrationId;
  if (copy.ok === false) delete copy.details;
  if (copy.entity !== undefined) delete copy.additionalData;
  for (const entity of [copy.entity, ...(Array.isArray(copy.entities) ? copy.entities : [])]) {
    if (entity === undefined) continue;
    if (entity.blueprint === "_team" && typeof entity.identifier === "string")
      entity.identifier = entity.identifier.replaceAll(" ", "_");
    for (const extra of entityExtras) delete entity[extra];
    for (const key of ["title", "icon"]) if (entity[key] === null) delete entity[key];
    for (const [key, held] of Object.entries(entity.relations ?? {})) entity.relations[key] = detached(held);
  }
  for (const blueprint of [copy.blueprint, ...(Array.isArray(copy.blueprints) ? copy.blueprints : [])]) {
    for (const property of Object.values(blueprint?.schema?.properties ?? {})) {
      if (unlisted.has(property.type)) property.type = "string";
      if (unlisted.has(property.format)) delete property.format;
    }
  }
  return copy;
}

/** What tests store under the reading `unlistedType`. */
const unlisted = new Set(["integer", "enum", "date"]);

/** @param {any} held @returns {unknown} */
function detached(held) {
  if (Array.isArray(held)) return held.map(detached);
  return typeof held === "object" && held !== null && "title" in held && "identifier" in held ? held.identifier : held;
}
