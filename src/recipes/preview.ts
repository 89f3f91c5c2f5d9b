import type { Readable } from "node:stream";
import { checkEntities } from "../check/check.js";
import { eachItem, type Stage } from "../chunk.js";
import type { Candidate, Entity, RawFields } from "../entity.js";
import { startJq } from "../map/jq.js";
import { compileMapping, mapRecords } from "../map/map.js";
import { requireColumns } from "../map/missing-columns.js";
import { type PreviewOptions, previewOptions } from "../options/authoring.js";
import { parseOptions } from "../options/option.js";
import { readSource } from "../read/read.js";
import { addMapped, addRejects, addTally, type Counts, noCounts } from "../report/counts.js";
import { type FaultGroup, groupCauses, type RejectGroup, type WarningGroup } from "../report/group-causes.js";
import { openBlueprints } from "./run/blueprints.js";
import { openDownloads } from "./run/connect.js";
import { callerHooks, type RunHooks } from "./run/hooks.js";
import { onceEach, openInventory, type SourceHooks, settleSources } from "./run/inventory.js";

/** What a preview takes from the world around it. */
export interface PreviewContext extends SourceHooks, Pick<RunHooks, "onReject"> {
  /** Read for the proxy variables. Default none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Readable;
  readonly signal?: AbortSignal;
  /** Receives the sums after each chunk. */
  readonly onCounts?: (counts: Counts) => void;
  /** Takes each entity in read order. What it returns is awaited; false ends the preview. */
  readonly onEntity?: (entity: PreviewedEntity) => unknown;
  /** Takes each entity as one line of JSON, without its line end. What it returns is awaited; false ends the preview. */
  readonly emit?: (line: string) => unknown;
}

/** An entity as a write would send it. */
export interface PreviewedEntity {
  readonly blueprint: string;
  readonly identifier: unknown;
  readonly title?: unknown;
  readonly icon?: unknown;
  readonly team?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly relations?: Readonly<Record<string, unknown>>;
}

/** What a preview found. */
export interface Preview {
  readonly counts: Counts;
  readonly rejects: readonly RejectGroup[];
  /** All faults, further ones of one refused thing among them. */
  readonly faults: readonly FaultGroup[];
  readonly warnings: readonly WarningGroup[];
}

/**
 * Reads and maps sources without any API, and gives each entity in read order: as the expressions gave it, or typed where blueprints are given.
 *
 * @throws {UsageError | MappingError | SourceError | BlueprintError} as an import would
 */
export async function preview(given: PreviewOptions, context: PreviewContext = {}): Promise<Preview> {
  const options = parseOptions(previewOptions, given);
  const onReceipt = onceEach(context.onReceipt);
  const inventory = await settleSources(await openInventory(options), { ...context, onReceipt });
  const { mapping } = inventory;
  const names: string[] = [];
  for (const { index, name } of inventory.sources) names[index] = name;
  const causes = groupCauses(names);
  causes.addWarnings(inventory.warnings);
  const engine = startJq();
  const downloads = await openDownloads(context);
  const { onRejects } = callerHooks(context, names);
  let counts = noCounts;
  const found = (): Preview => ({
    counts,
    rejects: causes.rejects(),
    faults: causes.faults(),
    warnings: causes.warnings(),
  });
  try {
    const resources = inventory.resources.map(({ index }) => index);
    const compiled = await compileMapping(mapping, engine, { resources, env: context.env ?? {} });
    causes.addWarnings(compiled.warnings);
    const finish = await lastStage(options.blueprints, inventory);
    for (const source of inventory.sources) {
      const records = readSource(source, inventory.optionsOf(source), {
        onReceipt,
        fetch: downloads.fetch,
        ...(context.stdin && { stdin: context.stdin }),
        ...(context.signal && { signal: context.signal }),
        ...(options.limit !== undefined && { limit: options.limit }),
      });
      for await (const { items, rejects, warnings, tally } of finish(
        mapRecords(compiled, source.kind, source.name)(requireColumns(mapping, inventory.resources, source)(records)),
      )) {
        const refused = rejects.filter(({ stage }) => stage === "check");
        const mapped = [...items, ...refused.map(({ blueprint = "" }) => ({ blueprint }))];
        counts = addRejects(addMapped(addTally(counts, tally), mapped), rejects);
        causes.addRejects(rejects);
        causes.addWarnings(warnings);
        context.onCounts?.(counts);
        await onRejects?.(rejects);
        for (const entity of items) {
          if ((await context.onEntity?.(entity)) === false) return found();
          if ((await context.emit?.(JSON.stringify(entity))) === false) return found();
        }
      }
    }
  } finally {
    await engine.close();
    await downloads.close();
  }
  return found();
}

/** Turns candidates into entities; with blueprints, those that pass the check. */
async function lastStage(
  folder: string | undefined,
  inventory: Parameters<typeof openBlueprints>[0],
): Promise<Stage<Candidate, PreviewedEntity>> {
  if (folder === undefined) return eachItem(({ blueprint, fields }: Candidate) => entityOf(blueprint, fields));
  const catalog = await openBlueprints(inventory, { folder });
  const check = checkEntities(catalog, {
    mode: "merge",
    unknownProperties: inventory.mapping.unknownProperties,
  });
  const format = eachItem(({ key, body }: Entity) => entityOf(key.blueprint, body));
  return (chunks) => format(check(chunks));
}

function entityOf(
  blueprint: string,
  { identifier, title, properties, relations, ...rest }: RawFields,
): PreviewedEntity {
  return { blueprint, identifier, title, properties, relations, ...rest };
}
