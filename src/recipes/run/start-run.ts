import { createClient } from "../../api/client.js";
import { startJq } from "../../map/jq.js";
import { compileMapping } from "../../map/map.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import { planSteps, type StepInput, type StepOptions } from "../../order/steps.js";
import { formOf } from "../../report/forms.js";
import { autoWidth, fixedWidth } from "../../write/width.js";
import type { Resumption } from "../go-on/reopen-run.js";
import type { Retried } from "../go-on/retried.js";
import { type Catalog, openCatalog } from "./catalog.js";
import { clientOptionsOf } from "./client-options.js";
import type { ImportContext } from "./context.js";
import { type Finished, finishRun } from "./finish.js";
import { type Inventory, openInventory } from "./inventory.js";
import { openRun, watchProgress } from "./open-run.js";
import type { Run } from "./run.js";
import { onceEach, settleSources } from "./settle-sources.js";
import { graceAfter } from "./stop.js";

/** What tells one command that reads sources through a mapping from another. */
export interface RunKind {
  /** As the report and the journal name it. */
  readonly command: string;
  /** True where nothing is changed in the catalog. */
  readonly dryRun?: boolean;
  /** Folder of import folders, in place of the options'. */
  readonly stateDir?: string;
  /** Refuses what the command cannot do, before anything is sent. */
  readonly refuse?: (inventory: Inventory) => void;
  /** The import that goes on. */
  readonly resume?: Resumption;
  /** The import whose rejects this one takes up. */
  readonly retryOf?: Retried;
  /** Refuses what the command cannot do with these blueprints, before anything is read. */
  readonly refuseCatalog?: (inventory: Inventory, catalog: Catalog) => void;
}

/**
 * Opens all that a command needs which reads sources through a mapping, does its work, and closes everything whatever becomes of it.
 *
 * @throws as `runImport` does, as long as there is no import id
 */
export async function startRun(
  options: ResolvedRunOptions,
  context: ImportContext,
  kind: RunKind,
  work: (run: Run) => Promise<void>,
): Promise<Finished> {
  options.report.forEach(formOf);
  const env = context.env ?? {};
  const clientOptions = clientOptionsOf(options, env);
  const given = await openInventory(options);
  kind.refuse?.(given);
  const onReceipt = onceEach(context.onReceipt);
  const inventory = await settleSources(given, { ...context, onReceipt });
  const { apiUrl } = clientOptions;
  const width = options.concurrency === "auto" ? autoWidth() : fixedWidth(options.concurrency);
  const grace = graceAfter(context.signal);
  const client = createClient({
    ...clientOptions,
    ...(context.clock && { clock: context.clock }),
    signal: grace.signal,
    onExchange: ({ route, ms, trouble }) => route === "bulk" && width.settle(ms, trouble),
  });
  const engine = startJq();
  try {
    const catalog = await openCatalog(
      inventory,
      options.blueprints === undefined ? { client } : { folder: options.blueprints },
    );
    kind.refuseCatalog?.(inventory, catalog);
    const { mapping } = inventory;
    const createMissing = mapping.createMissingRelatedEntities;
    const plan = planSteps(stepInput(inventory), catalog, { createMissing, ...mappedRelations(inventory) });
    const compiled = await compileMapping(mapping, engine, {
      resources: inventory.resources.map(({ index }) => index),
    });
    const mode = options.mode ?? (mapping.enableMergeEntity === false ? "override" : "merge");
    const { command, dryRun = false } = kind;
    const parts = {
      command,
      dryRun,
      options,
      mode,
      createMissing,
      inventory,
      catalog,
      plan,
      compiled,
      client,
      width,
      onReceipt,
    };
    const run = await openRun(parts, { ...kind, apiUrl }, context);
    context.onStart?.({ importId: run.state.importId, progress: watchProgress(run) });
    return await finishRun(run, () => work(run).finally(() => run.accounts.warn(client.warnings())));
  } finally {
    await engine.close();
    await client.close();
    grace.clear();
  }
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
