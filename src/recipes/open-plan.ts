import type { Blueprints } from "../blueprint.js";
import { maxChunkRecords } from "../chunk.js";
import { Entity, keyOf, type Mode } from "../entity.js";
import { BlueprintError, InternalError, PlanError } from "../errors.js";
import type { ResolvedApplyOptions } from "../options/run.js";
import { planSteps } from "../order.js";
import {
  isDependent,
  type PlanHeader,
  type PlanLine,
  type PlanOp,
  type PlanRefusal,
  readPlanLines,
} from "../plan/plan-file.js";
import type { Reject } from "../reject.js";
import { groupCauses } from "../report/group-causes.js";
import { keepExamples } from "../report/report.js";
import { createKeySet } from "../settle/keys.js";
import { readLines } from "../state/files.js";
import { version } from "../version.js";
import type { Stale } from "./prune/find-stale.js";
import type { Connection, RunContext } from "./run/connect.js";
import type { Closing } from "./run/finish.js";
import { commandLineOf, type Folder, headerOf, type OpenFolder } from "./run/folder.js";
import { callerHooks, readAllowedRejects } from "./run/hooks.js";
import { openLedger } from "./run/ledger.js";
import { openWhereabouts } from "./run/working.js";
import type { StepJob } from "./stages/entities.js";
import { nameOtherCases } from "./stages/missing-lookups.js";
import { apiTarget, type WriteRules } from "./target/target.js";

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

/** A plan that is to be applied, and where to. */
export interface GivenPlan {
  /** Path of the file. */
  readonly plan: string;
  readonly header: PlanHeader;
  /** Blueprints of its ops. */
  readonly names: readonly string[];
  readonly connection: Connection;
  readonly apiUrl: string;
  /** As the report and the journal name what is done with it. */
  readonly command: "apply" | "undo";
}

/** What a plan is applied with. */
export interface OpenedPlan<F extends Folder> {
  readonly job: StepJob;
  readonly folder: F;
  readonly closing: Closing;
}

/**
 * Opens blueprints, folder and ledger: all that the job of a plan needs, and what closes it.
 *
 * @param refuse - refuses a plan that no longer holds, before there is a folder
 */
export async function openPlan<F extends Folder>(
  options: Omit<ResolvedApplyOptions, "plan">,
  context: RunContext,
  { plan, header, names, connection, apiUrl, command }: GivenPlan,
  openFolder: OpenFolder<F>,
  refuse: (blueprints: Blueprints) => Promise<void> = async () => undefined,
): Promise<OpenedPlan<F>> {
  const { client, control, timeline } = connection;
  const blueprints = await blueprintsOf(names, connection);
  await refuse(blueprints);
  const rules = rulesOf(header, blueprints);
  const { mode } = rules;
  const { undoOf } = header;
  // The plan of an undo is gone at its end.
  const name = command === "undo" ? `undo of ${undoOf}` : plan;
  const allowed =
    options.allowRejects === undefined ? undefined : await readAllowedRejects(options.allowRejects, [name]);
  const sources = [{ index: 0, kind: "plan", path: plan, name }];
  const facts = { command, options, mode, apiUrl, mapping: header.mapping.sha256, sources, undoOf };
  const causes = groupCauses([name]);
  const folder = await openFolder({
    ...{ header: await headerOf(facts), sources, stdin: undefined },
    recall: causes.addRejects,
  });
  const { state } = folder;
  const { take, examples } = keepExamples();
  const explain = nameOtherCases(client, blueprints);
  const onOutcomes = [{ onOutcomes: timeline.settled }, { onOutcomes: take }];
  const hooks = [{ explain, onCounts: control.judge }, ...onOutcomes, allowed ?? {}, callerHooks(context, [name])];
  const whereabouts = await openWhereabouts(1, sources);
  const ledger = openLedger([name], state, hooks, causes);
  ledger.warn(state.warnings);
  const onFailure = () => control.stop.because("failed");
  const target = apiTarget(client, rules, { runId: options.runId, onFailure });
  return {
    job: { steps: [{ index: 0 }], target, ledger, control, keys: createKeySet(), whereabouts },
    folder,
    closing: {
      ...{ command, dryRun: false, mode, client, ledger, state, allowed },
      // A plan has no rejects file: its ops are not the user's records.
      rejectsOf: { sources: [], optionsOf: () => ({}) },
      ...{ stop: control.stop, reports: options.report, timeline, examples },
      origin: () => ({
        ...{ version, mapping: header.mapping.file || `that of ${undoOf}`, target: apiUrl, unmappedColumns: [] },
        commandLine: commandLineOf(context.commandLine ?? [command, undoOf ?? plan]),
        sources: [{ name, records: ledger.counts.records.read }],
      }),
    },
  };
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

async function blueprintsOf(names: readonly string[], { client }: Pick<Connection, "client">): Promise<Blueprints> {
  return new Map(
    await Promise.all(
      names.map(async (name) => {
        const found = await client.getBlueprint(name);
        if (found === undefined) throw new BlueprintError(`the blueprint ${name} of the plan is gone`);
        return [name, found] as const;
      }),
    ),
  );
}

function rulesOf(
  { createMissing, deleteDependents, mode, onMissingTarget }: PlanHeader,
  blueprints: Blueprints,
): WriteRules {
  const names = [...blueprints.keys()];
  return {
    // The plan creates nothing where that was not asked for.
    ...{ blueprints, mode, updateOnly: false, createMissing, deleteDependents },
    makesTargets: onMissingTarget.some((policies) => Object.values(policies).includes("create")),
    onMissingTarget: ({ resource }, relation) => onMissingTarget[resource]?.[relation],
    ...planSteps({ blueprints: names, dynamic: false }, blueprints, { createMissing }),
    isWritten: (blueprint) => blueprints.has(blueprint),
    // Which fields differ is in the plan.
    fieldsOf: () => ({ head: [], properties: [], relations: [] }),
  };
}
