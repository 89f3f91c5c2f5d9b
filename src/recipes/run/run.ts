import type { Readable } from "node:stream";
import type { Blueprints } from "../../blueprint.js";
import { UsageError } from "../../errors.js";
import { startJq } from "../../map/jq.js";
import { type CompiledMapping, compileMapping } from "../../map/map.js";
import { missingTargetPolicies } from "../../map/mapping.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import { planSteps, type StepPlan } from "../../order.js";
import type { ReadIo } from "../../read/read.js";
import { fingerprintText } from "../../state/state.js";
import { type Inputs, openInputs, type StepJob } from "../stages/entities.js";
import type { WriteRules } from "../target/target.js";
import { openBlueprints } from "./blueprints.js";
import { clientOptionsOf } from "./client-options.js";
import { type Connection, connect, openDownloads, type RunContext } from "./connect.js";
import { type Closing, type Finished, finish, reportSoFar } from "./finish.js";
import { type Folder, originOf } from "./folder.js";
import {
  type Inventory,
  mappedBlueprints,
  onceEach,
  openInventory,
  type Receipt,
  settleSources,
  withFaultsOf,
} from "./inventory.js";
import { openRun, type RunCommand } from "./open-run.js";
import { watchConnection, working } from "./working.js";

/** How one command that reads sources through a mapping differs from another. */
export interface SourceCommand<F extends Folder = Folder> extends RunCommand<F> {
  /** Refuses what the command cannot do, before anything is sent. */
  readonly refuse?: (inventory: Inventory) => void;
  /** Refuses what the command cannot do with these blueprints, before anything is read. */
  readonly refuseBlueprints?: (inventory: Inventory, blueprints: Blueprints) => void;
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
  command: SourceCommand<F>,
  work: (job: SourceJob<F>) => Promise<void>,
): Promise<Finished> {
  refuseToWriteNothing(options);
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  const { receipts, onReceipt } = keepReceipts(context);
  // The mapping read, and the sources bound to its kinds; then the doubts of how they are read are settled.
  const bound = await openInventory(options);
  command.refuse?.(bound);
  const engine = startJq();
  const toClose: { close(): Promise<void> }[] = [engine];
  try {
    const resources = bound.resources.map(({ index }) => index);
    const compiling = compileMapping(bound.mapping, engine, { resources, env: context.env ?? {} });
    const settled = await withFaultsOf(compiling, settleSources(bound, { ...context, onReceipt }));
    const connection = context.connection ?? connect(clientOptions, options, context);
    toClose.push(connection);
    context.onConnection?.(watchConnection(connection));
    const downloads = await openDownloads(context);
    toClose.push(downloads);
    const io = { fetch: downloads.fetch, onReceipt, stdin: context.stdin };
    const given = { settled, compiling, connection, io, apiUrl: clientOptions.apiUrl, receipts, context };
    const { job, closing } = await openSources(options, command, given);
    const startedMs = performance.now();
    context.onReport?.(() => reportSoFar(closing, performance.now() - startedMs));
    const run = { importId: closing.state.importId, job, connection };
    // From here on a failure is a value; reading that the run itself stopped is not a fault: the reason of the stop is how the run ended.
    const worked = await working(context, run, () => work(job));
    return await finish(closing, worked);
  } finally {
    // All of them, even if one cannot be closed.
    await Promise.all(toClose.map((each) => each.close()));
  }
}

/** What a job over sources is opened with. */
interface GivenSources {
  /** The mapping and its sources, without doubt how each is read. */
  readonly settled: Inventory;
  readonly compiling: Promise<CompiledMapping>;
  readonly connection: Connection;
  readonly io: Required<Pick<ReadIo, "fetch" | "onReceipt">> & { readonly stdin: Readable | undefined };
  readonly apiUrl: string;
  /** How each source was read, by its index; it fills as they are. */
  readonly receipts: ReadonlyMap<number, Receipt>;
  readonly context: RunContext;
}

/** Opens blueprints, order, mapping, folder and ledger: all that a job over sources needs, and what closes it. */
async function openSources<F extends Folder>(
  options: ResolvedRunOptions,
  command: SourceCommand<F>,
  { settled, compiling, connection, io, apiUrl, receipts, context }: GivenSources,
): Promise<{ readonly job: SourceJob<F>; readonly closing: Closing }> {
  const { client, control } = connection;
  const from = options.blueprints === undefined ? { client } : { folder: options.blueprints };
  const blueprints = await withFaultsOf(compiling, openBlueprints(settled, from));
  command.refuseBlueprints?.(settled, blueprints);
  const { plan, rules } = orderOf(settled, blueprints, options);
  const mapping = await compiling;

  const { sources, warnings } = settled;
  // Rejects are of the kinds that had any.
  const own = warnings.filter(({ code }) => command.retryOf === undefined || code !== "kind_without_source");
  const facts = {
    options,
    apiUrl,
    mapping: fingerprintText(settled.text),
    sources,
    stdin: io.stdin,
    rules,
    steps: plan.steps,
    warnings: [...own, ...mapping.warnings],
  };
  const { job, header, closing } = await openRun(command, facts, connection, context);

  const { folder, whereabouts } = job;
  const { state, stdin } = folder;
  // A resumed import reads copies of what cannot be read twice.
  const inventory = { ...settled, sources: folder.sources };
  const readIo = {
    fetch: io.fetch,
    onReceipt: io.onReceipt,
    signal: control.stop.signal,
    ...(stdin && { stdin }),
    ...(options.limit !== undefined && { limit: options.limit }),
  };
  const inputs = openInputs({ inventory, mapping, rules, plan, state, whereabouts, io: readIo });
  const { commandLine } = context;
  const origin = () =>
    originOf({ command: command.name, commandLine, dryRun: closing.dryRun, header, mapping, inputs, receipts });
  return { job: { ...job, inputs, inventory, plan }, closing: { ...closing, rejectsOf: inventory, origin } };
}

/** @throws {UsageError} for options under which nothing could be written */
function refuseToWriteNothing({ updateOnly, mode }: ResolvedRunOptions): void {
  if (updateOnly && mode === "create")
    throw new UsageError("--update-only with --mode create: nothing could be written", {
      hint: "Leave one of them out.",
    });
}

/** Keeps how each source was read, by its index, and passes it on. */
function keepReceipts({ onReceipt }: RunContext) {
  const receipts = new Map<number, Receipt>();
  const keep = onceEach((receipt) => {
    receipts.set(receipt.source, receipt);
    onReceipt?.(receipt);
  });
  return { receipts, onReceipt: keep };
}

/** The steps of a job over sources, and what its writes are held to. */
function orderOf(
  inventory: Inventory,
  blueprints: Blueprints,
  { mode, updateOnly }: Pick<ResolvedRunOptions, "mode" | "updateOnly">,
): { readonly plan: StepPlan; readonly rules: WriteRules } {
  const { mapping } = inventory;
  const { constant, dynamic, ...relations } = mappedBlueprints(inventory);
  const createMissing = mapping.createMissingRelatedEntities && !updateOnly;
  const plan = planSteps({ blueprints: constant, dynamic }, blueprints, { createMissing, ...relations });
  const ownMode = mapping.enableMergeEntity === false ? "override" : "merge";
  return { plan, rules: rulesOf(inventory, blueprints, plan, { mode: mode ?? ownMode, updateOnly, createMissing }) };
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
