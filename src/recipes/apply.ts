import { BlueprintError, InternalError } from "../errors.js";
import { parseOptions } from "../options/parse.js";
import { type ApplyOptions, applyOptions } from "../options/run.js";
import { planSteps } from "../order/steps.js";
import type { PlanHeader } from "../plan/plan-file.js";
import { createKeySet } from "../settle/keys.js";
import { version } from "../version.js";
import { refuseDrift, refuseDriftedGround } from "./plan/drift.js";
import { deletionsOf, planLines, plannedEntities } from "./plan/planned.js";
import { deleteStale } from "./prune/delete.js";
import { readAllowedRejects } from "./run/allow-rejects.js";
import type { Catalog } from "./run/catalog.js";
import { clientOptionsOf } from "./run/client-options.js";
import { type Connection, connect } from "./run/connect.js";
import type { ImportContext } from "./run/context.js";
import { type Finished, finish } from "./run/finish.js";
import { headerOf, newFolder } from "./run/folder.js";
import { openLedger } from "./run/ledger.js";
import { commandLineOf } from "./run/origin.js";
import { watchProgress } from "./run/run.js";
import { deferRelations } from "./stages/defer.js";
import { runSteps } from "./stages/steps.js";
import { apiTarget, type WriteRules } from "./target/target.js";

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
  const { plan, ...options } = parseOptions(applyOptions, given);
  const { header, names } = await surveyPlan(plan);
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  const { apiUrl } = clientOptions;
  await refuseDriftedGround(header, apiUrl, plan);
  const connection = connect(clientOptions, options, context);
  const { client, control } = connection;
  try {
    const blueprints = await blueprintsOf(names, connection);
    await refuseDrift({ client, blueprints, header }, planLines(plan));
    const rules = rulesOf(header, blueprints);
    const { mode } = rules;
    const source = { index: 0, kind: "plan", path: plan, name: plan };
    const allowed =
      options.allowRejects === undefined ? undefined : await readAllowedRejects(options.allowRejects, [plan]);
    const { state } = await newFolder(
      options,
      context,
    )({
      header: await headerOf({
        ...{ command: "apply", options, mode, apiUrl },
        ...{ mapping: header.mapping.sha256, sources: [source] },
      }),
      sources: [source],
      stdin: undefined,
      recall: () => undefined,
    });
    const ledger = openLedger([plan], state, [
      { onCounts: control.judge, onOutcomes: connection.timeline.settled },
      allowed ?? {},
    ]);
    ledger.warn(state.warnings);
    const keys = createKeySet();
    const onFailure = () => control.stop.because("failed");
    const target = apiTarget(client, rules, { runId: options.runId, onFailure });
    context.onStart?.({ importId: state.importId, progress: watchProgress(ledger, connection) });
    return await finish(
      {
        ...{ command: "apply", dryRun: false, mode, client, ledger, state, allowed },
        // A plan has no rejects file: its ops are not the user's records.
        rejectsOf: { sources: [], optionsOf: () => ({}) },
        ...{ stop: control.stop, reports: options.report, timeline: connection.timeline },
        origin: () => ({
          ...{ version, mapping: header.mapping.file, target: apiUrl, unmappedColumns: [] },
          commandLine: commandLineOf(context.commandLine ?? ["apply", plan]),
          sources: [{ name: plan, records: ledger.counts.records.read }],
        }),
      },
      async () => {
        const job = { steps: [{ index: 0 }], target, ledger, control, keys };
        await runSteps(job, () => [plannedEntities(plan, ledger, keys), deferRelations(target, ledger, keys)]);
        if (control.stop.reason !== undefined) return;
        await deleteStale(await deletionsOf(plan), target, ledger, control.stop.signal);
      },
    );
  } finally {
    await connection.close();
  }
}

async function surveyPlan(path: string): Promise<{ header: PlanHeader; names: readonly string[] }> {
  const names = new Set<string>();
  let header: PlanHeader | undefined;
  for await (const line of planLines(path)) {
    if ("op" in line) names.add(line.blueprint);
    else if (line.line === "plan") header = line;
  }
  if (header === undefined) throw new InternalError(`${path}: a plan without a header was taken for one`);
  return { header, names: [...names] };
}

async function blueprintsOf(names: readonly string[], { client }: Pick<Connection, "client">): Promise<Catalog> {
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
  blueprints: Catalog,
): WriteRules {
  const names = [...blueprints.keys()];
  return {
    ...{ blueprints, mode, createMissing, deleteDependents },
    onMissingTarget: ({ resource }, relation) => onMissingTarget[resource]?.[relation],
    deferrable: planSteps({ blueprints: names, dynamic: false }, blueprints, { createMissing }).deferrable,
    // Which fields differ is in the plan.
    fieldsOf: () => ({ head: [], properties: [], relations: [] }),
  };
}
