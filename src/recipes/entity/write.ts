import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { EntityReply } from "../../api/entity-calls.js";
import type { Blueprint } from "../../blueprint.js";
import { typeEntity } from "../../check/check-entity.js";
import { compileBlueprint } from "../../check/compile-blueprint.js";
import { openDiagnostics } from "../../check/diagnostics.js";
import type { Mode } from "../../entity.js";
import { UsageError } from "../../errors.js";
import type { EntityWriteOptions } from "../../options/catalog.js";
import { jsonNumbersAreLossless } from "../../same-value.js";
import { doneOf, type EntityDone, type EntityIo, missingHint, readAll, withClient } from "./get.js";

/**
 * Writes one entity: `--file` first, flags laid over it and typed by the blueprint.
 *
 * @throws {UsageError} for a body or a value that does not fit, before anything is written
 * @throws {ApiError} when the API is not reached, and when the answer to a creation was lost
 */
export async function writeEntity(mode: Mode, options: EntityWriteOptions, io: EntityIo): Promise<EntityDone> {
  const file = options.file === undefined ? {} : await readEntityFile(options.file, io.stdin);
  return withClient(options, io, async (client) => {
    const { entity } = client;
    const missing = async ({ is, status }: { readonly is: string; readonly status?: number }) =>
      is === "refused" && status === 404
        ? missingHint(client, mode, [options.blueprint, options.identifier])
        : undefined;
    const found = needsBlueprint(options) ? await entity.readBlueprint(options.blueprint) : undefined;
    if (found?.is === "refused") return doneOf(found, await missing(found));
    const blueprint = found?.body.blueprint;
    const { body, notes } = entityFromFlags(file, options, blueprint);
    const reply = await entity.write(options.blueprint, JSON.stringify(body), {
      mode,
      createMissing: options.createMissing,
      validationOnly: options.dryRun,
      ...(typeof body.identifier === "string" && { identifier: body.identifier }),
      ...(options.runId !== undefined && { runId: options.runId }),
    });
    return doneOf(reply, (await missing(reply)) ?? hintFor(reply, options), notes);
  });
}

function hintFor(reply: EntityReply, { createMissing }: EntityWriteOptions): string | undefined {
  if (reply.is === "done") return undefined;
  if (reply.status === 409)
    return "It exists: portload entity merge changes what is given, portload entity override replaces it.";
  if (reply.status === 404 && !createMissing)
    return "Where a relation's target is missing, write that first, or give --create-missing.";
  if (reply.error === "run_exhausted") return "The action run of --run-id has ended; leave it out.";
  return undefined;
}

/** An entity as JSON holds it. */
type JsonEntity = Readonly<Record<string, unknown>>;

/** True when flags hold what only the blueprint can type. */
function needsBlueprint({ property, relation, clear }: EntityWriteOptions): boolean {
  return property.length > 0 || relation.length > 0 || clear.length > 0;
}

/** Reads the body of `--file`. @throws {UsageError} when it is not the JSON of an object, or has a number too large to hold */
async function readEntityFile(file: string, stdin: Readable | undefined): Promise<JsonEntity> {
  const name = file === "-" ? "stdin" : file;
  const text =
    file === "-" && stdin !== undefined
      ? await readAll(stdin)
      : await readFile(file, "utf8").catch((cause: Error) => {
          throw new UsageError(`--file ${file}: ${cause.message}`, { cause });
        });
  const body = parse(text, name);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new UsageError(`${name}: expects one JSON object, the entity`);
  if (!jsonNumbersAreLossless(text)) throw new UsageError(`${name}: has a number with more digits than can be held`);
  return body as JsonEntity;
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${name}: is not valid JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Lays what the flags give over a body; `blueprint` is needed where {@link needsBlueprint} says so. @throws {UsageError} with every value that does not fit */
function entityFromFlags(
  body: JsonEntity,
  options: EntityWriteOptions,
  blueprint?: Blueprint,
): { readonly body: JsonEntity; readonly notes: readonly string[] } {
  const { identifier, title, icon, team } = options;
  const head = {
    ...(identifier !== undefined && { identifier }),
    ...(title !== undefined && { title }),
    ...(icon !== undefined && { icon }),
    ...(team.length > 0 && { team: team.length === 1 ? team[0] : team }),
  };
  if (blueprint === undefined) return { body: { ...body, ...head }, notes: [] };
  const { properties, relations, notes } = typedFlags(options, blueprint);
  return { body: { ...body, ...head, ...laid(body, { properties, relations }) }, notes };
}

function laid(body: JsonEntity, parts: Readonly<Record<"properties" | "relations", JsonEntity>>): JsonEntity {
  const filled = Object.entries(parts).filter(([, values]) => Object.keys(values).length > 0);
  return Object.fromEntries(filled.map(([part, values]) => [part, { ...(body[part] as object), ...values }]));
}

function typedFlags(options: EntityWriteOptions, blueprint: Blueprint) {
  const isList = (key: string): boolean => blueprint.schema.properties[key]?.type === "array";
  const fields = {
    identifier: "named-elsewhere",
    properties: gathered(options.property, isList),
    relations: gathered(options.relation, () => false),
  };
  for (const path of options.clear) {
    const part = path.startsWith("properties.") ? fields.properties : fields.relations;
    part[path.slice(path.indexOf(".") + 1)] = null;
  }
  const diagnostics = openDiagnostics();
  const at = { source: 0, position: 1 };
  diagnostics.open(blueprint.identifier, at);
  // Merge, whatever the mode: what is required and missing the API alone decides, because a body may bring it.
  const compiled = compileBlueprint(blueprint, "merge");
  const candidate = { at, resource: 0, item: 0, blueprint: blueprint.identifier, fields };
  const { body } = typeEntity(candidate, compiled, { mode: "merge" }, diagnostics);
  const faults = diagnostics.findings().map(({ path, message }) => `${flagOf(path ?? "")}: ${plain(message)}`);
  if (faults.length > 0) throw new UsageError(faults.join("\n"), { hint: `Blueprint ${blueprint.identifier}.` });
  const notes = diagnostics.takeWarnings().map(({ path, message }) => `${flagOf(path ?? "")}: ${message}`);
  return { properties: body.properties, relations: body.relations, notes };
}

/** Pairs by name; a name given twice, or one that is a list, holds a list. JSON text of a list stays text, which check reads. */
function gathered(pairs: readonly string[], isList: (key: string) => boolean): Record<string, unknown> {
  const values = new Map<string, string[]>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const [key, value] = [pair.slice(0, at), pair.slice(at + 1)];
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return Object.fromEntries(
    [...values].map(([key, all]) => {
      const [only = ""] = all;
      const list = all.length > 1 || (isList(key) && !only.trimStart().startsWith("["));
      return [key, list ? all : only];
    }),
  );
}

function flagOf(path: string): string {
  return path.replace(/^properties\./, "--property ").replace(/^relations\./, "--relation ");
}

/** What an expression should do instead is of no use here. */
function plain(message: string): string {
  return message.replace(/; (write|trim|say|name) [\s\S]*$/, "");
}
