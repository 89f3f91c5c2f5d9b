import { createClient } from "../api/client.js";
import { maxChunkRecords } from "../chunk.js";
import type { Entity } from "../entity.js";
import { BlueprintError, InternalError } from "../errors.js";
import { startJq } from "../map/jq.js";
import type { Mapping, Resource } from "../map/mapping.js";
import { importOptions } from "../options.js";
import { planSteps } from "../order/steps.js";
import type { Outcome } from "../outcome.js";
import { isVictim, type PlanHeader, type PlanOp, type PlanReject } from "../plan/plan-file.js";
import { autoWidth, fixedWidth } from "../write/width.js";
import { refuseDrift, refuseDriftedGround } from "./plan/drift.js";
import { planLines } from "./plan/lines.js";
import { deleteStale } from "./prune/delete.js";
import type { Catalog } from "./run/catalog.js";
import { clientOptionsOf } from "./run/client-options.js";
import type { ImportContext } from "./run/context.js";
import { type Finished, finishRun } from "./run/finish.js";
import { openRun, watchProgress } from "./run/open-run.js";
import type { Run } from "./run/run.js";
import { type ApplyOptions, applyOptions, resolveOptions } from "./sync/options.js";
import { type Due, writesOf } from "./writes/first-writes.js";
import { writeDeferred } from "./writes/second-writes.js";
import { writeStep } from "./writes/write-step.js";

/**
 * Does exactly what a plan says, or nothing: when the catalog, a source or the mapping is no longer what it was, the plan is refused before anything
 * is written.
 *
 * Each op counts as a record; entities that the plan found unchanged are in no count.
 *
 * @throws {PlanError} for a file that is no whole plan
 * @throws {GuardError} for a plan that drifted, and while another import of the same mapping into the same catalog runs
 */
export async function runApply(given: ApplyOptions, context: ImportContext = {}): Promise<Finished> {
  const options = resolveOptions(applyOptions, given);
  const { plan, ...rest } = options;
  const { header, blueprints } = await surveyPlan(plan);
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  await refuseDriftedGround(header, clientOptions.apiUrl, plan);
  const width = options.concurrency === "auto" ? autoWidth() : fixedWidth(options.concurrency);
  const client = createClient({
    ...clientOptions,
    ...(context.clock && { clock: context.clock }),
    onExchange: ({ route, ms, trouble }) => route === "bulk" && width.settle(ms, trouble),
  });
  const engine = startJq();
  try {
    const catalog: Catalog = new Map(
      await Promise.all(
        blueprints.map(async (name) => {
          const found = await client.getBlueprint(name);
          if (found === undefined) throw new BlueprintError(`the blueprint ${name} of the plan is gone`);
          return [name, found] as const;
        }),
      ),
    );
    await refuseDrift({ client, catalog, header }, planLines(plan));
    const { createMissing, mode } = header;
    const mapping = mappingOf(header);
    const source = { index: 0, kind: "plan", path: plan, name: plan };
    const parts = {
      command: "apply",
      dryRun: false,
      options: importOptions.parse({ ...rest, sources: [plan], mapping: header.mapping.file }),
      mode,
      createMissing,
      inventory: {
        mapping,
        text: "",
        resources: mapping.resources,
        sources: [source],
        warnings: [],
        optionsOf: () => ({}),
      },
      catalog,
      plan: planSteps({ blueprints, dynamic: false }, catalog, { createMissing }),
      compiled: { mapping, engine, leaves: [], kinds: new Map() },
      client,
      width,
      onReceipt: () => undefined,
    };
    const opened = await openRun(parts, { apiUrl: clientOptions.apiUrl, mapping: header.mapping.sha256 }, context);
    // A plan has no rejects file: its ops are not the user's records.
    const run: Run = { ...opened, inventory: { ...parts.inventory, sources: [] } };
    context.onStart?.({ importId: run.state.importId, progress: watchProgress(run) });
    return await finishRun(run, () => applyAll(run, plan).finally(() => run.accounts.warn(client.warnings())));
  } finally {
    await engine.close();
    await client.close();
  }
}

async function surveyPlan(path: string): Promise<{ header: PlanHeader; blueprints: readonly string[] }> {
  const blueprints = new Set<string>();
  let header: PlanHeader | undefined;
  for await (const line of planLines(path)) {
    if ("op" in line) blueprints.add(line.blueprint);
    else if (line.line === "plan") header = line;
  }
  if (header === undefined) throw new InternalError(`${path}: a plan without a header was taken for one`);
  return { header, blueprints: [...blueprints] };
}

async function applyAll(given: Run, path: string): Promise<void> {
  const rejected = new Map<string, PlanReject>();
  const run = withRejects(given, rejected);
  await writeStep(run, writesOf(run, duesOf(run, path, rejected)));
  if (run.stop.reason !== undefined) return;
  await writeDeferred(run);
  if (run.stop.reason !== undefined) return;
  const stale = new Map<string, string[]>();
  const victims = new Map<string, string[]>();
  for await (const line of planLines(path)) {
    if (!("op" in line) || line.op !== "delete") continue;
    const of = isVictim(line) ? victims : stale;
    of.set(line.blueprint, [...(of.get(line.blueprint) ?? []), String(line.before.identifier)]);
  }
  const along = [...victims].map(([blueprint, identifiers]) => ({ blueprint, identifiers }));
  await deleteStale(run, { byBlueprint: stale, victims: along });
}

/** The entities of a plan, in its order, a chunk at a time. */
async function* duesOf(run: Run, path: string, rejected: Map<string, PlanReject>): AsyncGenerator<readonly Due[]> {
  const { accounts, keys } = run;
  let dues: Due[] = [];
  let position = 0;
  const take = async (): Promise<readonly Due[]> => {
    const items = dues.map(({ entity }) => entity);
    const tally = { read: items.length, mapped: items.length, skipped: 0, rejected: 0 };
    await accounts.takeChunk({ items, rejects: [], warnings: [], tally });
    const chunk = dues;
    dues = [];
    return chunk;
  };
  for await (const line of planLines(path)) {
    if (!("op" in line) || line.op === "delete") continue;
    const due = dueOf(line, ++position, run.inventory.resources.length / 2);
    const { key, at } = due.entity;
    const { entry } = keys.add(key, at, 0);
    if (line.op === "update") keys.acknowledge(entry);
    if (line.rejected !== undefined) rejected.set(nameOf(key), line.rejected);
    dues.push(due);
    if (dues.length === maxChunkRecords) yield await take();
  }
  if (dues.length > 0) yield await take();
}

function dueOf(op: Exclude<PlanOp, { op: "delete" }>, position: number, resources: number): Due {
  const { entity: body, blueprint, resource } = op;
  const json = JSON.stringify(body);
  const identifier = typeof body.identifier === "string" ? body.identifier : JSON.stringify(body.identifier);
  const entity: Entity = {
    at: { source: 0, position },
    resource: op.rejected === undefined ? resource : resource + resources,
    item: 0,
    key: { blueprint, identifier },
    body,
    json,
    bytes: Buffer.byteLength(json),
    ...(op.op === "update" && op.clears !== undefined && { clears: op.clears }),
  };
  return {
    entity,
    ...(op.op === "update" && op.before !== undefined && { before: op.before }),
  };
}

/**
 * The same run, in which an entity that the plan writes without some of its relations counts as rejected, as it does in a sync, and is merged, since an
 * override would unset those. Its resource is that of the second half, by which it is known wherever it waits.
 */
function withRejects(run: Run, rejected: ReadonlyMap<string, PlanReject>): Run {
  const half = run.inventory.resources.length / 2;
  const judged = (outcome: Outcome): Outcome => {
    const why = rejected.get(nameOf(outcome.key));
    if (why === undefined || (outcome.is !== "created" && outcome.is !== "updated")) return outcome;
    const { at, item, key } = outcome;
    const resource = outcome.resource % half;
    const { blueprint, identifier } = key;
    const reject = {
      code: "relation_target_missing",
      stage: "write",
      at,
      resource,
      item,
      blueprint,
      identifier,
    } as const;
    return { at, resource, item, key, is: "rejected", reject: { ...reject, ...why } };
  };
  const accounts: Run["accounts"] = Object.assign(Object.create(run.accounts) as Run["accounts"], {
    takeOutcomes: (outcomes: readonly Outcome[]) => run.accounts.takeOutcomes(outcomes.map(judged)),
  });
  return { ...run, accounts, modeOf: ({ resource }) => (resource >= half ? "merge" : run.mode) };
}

function nameOf({ blueprint, identifier }: Entity["key"]): string {
  return `${blueprint}\0${identifier}`;
}

/** What of a mapping an apply still needs: how missing targets and dependents are met. */
function mappingOf({ mapping, onMissingTarget, createMissing, deleteDependents }: PlanHeader): Mapping {
  // Once more for entities that are written without some of their relations; see `withRejects`.
  const resources = [...onMissingTarget, ...onMissingTarget].map(
    (policies, index): Resource => ({
      index,
      kind: "plan",
      selector: "true",
      itemsToParseName: "item",
      itemsToParseTopLevelTransform: true,
      onMissingTarget: policies,
      properties: [],
      relations: [],
      entity: { identifier: "", blueprint: "", properties: {}, relations: {} },
    }),
  );
  return {
    file: mapping.file,
    source: {},
    sources: {},
    duplicates: "first",
    onNull: "omit",
    clear: [],
    omit: [],
    reject: [],
    onError: "null",
    createMissingRelatedEntities: createMissing,
    deleteDependentEntities: deleteDependents,
    resources,
    notes: [],
    lines: new Map(),
  };
}
