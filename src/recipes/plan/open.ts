import type { Blueprints } from "../../blueprint.js";
import { BlueprintError, InternalError } from "../../errors.js";
import type { ResolvedApplyOptions } from "../../options/run.js";
import { planSteps } from "../../order/steps.js";
import type { PlanHeader } from "../../plan/plan-file.js";
import { createKeySet } from "../../settle/keys.js";
import { version } from "../../version.js";
import { readAllowedRejects } from "../run/allow-rejects.js";
import type { Connection } from "../run/connect.js";
import type { ImportContext } from "../run/context.js";
import type { Closing } from "../run/finish.js";
import { headerOf, newFolder } from "../run/folder.js";
import { openLedger } from "../run/ledger.js";
import { commandLineOf } from "../run/origin.js";
import type { StepJob } from "../stages/stage.js";
import { apiTarget, type WriteRules } from "../target/target.js";
import { planLines } from "./planned.js";

/** A plan that is to be applied, and where to. */
export interface GivenPlan {
  /** Path of the file. */
  readonly plan: string;
  readonly header: PlanHeader;
  /** Blueprints of its ops. */
  readonly names: readonly string[];
  readonly connection: Connection;
  readonly apiUrl: string;
}

/**
 * Opens blueprints, folder and ledger: all that the job of a plan is made of, and what it is closed with.
 *
 * @param refuse - refuses a plan that no longer holds, before there is a folder
 */
export async function openPlan(
  options: Omit<ResolvedApplyOptions, "plan">,
  context: ImportContext,
  { plan, header, names, connection, apiUrl }: GivenPlan,
  refuse: (blueprints: Blueprints) => Promise<void>,
): Promise<{ readonly job: StepJob; readonly closing: Closing }> {
  const { client, control, timeline } = connection;
  const blueprints = await blueprintsOf(names, connection);
  await refuse(blueprints);
  const rules = rulesOf(header, blueprints);
  const { mode } = rules;
  const allowed =
    options.allowRejects === undefined ? undefined : await readAllowedRejects(options.allowRejects, [plan]);
  const sources = [{ index: 0, kind: "plan", path: plan, name: plan }];
  const facts = { command: "apply", options, mode, apiUrl, mapping: header.mapping.sha256, sources };
  const open = newFolder(options, context);
  const { state } = await open({
    ...{ header: await headerOf(facts), sources, stdin: undefined },
    recall: () => undefined,
  });
  const ledger = openLedger([plan], state, [{ onCounts: control.judge, onOutcomes: timeline.settled }, allowed ?? {}]);
  ledger.warn(state.warnings);
  const onFailure = () => control.stop.because("failed");
  const target = apiTarget(client, rules, { runId: options.runId, onFailure });
  return {
    job: { steps: [{ index: 0 }], target, ledger, control, keys: createKeySet() },
    closing: {
      ...{ command: "apply", dryRun: false, mode, client, ledger, state, allowed },
      // A plan has no rejects file: its ops are not the user's records.
      rejectsOf: { sources: [], optionsOf: () => ({}) },
      ...{ stop: control.stop, reports: options.report, timeline },
      origin: () => ({
        ...{ version, mapping: header.mapping.file, target: apiUrl, unmappedColumns: [] },
        commandLine: commandLineOf(context.commandLine ?? ["apply", plan]),
        sources: [{ name: plan, records: ledger.counts.records.read }],
      }),
    },
  };
}

/** Reads a plan for the first time: its header, and the names of its blueprints. @throws {PlanError} for a file that is no whole plan */
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
    ...{ blueprints, mode, createMissing, deleteDependents },
    makesTargets: onMissingTarget.some((policies) => Object.values(policies).includes("create")),
    onMissingTarget: ({ resource }, relation) => onMissingTarget[resource]?.[relation],
    deferrable: planSteps({ blueprints: names, dynamic: false }, blueprints, { createMissing }).deferrable,
    isWritten: (blueprint) => blueprints.has(blueprint),
    // Which fields differ is in the plan.
    fieldsOf: () => ({ head: [], properties: [], relations: [] }),
  };
}
