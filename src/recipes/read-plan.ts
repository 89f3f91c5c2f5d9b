import { maxChunkRecords } from "../chunk.js";
import { Entity, keyOf, type Mode } from "../entity.js";
import { InternalError, PlanError } from "../errors.js";
import {
  isDependent,
  type PlanHeader,
  type PlanLine,
  type PlanOp,
  type PlanRefusal,
  readPlanLines,
} from "../plan/plan-file.js";
import type { Reject } from "../reject.js";
import { readLines } from "../state/files.js";
import type { Stale } from "./prune/find-stale.js";
import type { StepJob } from "./stages/entities.js";

/** Reads the lines of a plan file. @throws {PlanError} for a file that is not a whole plan, or cannot be read */
export async function* planLines(
  path: string,
  name = path,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<PlanLine> {
  yield* readPlanLines(eachLine(path, onBytes), name);
}

async function* eachLine(path: string, onBytes?: (bytes: number) => void): AsyncGenerator<string> {
  try {
    for await (const lines of readLines(path)) {
      for (const line of lines) {
        onBytes?.(Buffer.byteLength(line) + 1);
        yield line;
      }
    }
  } catch (cause) {
    const { message } = cause as Error;
    throw new PlanError(/\bENOENT\b/.test(message) ? `${path}: there is no such file` : message, {
      cause,
      hint: `Write one: portload plan <source> -m <mapping> --out ${path}`,
    });
  }
}

/** Reads a plan for the first time: its header, and the names of its blueprints. @throws {PlanError} for a file that is not a whole plan */
export async function surveyPlan(path: string): Promise<{ header: PlanHeader; names: readonly string[] }> {
  const names = new Set<string>();
  let header: PlanHeader | undefined;
  for await (const line of planLines(path)) {
    if ("op" in line) names.add(line.blueprint);
    else if (line.line === "plan") header = line;
  }
  if (header === undefined) throw new InternalError(`${path}: a plan without a header was taken for one`);
  return { header, names: [...names] };
}

/** The entities that a plan creates and updates, in its order, a chunk at a time; each op counts as a record, and so does what an undo refuses: a reject. */
export async function* plannedEntities(
  path: string,
  { ledger, keys, whereabouts }: Pick<StepJob, "ledger" | "keys" | "whereabouts">,
): AsyncGenerator<readonly Entity[]> {
  let items: Entity[] = [];
  let rejects: Reject[] = [];
  let position = 0;
  const take = async (): Promise<readonly Entity[]> => {
    const chunk = { items, rejects };
    [items, rejects] = [[], []];
    const read = chunk.items.length + chunk.rejects.length;
    await ledger.takeChunk({ ...chunk, warnings: [], tally: { read, mapped: read, skipped: 0, rejected: 0 } });
    return chunk.items;
  };
  for await (const line of planLines(path, path, (bytes) => whereabouts.read(0, bytes))) {
    if ("line" in line && line.line === "refused") rejects.push(rejectOf(line, ++position));
    if (items.length + rejects.length === maxChunkRecords) yield await take();
    if (!("op" in line) || line.op === "delete") continue;
    const entity = entityOf(line, ++position);
    const { entry } = keys.add(entity.key, entity.at, 0);
    if (line.op === "update") keys.acknowledge(entry);
    items.push(entity);
  }
  if (items.length + rejects.length > 0) yield await take();
}

function rejectOf({ blueprint, identifier, title, code, message, path }: PlanRefusal, position: number): Reject {
  const place = { at: { source: 0, position }, resource: 0, item: 0 };
  const name = title === undefined ? "" : `"${title}": `;
  return { code, stage: "check", message: `${name}${message}`, ...place, blueprint, identifier, ...(path && { path }) };
}

/** An entity that the plan writes without some of its relations counts as rejected, as in a sync, and is merged: an override would unset those. */
const lacking: { readonly mode: Mode } = { mode: "merge" };

function entityOf(op: Exclude<PlanOp, { op: "delete" }>, position: number): Entity {
  const { entity: body, blueprint, resource, rejected } = op;
  return new Entity({
    at: { source: 0, position },
    resource,
    item: 0,
    key: keyOf(blueprint, body.identifier),
    json: JSON.stringify(body),
    relations: body.relations,
    ...(op.op === "update" && op.clears !== undefined && { clears: op.clears }),
    // That a created one does not exist was checked before anything is written.
    ...(op.op === "create" ? { before: null } : op.before !== undefined && { before: op.before }),
    ...(rejected !== undefined && { ...lacking, rejected: { code: "relation_target_missing", ...rejected } }),
  });
}

/** What a plan deletes. */
export async function deletionsOf(path: string): Promise<Stale> {
  const stale = new Map<string, string[]>();
  const dependents = new Map<string, string[]>();
  for await (const line of planLines(path)) {
    if (!("op" in line) || line.op !== "delete") continue;
    const of = isDependent(line) ? dependents : stale;
    const known = of.get(line.blueprint) ?? [];
    known.push(String(line.before.identifier));
    of.set(line.blueprint, known);
  }
  return {
    byBlueprint: stale,
    dependents: [...dependents].map(([blueprint, identifiers]) => ({ blueprint, identifiers })),
  };
}
