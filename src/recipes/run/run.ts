import type { Readable } from "node:stream";
import type { Blueprints } from "../../blueprint.js";
import { UsageError } from "../../errors.js";
import { startJq } from "../../map/jq.js";
import { type CompiledMapping, compileMapping } from "../../map/map.js";
import { missingTargetPolicies } from "../../map/mapping.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import { planSteps, type StepPlan } from "../../order.js";
import type { ReadIo } from "../../read/read.js";
import { groupCauses } from "../../report/group-causes.js";
import { keepExamples } from "../../report/report.js";
import { createKeySet, type KeySet } from "../../settle/keys.js";
import { fingerprintText } from "../../state/state.js";
import { type Inputs, openInputs, type StepJob } from "../stages/entities.js";
import { nameOtherCases } from "../stages/missing-lookups.js";
import { apiTarget, type Target, type WriteRules } from "../target/target.js";
import { openBlueprints } from "./blueprints.js";
import { clientOptionsOf } from "./client-options.js";
import { type Connection, connect, openDownloads, type RunContext } from "./connect.js";
import { type Closing, type Finished, finish, reportSoFar } from "./finish.js";
import { type Folder, headerOf, type OpenFolder, originOf } from "./folder.js";
import { callerHooks, readAllowedRejects } from "./hooks.js";
import {
  type Inventory,
  mappedBlueprints,
  onceEach,
  openInventory,
  type Receipt,
  settleSources,
  withFaultsOf,
} from "./inventory.js";
import { type Ledger, type LedgerHooks, openLedger } from "./ledger.js";
import { openWhereabouts, watchConnection, working } from "./working.js";

/** How one command that reads sources through a mapping differs from another. */
export interface SourceCommand<F extends Folder = Folder> {
  /** As the report and the journal name it. */
  readonly command: string;
  /** True where nothing is changed in the catalog. */
  readonly dryRun?: boolean;
  readonly openFolder: OpenFolder<F>;
  /** Refuses what the command cannot do, before anything is sent. */
  readonly refuse?: (inventory: Inventory) => void;
  /** Refuses what the command cannot do with these blueprints, before anything is read. */
  readonly refuseBlueprints?: (inventory: Inventory, blueprints: Blueprints) => void;
  /** Where entities are written; the API by default. */
  readonly targetOf?: (api: Target, keys: KeySet, ledger: Ledger) => Target;
  /** Receives what the ledger takes. */
  readonly hooks?: LedgerHooks;
  /** The import whose rejects this one retries. */
  readonly retryOf?: string | undefined;
}

/** A job that reads sources through a mapping. */
export interface SourceJob<F extends Folder = Folder> extends StepJob {
  readonly inputs: Inputs;
  readonly inventory: Inventory;
  readonly plan: StepPlan;
  readonly folder: F;
}

/**
 * Runs a command that reads sources through a mapping: opens all that it needs, works, reports, and closes everything whatever happens.
 *
 * @param work - what the command does once all is open
 * @throws as `runImport` does, as long as there is no import id
 */
export async function runSources<F extends Folder>(
  options: ResolvedRunOptions,
  context: RunContext,
  kind: SourceCommand<F>,
  work: (job: SourceJob<F>) => Promise<void>,
): Promise<Finished> {
  if (options.updateOnly && options.mode === "create")
    throw new UsageError("--update-only with --mode create: nothing could be written", {
      hint: "Leave one of them out.",
    });
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  const receipts = new Map<number, Receipt>();
  const onReceipt = onceEach((receipt) => {
    receipts.set(receipt.source, receipt);
    context.onReceipt?.(receipt);
  });
  // The mapping read, and the sources bound to its kinds; then the doubts of how they are read are settled.
  const given = await openInventory(options);
  kind.refuse?.(given);
  const engine = startJq();
  try {
    const resources = given.resources.map(({ index }) => index);
    const compiling = compileMapping(given.mapping, engine, { resources, env: context.env ?? {} });
    const inventory = await withFaultsOf(compiling, settleSources(given, { ...context, onReceipt }));
    const connection = context.connection ?? connect(clientOptions, options, context);
    context.onConnection?.(watchConnection(connection));
    const downloads = await openDownloads(context);
    try {
      const io = { fetch: downloads.fetch, onReceipt, stdin: context.stdin };
      const { apiUrl } = clientOptions;
      const opened = { inventory, connection, compiling, io, apiUrl, receipts, context };
      const { job, closing } = await openSources(options, kind, opened);
      const startedMs = performance.now();
      context.onReport?.(() => reportSoFar(closing, performance.now() - startedMs));
      const run = { importId: closing.state.importId, job, connection };
      // From here on a failure is a value; reading that the run itself stopped is not a fault: the reason of the stop is how the run ended.
      const worked = await working(context, run, () => work(job));
      return await finish(closing, worked);
    } finally {
      await connection.close();
      await downloads.close();
    }
  } finally {
    await engine.close();
  }
}

/** What is open already. */
interface Opened {
  readonly inventory: Inventory;
  readonly connection: Connection;
  readonly compiling: Promise<CompiledMapping>;
  readonly io: Required<Pick<ReadIo, "fetch" | "onReceipt">> & { readonly stdin: Readable | undefined };
  readonly apiUrl: string;
  /** How each source was read, by its index; it fills as they are. */
  readonly receipts: ReadonlyMap<number, Receipt>;
  readonly context: RunContext;
}

/** Opens blueprints, order, mapping, folder and ledger: all that a job over sources needs, and what closes it. */
async function openSources<F extends Folder>(
  options: ResolvedRunOptions,
  kind: SourceCommand<F>,
  { inventory: given, connection, compiling, io, apiUrl, receipts, context }: Opened,
): Promise<{ readonly job: SourceJob<F>; readonly closing: Closing }> {
  const { client, control, timeline } = connection;
  const { commandLine } = context;
  const { mapping } = given;
  const from = options.blueprints === undefined ? { client } : { folder: options.blueprints };
  const blueprints = await withFaultsOf(compiling, openBlueprints(given, from));
  kind.refuseBlueprints?.(given, blueprints);
  const { constant, dynamic, ...relations } = mappedBlueprints(given);
  const { updateOnly } = options;
  const createMissing = mapping.createMissingRelatedEntities && !updateOnly;
  const plan = planSteps({ blueprints: constant, dynamic }, blueprints, { createMissing, ...relations });
  const mode = options.mode ?? (mapping.enableMergeEntity === false ? "override" : "merge");
  const rules = rulesOf(given, blueprints, plan, { mode, updateOnly, createMissing });
  const compiled = await compiling;

  const { command, dryRun = false, retryOf } = kind;
  const names: string[] = [];
  for (const { index, name } of given.sources) names[index] = name;
  const allowed =
    options.allowRejects === undefined ? undefined : await readAllowedRejects(options.allowRejects, names);
  const fingerprints = { mapping: fingerprintText(given.text), sources: given.sources };
  const header = await headerOf({ command, options, mode, apiUrl, retryOf, ...fingerprints });
  const causes = groupCauses(names);
  const recall = causes.addRejects;
  const folder = await kind.openFolder({ header, sources: given.sources, stdin: io.stdin, recall });
  const { state, stdin } = folder;
  const inventory = { ...given, sources: folder.sources };

  const { take, examples } = keepExamples();
  const explain = nameOtherCases(client, blueprints);
  const onOutcomes = [{ onOutcomes: timeline.settled }, { onOutcomes: take }];
  const hooks = [
    { explain, onCounts: control.judge },
    ...onOutcomes,
    allowed ?? {},
    kind.hooks ?? {},
    callerHooks(context, names),
  ];
  const ledger = openLedger(names, state, hooks, causes);
  // Rejects are of the kinds that had any.
  const own = given.warnings.filter(({ code }) => retryOf === undefined || code !== "kind_without_source");
  ledger.warn([...own, ...compiled.warnings, ...state.warnings]);
  const keys = createKeySet();
  const onFailure = () => control.stop.because("failed");
  const api = apiTarget(client, rules, { runId: options.runId, onFailure });
  const target = kind.targetOf?.(api, keys, ledger) ?? api;
  const whereabouts = await openWhereabouts(plan.steps.length, inventory.sources);
  const inputs = openInputs({
    ...{ inventory, mapping: compiled, rules, plan, state, whereabouts },
    io: {
      ...{ fetch: io.fetch, onReceipt: io.onReceipt, signal: control.stop.signal },
      ...(stdin && { stdin }),
      ...(options.limit !== undefined && { limit: options.limit }),
    },
  });
  return {
    job: { steps: plan.steps, inputs, target, ledger, control, keys, whereabouts, inventory, plan, folder },
    closing: {
      ...{ command, dryRun, retryOf, mode, client, ledger, state, allowed },
      ...{ stop: control.stop, rejectsOf: inventory, reports: options.report, timeline, examples },
      origin: () => originOf({ command, commandLine, dryRun, header, mapping: compiled, inputs, receipts }),
    },
  };
}

function rulesOf(
  { mapping, resources }: Inventory,
  blueprints: Blueprints,
  { awaited, deferrable }: StepPlan,
  given: Pick<WriteRules, "mode" | "updateOnly" | "createMissing">,
): WriteRules {
  const isWritten = (blueprint: string, key: string): boolean =>
    mapping.unknownProperties === "refuse" || Object.hasOwn(blueprints.get(blueprint)?.schema.properties ?? {}, key);
  const { updateOnly } = given;
  const policies = missingTargetPolicies(mapping, updateOnly);
  return {
    blueprints,
    ...given,
    deleteDependents: mapping.deleteDependentEntities,
    deferrable,
    awaited,
    makesTargets: policies.some((policy) => Object.values(policy).includes("create")),
    onMissingTarget: ({ resource }, relation) => policies[resource]?.[relation],
    isWritten: (blueprint) => resources.some((resource) => (resource.blueprint ?? blueprint) === blueprint),
    fieldsOf(blueprint) {
      const own = resources.filter((resource) => resource.blueprint === undefined || resource.blueprint === blueprint);
      const head = ["title", "icon", "team"] as const;
      return {
        head: head.filter((name) => own.some(({ entity }) => entity[name] !== undefined)),
        properties: own.flatMap(({ properties }) => properties).filter((key) => isWritten(blueprint, key)),
        relations: own.flatMap(({ relations }) => relations),
      };
    },
  };
}
