import type { Client } from "../api/client.js";
import type { Blueprints } from "../blueprint.js";
import type { EntityBody } from "../entity.js";
import { GuardError } from "../errors.js";
import { parseOptions } from "../options/option.js";
import { type ApplyOptions, applyOptions } from "../options/run.js";
import type { PlanHeader, PlanLine, PlanOp } from "../plan/plan-file.js";
import { compileComparison, type Found } from "../settle/compare.js";
import { fileHash } from "./plan-writer.js";
import { deleteStale, openPlannedPrune, type PlannedPrune } from "./prune/delete.js";
import { stateDirOf } from "./prune/memory.js";
import { deletionsOf, planLines, plannedEntities } from "./read-plan.js";
import type { ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { newFolder } from "./run/folder.js";
import { type PlannedCatalog, type PlannedCommand, runPlanned } from "./run/run-planned.js";
import { deferRelations, keepMadeTargets } from "./stages/before-first-write.js";
import type { EntityStage, StepJob } from "./stages/entities.js";
import { leaveOutMissing } from "./stages/missing-lookups.js";
import { runSteps } from "./stages/steps.js";

/**
 * Does exactly what a plan says, or nothing: when the catalog, a source or the mapping is no longer what it was, the plan is refused before anything
 * is written.
 *
 * Each op counts as a record; entities that the plan found unchanged are in no count.
 *
 * @throws {PlanError} for a file that is not a whole plan
 * @throws {GuardError} for a plan that drifted, and while another import of the same mapping into the same catalog runs
 */
export async function runApply(given: ApplyOptions, context: ImportContext = {}): Promise<Finished> {
  const { plan, ...options } = parseOptions(applyOptions, given);
  const command: PlannedCommand = {
    name: "apply",
    plan,
    openFolder: newFolder(options, context),
    refuse: (header, apiUrl) => refuseDriftedGround(header, apiUrl, plan),
    refuseDrift: (catalog) => refuseDrift(catalog, planLines(plan)),
  };
  return runPlanned(options, context, command, async (job) => {
    const { header, folder } = job;
    const at = { stateDir: stateDirOf(folder.state), apiUrl: header.target };
    const prune = header.prune && (await openPlannedPrune(job, header.prune, at));
    await doPlanned(job, plan, [], prune);
  });
}

/**
 * Writes what a plan says, then deletes.
 *
 * @param more - stages that entities pass before they are written
 * @param prune - what the deletions are held to, beyond the plan
 */
export async function doPlanned(
  job: StepJob,
  plan: string,
  more: readonly EntityStage[] = [],
  prune?: PlannedPrune,
): Promise<void> {
  const { target, ledger, control, keys, whereabouts } = job;
  await runSteps(job, () => [
    plannedEntities(plan, job),
    ...more,
    keepMadeTargets(target, ledger, keys),
    leaveOutMissing(target, ledger, keys),
    deferRelations(target, ledger, keys),
  ]);
  if (control.stop.reason !== undefined) return;
  whereabouts.enter("deletions");
  const planned = await deletionsOf(plan);
  if (prune !== undefined) await prune.run(planned);
  else await deleteStale(planned, target, ledger, control.stop.signal);
}

/** Entities named in a message. */
const shownDrifts = 20;

/** Refuses a plan for another catalog, and one whose mapping or sources are no longer what they were. @throws {GuardError} */
async function refuseDriftedGround(header: PlanHeader, target: string, file: string): Promise<void> {
  if (header.target !== target)
    throw new GuardError(`${file} was made for ${header.target}, not for ${target}`, {
      hint: "Set PORT_API_URL or --api-url to the plan's catalog, or make a new plan.",
    });
  const drifted: string[] = [];
  for (const { name, path, sha256 } of header.sources) {
    const now = path === undefined ? undefined : await fileHash(path);
    if (now !== undefined && now !== sha256) drifted.push(name);
  }
  const mapping = await fileHash(header.mapping.file);
  if (mapping !== undefined && mapping !== header.mapping.sha256) drifted.push(header.mapping.file);
  if (drifted.length > 0)
    throw new GuardError(`${drifted.join(", ")} changed since the plan was made`, { hint: "Make a new plan." });
}

/**
 * Compares every entity of a plan with the catalog, a thousand at a time: what is to be created must not be there, what is to be updated or deleted
 * must be as it was. Nothing is written before all are compared.
 *
 * @throws {GuardError} that names what drifted
 */
export async function refuseDrift(
  { client, blueprints, header }: PlannedCatalog,
  lines: AsyncIterable<PlanLine>,
): Promise<void> {
  const drifted: string[] = [];
  let count = 0;
  const judge = async (group: readonly PlanOp[]): Promise<void> => {
    for (const line of await driftOf(group, client, blueprints, header.mode))
      if (++count <= shownDrifts) drifted.push(line);
  };
  let group: PlanOp[] = [];
  for await (const line of lines) {
    if (!("op" in line) || typeof identifierOf(line) !== "string") continue;
    if (group.length === 1000 || (group[0] !== undefined && group[0].blueprint !== line.blueprint)) {
      await judge(group);
      group = [];
    }
    group.push(line);
  }
  await judge(group);
  if (count === 0) return;
  const more = count > shownDrifts ? `\n  and ${count - shownDrifts} more` : "";
  throw new GuardError(
    `nothing is applied: the catalog drifted since the plan was made\n${drifted.join("\n")}${more}`,
    {
      hint: "Make a new plan.",
    },
  );
}

async function driftOf(
  group: readonly PlanOp[],
  client: Client,
  blueprints: Blueprints,
  mode: PlanHeader["mode"],
): Promise<readonly string[]> {
  const [first] = group;
  const definition = first && blueprints.get(first.blueprint);
  if (first === undefined || definition === undefined) return [];
  const all = {
    head: ["title", "icon", "team"] as const,
    properties: Object.keys(definition.schema.properties),
    relations: Object.keys(definition.relations ?? {}),
  };
  const inMode = compileComparison(definition, mode, all);
  const whole = compileComparison(definition, "override", all);
  const found = await client.lookUp(
    first.blueprint,
    group.map((op) => String(identifierOf(op))),
  );
  return group.flatMap((op) => {
    const name = String(identifierOf(op));
    const held = found.get(name);
    const at = `  ${op.blueprint}/${name}`;
    if (op.op === "create") return held === undefined ? [] : [`${at} exists by now`];
    if (held === undefined) return [`${at} is gone`];
    if (op.before === undefined) return [];
    const changes =
      op.op === "delete" ? whole.changes(bodyOf(op.before), held) : inMode.changes(op.before as EntityBody, held);
    // What was held then is `after`: it is what the comparison expects.
    return changes.length === 0
      ? []
      : [
          `${at}: ${changes.map(({ path, before, after }) => `${path} was ${show(after)}, is ${show(before)}`).join("; ")}`,
        ];
  });
}

function identifierOf(op: PlanOp): unknown {
  return op.op === "delete" ? op.before.identifier : op.entity.identifier;
}

function bodyOf(found: Found): EntityBody {
  const { identifier, title, icon, team, properties, relations } = found as Found & EntityBody;
  return { identifier, title: title ?? null, icon: icon ?? null, team: team ?? null, properties, relations };
}

function show(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
