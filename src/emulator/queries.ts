import type { FastifyRequest } from "fastify";
import type { Shape } from "./entity-reply.js";
import { invalidRequest, Refusal } from "./refusal.js";
import type { UpsertFlags } from "./write-entity.js";

type QueryString = Readonly<Record<string, unknown>>;

/** Reads boolean flags of the query string, all false by default; anything but `true` and `false` is refused. */
export function readFlags<Name extends string>(
  request: FastifyRequest,
  names: readonly Name[],
): Record<Name, boolean> | Refusal {
  const query = request.query as QueryString;
  const flags = {} as Record<Name, boolean>;
  for (const name of names) {
    const given = query[name];
    if (given !== undefined && given !== "true" && given !== "false") {
      return invalidRequest(`"querystring/${name}" must be boolean`);
    }
    flags[name] = given === "true";
  }
  return flags;
}

/** Reads how an upsert writes. @source fact sheet 4.1, 4.2 */
export function readUpsertFlags(request: FastifyRequest): UpsertFlags | Refusal {
  const flags = readFlags(request, ["upsert", "merge", "validation_only", "create_missing_related_entities"]);
  if (flags instanceof Refusal) return flags;
  return {
    upsert: flags.upsert,
    merge: flags.merge,
    createMissing: flags.create_missing_related_entities,
    validationOnly: flags.validation_only,
    seesBelow: Number.POSITIVE_INFINITY,
  };
}

/** Reads what a read is to show: `include`, `exclude` (keys repeated, with `[]` or without, or joined by commas) and flags. @source fact sheet 4.3 */
export function readShape(request: FastifyRequest): Shape | Refusal {
  const flags = readFlags(request, [
    "attach_title_to_relation",
    "exclude_calculated_properties",
    "attach_identifier_to_title_mirror_properties",
    "allow_partial_results",
  ]);
  if (flags instanceof Refusal) return flags;
  const query = request.query as QueryString;
  return {
    include: [...listed(query.include), ...listed(query["include[]"])],
    exclude: [...listed(query.exclude), ...listed(query["exclude[]"])],
    attachTitles: flags.attach_title_to_relation,
    calculated: !flags.exclude_calculated_properties,
    mirrorIdentifiers: flags.attach_identifier_to_title_mirror_properties,
  };
}

function listed(given: unknown): readonly string[] {
  const list = Array.isArray(given) ? given.map(String) : typeof given === "string" ? [given] : [];
  return list.flatMap((paths) => paths.split(",")).filter((path) => path !== "");
}
