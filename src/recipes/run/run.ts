import { startJq } from "../../map/jq.js";
import { compileMapping } from "../../map/map.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import { planSteps, type StepInput, type StepOptions, type StepPlan } from "../../order/steps.js";
import { formOf } from "../../report/forms.js";
import { groupCauses } from "../../report/group-causes.js";
import type { Progress } from "../../report/progress.js";
import { createKeySet, type KeySet } from "../../settle/keys.js";
import { fingerprintText } from "../../state/fingerprint.js";
import type { Job } from "../stages/steps.js";
import { apiTarget, type Target, type WriteRules } from "../target/target.js";
import { readAllowedRejects } from "./allow-rejects.js";
import { type Catalog, openCatalog } from "./catalog.js";
import { clientOptionsOf } from "./client-options.js";
import { type Connection, connect, openDownloads } from "./connect.js";
import type { ImportContext } from "./context.js";
import { type Finished, finish } from "./finish.js";
import { type Folder, headerOf, type OpenFolder } from "./folder.js";
import { type Inputs, openInputs } from "./inputs.js";
import { type Inventory, openInventory } from "./inventory.js";
import { type Ledger, type LedgerHooks, openLedger } from "./ledger.js";
import { originOf } from "./origin.js";
import { onceEach, type Receipt, settleSources } from "./settle-sources.js";

/** What tells one command that reads sources through a mapping from another. */
export interface Kind<F extends Folder = Folder> {
  /** As the report and the journal name it. */
  readonly command: string;
  /** True where nothing is changed in the catalog. */
  readonly dryRun?: boolean;
  readonly openFolder: OpenFolder<F>;
  /** Refuses what the command cannot do, before anything is sent. */
  readonly refuse?: (inventory: Inventory) => void;
  /** Refuses what the command cannot do with these blueprints, before anything is read. */
  readonly refuseBlueprints?: (inventory: Inventory, blueprints: Catalog) => void;
  /** Where entities go; the API by default. */
  readonly targetOf?: (api: Target, keys: KeySet, ledger: Ledger) => Target;
  /** Receives what the ledger takes. */
  readonly hooks?: LedgerHooks;
  /** The import whose rejects this one takes up. */
  readonly retryOf?: string | undefined;
}

/** A job that reads sources through a mapping. */
export interface SourceJob<F extends Folder = Folder> extends Job {
  readonly inputs: Inputs;
  readonly inventory: Inventory;
  readonly plan: StepPlan;
  readonly folder: F;
}

/**
 * Opens all that a command needs which reads sources through a mapping, does its work, reports, and closes everything whatever becomes of it.
 *
 * @throws as `runImport` does, as long as there is no import id
 */
export async function runSources<F extends Folder>(
  options: ResolvedRunOptions,
  context: ImportContext,
  kind: Kind<F>,
  work: (job: SourceJob<F>) => Promise<void>,
): Promise<Finished> {
  options.report.forEach(formOf);
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  const given = await openInventory(options);
  kind.refuse?.(given);
  const receipts = new Map<number, Receipt>();
  const onReceipt = onceEach((receipt) => {
    receipts.set(receipt.source, receipt);
    context.onReceipt?.(receipt);
  });
  const settled = await settleSources(given, { ...context, onReceipt });

  const connection = connect(clientOptions, options, context);
  const { client, control } = connection;
  const engine = startJq();
  const downloads = openDownloads(context);
  try {
    const { mapping } = settled;
    const blueprints = await openCatalog(
      settled,
      options.blueprints === undefined ? { client } : { folder: options.blueprints },
    );
    kind.refuseBlueprints?.(settled, blueprints);
    const mode = options.mode ?? (mapping.enableMergeEntity === false ? "override" : "merge");
    const plan = planSteps(stepInput(settled), blueprints, {
      createMissing: mapping.createMissingRelatedEntities,
      ...mappedRelations(settled),
    });
    const rules = rulesOf(settled, blueprints, plan, mode);
    const compiled = await compileMapping(mapping, engine, {
      resources: settled.resources.map(({ index }) => index),
    });

    const { retryOf, command, dryRun = false } = kind;
    const names: string[] = [];
    for (const { index, name } of settled.sources) names[index] = name;
    const header = await headerOf({
      ...{ command, options, mode, apiUrl: clientOptions.apiUrl, retryOf },
      ...{ mapping: fingerprintText(settled.text), sources: settled.sources },
    });
    const allowed =
      options.allowRejects === undefined ? undefined : await readAllowedRejects(options.allowRejects, names);
    const causes = groupCauses(names);
    const folder = await kind.openFolder({
      ...{ header, sources: settled.sources, stdin: context.stdin },
      recall: causes.addRejects,
    });
    const { state, stdin } = folder;
    const inventory = { ...settled, sources: folder.sources };
    const hooks = [
      { onCounts: control.judge, onOutcomes: connection.timeline.settled },
      allowed ?? {},
      kind.hooks ?? {},
    ];
    const ledger = openLedger(names, state, hooks, causes);
    ledger.warn([...settled.warnings, ...state.warnings]);
    const keys = createKeySet();
    const api = apiTarget(client, rules, { runId: options.runId, onFailure: () => control.stop.because("failed") });
    const inputs = openInputs({
      ...{ inventory, mapping: compiled, rules, plan, state },
      io: {
        ...{ signal: control.stop.signal, fetch: downloads.fetch, onReceipt },
        ...(stdin && { stdin }),
        ...(options.limit !== undefined && { limit: options.limit }),
      },
    });
    const target = kind.targetOf?.(api, keys, ledger) ?? api;

    context.onStart?.({ importId: state.importId, progress: watchProgress(ledger, connection) });
    return await finish(
      {
        ...{ command, dryRun, retryOf, mode, client, ledger, state, allowed },
        ...{ stop: control.stop, rejectsOf: inventory, reports: options.report, timeline: connection.timeline },
        origin: () =>
          originOf({ command, commandLine: context.commandLine, header, mapping: compiled, inputs, receipts }),
      },
      () => work({ steps: plan.steps, inputs, target, ledger, control, keys, inventory, plan, folder }),
    );
  } finally {
    await engine.close();
    await connection.close();
    await downloads.close();
  }
}

/** How far a run is, with the requests per second since it was last asked. */
export function watchProgress(ledger: Ledger, { client }: Pick<Connection, "client">): () => Progress {
  let last = { at: performance.now(), total: client.counts().total };
  return () => {
    const now = { at: performance.now(), total: client.counts().total };
    const seconds = Math.max(0.001, (now.at - last.at) / 1000);
    const requestsPerSecond = Math.round(((now.total - last.total) / seconds) * 10) / 10;
    last = now;
    const { records, entities } = ledger.counts;
    const quotaShare = client.quotaUse();
    return {
      read: records.read,
      written: entities.created + entities.updated,
      rejected: ledger.rejected,
      requestsPerSecond,
      ...(quotaShare !== undefined && { quotaShare }),
    };
  };
}

function rulesOf(
  { mapping, resources }: Inventory,
  blueprints: Catalog,
  { deferrable }: StepPlan,
  mode: WriteRules["mode"],
): WriteRules {
  return {
    blueprints,
    mode,
    createMissing: mapping.createMissingRelatedEntities,
    deleteDependents: mapping.deleteDependentEntities,
    deferrable,
    onMissingTarget: ({ resource }, relation) => mapping.resources[resource]?.onMissingTarget[relation],
    fieldsOf(blueprint) {
      const own = resources.filter((resource) => resource.blueprint === undefined || resource.blueprint === blueprint);
      const head = ["title", "icon", "team"] as const;
      return {
        head: head.filter((name) => own.some(({ entity }) => entity[name] !== undefined)),
        properties: own.flatMap(({ properties }) => properties),
        relations: own.flatMap(({ relations }) => relations),
      };
    },
  };
}

function stepInput({ resources }: Inventory): StepInput {
  const blueprints = resources.map(({ blueprint }) => blueprint);
  const constant = blueprints.filter((blueprint) => blueprint !== undefined);
  return { blueprints: constant, dynamic: constant.length < blueprints.length };
}

function mappedRelations({ resources }: Inventory): Pick<StepOptions, "mapped" | "mappedDynamic"> {
  const mapped = new Map<string, string[]>();
  for (const { blueprint, relations } of resources)
    if (blueprint !== undefined) mapped.set(blueprint, [...(mapped.get(blueprint) ?? []), ...relations]);
  return { mapped, mappedDynamic: resources.flatMap(({ blueprint, relations }) => (blueprint ? [] : relations)) };
}
