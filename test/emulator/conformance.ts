import { existsSync, readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { parse } from "yaml";

const description = new URL("../../../shared/openapi/port-openapi.yaml", import.meta.url);

/** False where Port's API description is not at hand; replies are then not compared with it. */
export const hasDescription = existsSync(description);

/** Keys that real replies carry and the description lacks. @source fact sheet 3.5, 4.4 */
const entityExtras = ["blueprint", "createdAt", "createdBy", "updatedAt", "updatedBy"];

interface Operation {
  readonly responses?: Record<string, { content?: Record<string, { schema?: object }> }>;
}

const document = hasDescription
  ? (parse(readFileSync(description, "utf8"), { maxAliasCount: -1 }) as {
      paths: Record<string, Record<string, Operation>>;
      components: object;
    })
  : undefined;
// The description names `ok` twice in a list of required keys, which JSON Schema forbids, so its schemas are taken as they are.
const ajv = new Ajv({
  strict: false,
  logger: false,
  validateSchema: false,
  formats: { "date-time": true, url: true, uri: true },
});
if (document !== undefined) ajv.addSchema({ $id: "port", components: document.components });
const compiled = new Map<string, ValidateFunction | undefined>();
const routes = Object.keys(document?.paths ?? {}).map((path) => ({
  path,
  pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`),
}));

/** Says how a reply breaks the published schema of its route and status, after taking away the known extras; `undefined` when it does not, or has none. */
export function describeBreach(method: string, path: string, status: number, body: unknown): string | undefined {
  const route = routes.filter((r) => r.pattern.test(path)).sort((a, b) => braces(a.path) - braces(b.path))[0]?.path;
  if (route === undefined) return undefined;
  const key = `${method} ${route} ${status}`;
  if (!compiled.has(key)) compiled.set(key, compile(route, method, status));
  const check = compiled.get(key);
  if (check === undefined || check(trim(body))) return undefined;
  return `${key}: ${ajv.errorsText(check.errors)}`;
}

function compile(route: string, method: string, status: number): ValidateFunction | undefined {
  const response = document?.paths[route]?.[method.toLowerCase()]?.responses?.[String(status)];
  const schema = response?.content?.["application/json"]?.schema;
  if (schema === undefined) return undefined;
  const text = JSON.stringify(schema).replaceAll('"#/components', '"port#/components');
  return ajv.compile(JSON.parse(text) as object);
}

function braces(path: string): number {
  return path.split("{").length;
}

function trim(body: unknown): unknown {
  const copy = structuredClone(body) as Record<string, unknown>;
  delete copy.migrationId;
  const list = Array.isArray(copy.entities) ? copy.entities : [];
  for (const entity of [copy.entity, ...list] as (Record<string, unknown> | undefined)[]) {
    if (entity === undefined) continue;
    for (const extra of entityExtras) delete entity[extra];
    // The description has no null here, yet documented samples do.
    for (const key of ["title", "icon"]) if (entity[key] === null) delete entity[key];
    // The description documents `attach_title_to_relation`, and its schema has no place for what that gives.
    const relations = Object.entries((entity.relations ?? {}) as Record<string, unknown>);
    if (entity.relations !== undefined)
      entity.relations = Object.fromEntries(relations.map(([k, v]) => [k, detached(v)]));
  }
  return copy;
}

function detached(held: unknown): unknown {
  if (Array.isArray(held)) return held.map(detached);
  return typeof held === "object" && held !== null && "title" in held && "identifier" in held ? held.identifier : held;
}
