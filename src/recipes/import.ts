import type { Readable } from "node:stream";
import { resolveApiUrl } from "../api/base-url.js";
import { createClient } from "../api/client.js";
import type { Clock } from "../api/clock.js";
import { MappingError, UsageError } from "../errors.js";
import { startJq } from "../map/jq.js";
import { compileMapping } from "../map/map.js";
import { type ImportOptions, importOptions, type ResolvedImportOptions } from "../options.js";
import { planSteps, type StepInput, type StepOptions } from "../order/steps.js";
import { formOf } from "../report/forms.js";
import type { Progress } from "../report/progress.js";
import { version } from "../version.js";
import { autoWidth, fixedWidth } from "../write/width.js";
import { openCatalog } from "./catalog.js";
import { credentialsFrom } from "./credentials.js";
import { type Finished, finishRun } from "./finish.js";
import { firstWrites } from "./first-writes.js";
import { type Inventory, openInventory } from "./inventory.js";
import { openRun, watchProgress } from "./open-run.js";
import type { Run } from "./run.js";
import { writeDeferred } from "./second-writes.js";
import { entitiesOfStep } from "./step.js";
import { judgeFirst, writeStep } from "./write-step.js";

/** What an import takes from the world around it. */
export interface ImportContext {
  /** Read for `PORT_CLIENT_ID`, `PORT_CLIENT_SECRET`, `PORT_API_URL`, `PORT_REGION`, `PORTLOAD_STATE` and the proxy variables. Default none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What a source `-` reads. */
  readonly stdin?: Readable;
  /** Interrupts the import: reading stops, what is in flight is finished. */
  readonly signal?: AbortSignal;
  /** Time for waits between attempts and the pace; default the machine's. */
  readonly clock?: Clock;
  /** Called once the import runs, with a function that tells how far it is. */
  readonly onStart?: (started: { readonly importId: string; readonly progress: () => Progress }) => void;
}

/**
 * Imports sources into the catalog and tells what became of every record.
 *
 * Reads, maps and checks record by record; memory grows only by at most 32 bytes an entity, for its key. A record that cannot become an entity is a
 * reject in the report, never an exception. Once there is an import id, every end has its report: `error` tells why an import could not go on.
 *
 * @throws {UsageError} for options that do not fit, before anything else
 * @throws {MappingError} with every fault of the mapping, before anything is read
 * @throws {SourceError} for a source that is missing
 * @throws {AuthError} when the API refuses the credentials; {@link ApiError} when it does not answer
 * @throws {GuardError} while another import of the same mapping into the same catalog runs
 *
 * @example
 * const { report } = await runImport({ mapping: "mappings/services.yaml", sources: ["samples/services.csv"] }, { env: process.env });
 * console.log(report.entities.created, report.entities.rejected);
 */
export async function runImport(given: ImportOptions, context: ImportContext = {}): Promise<Finished> {
  const options = resolve(given);
  options.report.forEach(formOf);
  const inventory = await openInventory(options);
  const { mapping } = inventory;
  if (mapping.duplicates === "last")
    throw new MappingError(mapping.file, [
      { path: "duplicates", message: "import settles duplicates by first, error or off" },
    ]);
  const env = context.env ?? {};
  const apiUrl = resolveApiUrl({ env, ...(options.apiUrl !== undefined && { apiUrl: options.apiUrl }) });
  const width = options.concurrency === "auto" ? autoWidth() : fixedWidth(options.concurrency);
  const client = createClient({
    apiUrl,
    env,
    credentials: credentialsFrom(env),
    ...(context.clock && { clock: context.clock }),
    rate: options.rate,
    userAgent: `portload/${version}`,
    onExchange: ({ route, ms, trouble }) => route === "bulk" && width.settle(ms, trouble),
  });
  const engine = startJq();
  try {
    const catalog = await openCatalog(
      inventory,
      options.blueprints === undefined ? { client } : { folder: options.blueprints },
    );
    const createMissing = mapping.createMissingRelatedEntities;
    const plan = planSteps(stepInput(inventory), catalog, { createMissing, ...mappedRelations(inventory) });
    const compiled = await compileMapping(mapping, engine, {
      resources: inventory.resources.map(({ index }) => index),
    });
    const mode = options.mode ?? (mapping.enableMergeEntity === false ? "override" : "merge");
    const parts = { options, mode, createMissing, inventory, catalog, plan, compiled, client, width };
    const run = await openRun(parts, apiUrl, context);
    context.onStart?.({ importId: run.state.importId, progress: watchProgress(run) });
    return await finishRun(run, () => writeAll(run));
  } finally {
    await engine.close();
    await client.close();
  }
}

/** The import itself: a step for each blueprint, relation targets first; then what had to wait. */
async function writeAll(run: Run): Promise<void> {
  for (const { index } of run.plan.steps) {
    const entities = entitiesOfStep(run, index);
    const writes = firstWrites(run, entities);
    await writeStep(run, writes, judgeFirst, 0);
    if (run.stop.reason !== undefined) return;
  }
  await writeDeferred(run);
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

function resolve(given: ImportOptions): ResolvedImportOptions {
  const parsed = importOptions.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new UsageError(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
}
