import { maxChunkRecords } from "../../chunk.js";
import { Entity, keyOf, type Mode } from "../../entity.js";
import { PlanError } from "../../errors.js";
import { isDependent, type PlanLine, type PlanOp, readPlanLines } from "../../plan/plan-file.js";
import type { KeySet } from "../../settle/keys.js";
import { readLines } from "../../state/files.js";
import type { Stale } from "../prune/find-stale.js";
import type { Ledger } from "../run/ledger.js";

/** Reads the lines of a plan file. @throws {PlanError} for a file that is no whole plan, or cannot be read */
export async function* planLines(path: string, name = path): AsyncGenerator<PlanLine> {
  yield* readPlanLines(eachLine(path), name);
}

async function* eachLine(path: string): AsyncGenerator<string> {
  try {
    for await (const lines of readLines(path)) yield* lines;
  } catch (cause) {
    throw new PlanError((cause as Error).message, { cause, hint: "portload plan --out FILE writes a plan." });
  }
}

/** The entities that a plan creates and updates, in its order, a chunk at a time; each op counts as a record. */
export async function* plannedEntities(path: string, ledger: Ledger, keys: KeySet): AsyncGenerator<readonly Entity[]> {
  let items: Entity[] = [];
  let position = 0;
  const take = async (): Promise<readonly Entity[]> => {
    const chunk = items;
    items = [];
    const tally = { read: chunk.length, mapped: chunk.length, skipped: 0, rejected: 0 };
    await ledger.takeChunk({ items: chunk, rejects: [], warnings: [], tally });
    return chunk;
  };
  for await (const line of planLines(path)) {
    if (!("op" in line) || line.op === "delete") continue;
    const entity = entityOf(line, ++position);
    const { entry } = keys.add(entity.key, entity.at, 0);
    if (line.op === "update") keys.acknowledge(entry);
    items.push(entity);
    if (items.length === maxChunkRecords) yield await take();
  }
  if (items.length > 0) yield await take();
}

/** One that the plan writes without some of its relations counts as rejected, as in a sync, and is merged: an override would unset those. */
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
    ...(op.op === "update" && op.before !== undefined && { before: op.before }),
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
