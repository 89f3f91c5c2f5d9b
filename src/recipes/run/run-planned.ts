import type { Client } from "../../api/client.js";
import type { Blueprints } from "../../blueprint.js";
import { BlueprintError } from "../../errors.js";
import type { ResolvedApplyOptions } from "../../options/run.js";
import { planSteps } from "../../order.js";
import type { PlanHeader } from "../../plan/plan-file.js";
import { version } from "../../version.js";
import { surveyPlan } from "../read-plan.js";
import type { StepJob } from "../stages/entities.js";
import type { WriteRules } from "../target/target.js";
import { clientOptionsOf } from "./client-options.js";
import { type Connection, connect, type RunContext } from "./connect.js";
import { type Closing, type Finished, finish } from "./finish.js";
import { commandLineOf, type Folder } from "./folder.js";
import { openRun, type RunCommand } from "./open-run.js";
import { working } from "./working.js";

/** How one command that does what a plan says differs from another. */
export interface PlannedCommand<F extends Folder = Folder> extends Pick<RunCommand<F>, "openFolder"> {
  readonly name: "apply" | "undo";
  /** Path of the plan file. */
  readonly plan: string;
  /** Refuses a plan by what its file says, before anything is sent. */
  readonly refuse?: (header: PlanHeader, apiUrl: string) => Promise<void>;
  /** Refuses a plan that no longer fits the catalog, before there is a folder. */
  readonly refuseDrift?: (catalog: PlannedCatalog) => Promise<void>;
}

/** The catalog that a plan is for. */
export interface PlannedCatalog {
  readonly client: Client;
  /** Blueprints of the plan's ops. */
  readonly blueprints: Blueprints;
  readonly header: PlanHeader;
}

/** A job that does what a plan says. */
export interface PlannedJob<F extends Folder = Folder> extends StepJob {
  readonly header: PlanHeader;
  readonly folder: F;
}

/**
 * Runs a command that does what a plan says, as `runSources` runs one that reads sources: opens all that it needs, works, reports, and closes everything.
 *
 * @param work - what the command does once all is open
 */
export async function runPlanned<F extends Folder>(
  options: Omit<ResolvedApplyOptions, "plan">,
  context: RunContext,
  command: PlannedCommand<F>,
  work: (job: PlannedJob<F>) => Promise<void>,
): Promise<Finished> {
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  const { apiUrl } = clientOptions;
  const { header, names } = await surveyPlan(command.plan);
  await command.refuse?.(header, apiUrl);
  const connection = context.connection ?? connect(clientOptions, options, context);
  try {
    const { job, closing } = await openPlan(options, command, { header, names, apiUrl, connection, context });
    const run = { importId: closing.state.importId, job, connection };
    const worked = await working(context, run, () => work(job));
    return await finish(closing, worked);
  } finally {
    await connection.close();
  }
}

/** What the job of a plan is opened with. */
interface GivenPlan {
  readonly header: PlanHeader;
  /** Blueprints of its ops. */
  readonly names: readonly string[];
  readonly apiUrl: string;
  readonly connection: Connection;
  readonly context: RunContext;
}

/** Opens blueprints, folder and ledger: all that the job of a plan needs, and what closes it. */
async function openPlan<F extends Folder>(
  options: Omit<ResolvedApplyOptions, "plan">,
  command: PlannedCommand<F>,
  { header, names, apiUrl, connection, context }: GivenPlan,
): Promise<{ readonly job: PlannedJob<F>; readonly closing: Closing }> {
  const { client } = connection;
  const blueprints = await blueprintsOf(names, client);
  await command.refuseDrift?.({ client, blueprints, header });
  const { undoOf, mapping } = header;
  const path = command.plan;
  // The plan of an undo is gone at its end.
  const name = command.name === "undo" ? `undo of ${undoOf}` : path;
  const facts = {
    options,
    apiUrl,
    mapping: mapping.sha256,
    sources: [{ index: 0, kind: "plan", path, name }],
    rules: rulesOf(header, blueprints),
    steps: [{ index: 0 }],
    warnings: [],
  };
  const { job, closing } = await openRun({ ...command, undoOf }, facts, connection, context);
  const origin = () => ({
    version,
    mapping: mapping.file || `that of ${undoOf}`,
    target: apiUrl,
    commandLine: commandLineOf(context.commandLine ?? [command.name, undoOf ?? path]),
    sources: [{ name, records: job.ledger.counts.records.read }],
    unmappedColumns: [],
  });
  // A plan has no rejects file: its ops are not the user's records.
  const rejectsOf = { sources: [], optionsOf: () => ({}) };
  return { job: { ...job, header }, closing: { ...closing, rejectsOf, origin } };
}

async function blueprintsOf(names: readonly string[], client: Client): Promise<Blueprints> {
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
    blueprints,
    mode,
    createMissing,
    deleteDependents,
    // The plan creates nothing where that was not asked for.
    updateOnly: false,
    makesTargets: onMissingTarget.some((policies) => Object.values(policies).includes("create")),
    onMissingTarget: ({ resource }, relation) => onMissingTarget[resource]?.[relation],
    ...planSteps({ blueprints: names, dynamic: false }, blueprints, { createMissing }),
    isWritten: (blueprint) => blueprints.has(blueprint),
    // Which fields differ is in the plan.
    fieldsOf: () => ({ head: [], properties: [], relations: [] }),
  };
}
