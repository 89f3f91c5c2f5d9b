import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { resolveApiUrl } from "../addresses.js";
import { type Client, createClient } from "../api/client.js";
import type { Explanation } from "../authoring/explanation.js";
import type { Blueprints } from "../blueprint.js";
import { ApiError, CredentialsError, UsageError } from "../errors.js";
import type { Source } from "../given-source.js";
import { startJq } from "../map/jq.js";
import { compileMapping } from "../map/map.js";
import { requireColumns } from "../map/missing-columns.js";
import { type ExplainOptions, explainOptions } from "../options/authoring.js";
import { parseOptions } from "../options/option.js";
import { type ReadIo, readSource } from "../read/read.js";
import type { Place, SourceRecord } from "../record.js";
import type { Reject } from "../reject.js";
import { withoutHidden } from "../secrets.js";
import { type ExplainSetup, explainRecord } from "./explain-record.js";
import { openBlueprints } from "./run/blueprints.js";
import { clientOptionsOf } from "./run/client-options.js";
import { openDownloads } from "./run/connect.js";
import { type Inventory, onceEach, openInventory, type SourceHooks, settleSources } from "./run/inventory.js";

/** What an explanation takes from the world around it. */
export interface ExplainContext extends SourceHooks {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Readable;
  readonly signal?: AbortSignal;
}

/**
 * Explains what becomes of one record: its cells, each expression and its outputs, typing, the payload, what the catalog holds and what a write would
 * change, why it is rejected or skipped. Nothing is written. The catalog is asked where there are credentials; without it or when it does not answer,
 * that is reported, and the rest is shown.
 *
 * @throws {UsageError} when no record is named, and when the source has none there
 * @throws {MappingError | SourceError | BlueprintError} as an import would
 */
export async function explain(given: ExplainOptions, context: ExplainContext = {}): Promise<Explanation> {
  const options = parseOptions(explainOptions, given);
  const onReceipt = onceEach(context.onReceipt);
  const { source, wanted } = await wantedOf(options);
  const opened = await openInventory({ mapping: options.mapping, sources: [source], only: [] });
  const inventory = await settleSources(opened, { ...context, onReceipt });
  const engine = startJq();
  const access = openAccess(options, context.env ?? {});
  try {
    const compiled = await compileMapping(inventory.mapping, engine, { env: context.env ?? {} });
    const found = await findRecord(inventory, wanted, context, onReceipt);
    const { catalog, unavailable } = await catalogOf(inventory, options.blueprints, access);
    const mode = options.mode ?? (inventory.mapping.enableMergeEntity === false ? "override" : "merge");
    const asked =
      unavailable === undefined && access.client !== undefined
        ? ({ asked: true, url: access.url } as const)
        : ({ asked: false, why: unavailable ?? access.why } as const);
    const { position } = placeOf(found);
    const base = { source: found.name, kind: found.kind, position, catalog: asked };
    if ("unread" in found) {
      const { line } = found.unread.at;
      return { ...base, ...(line !== undefined && { line }), unread: found.unread, candidates: [], warnings: [] };
    }
    const setup: ExplainSetup = {
      inventory,
      compiled,
      mode,
      ...(catalog && { catalog }),
      ...(asked.asked && access.client && { client: access.client }),
    };
    const explained = await explainRecord(setup, found.kind, found.name, found.record);
    return withoutHidden({ ...base, ...explained, warnings: [...compiled.warnings, ...explained.warnings] });
  } finally {
    await engine.close();
    await access.client?.close();
  }
}

interface Access {
  readonly client?: Client;
  readonly url: string;
  readonly why: string;
}

function openAccess(
  options: { readonly apiUrl?: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Access {
  const apiUrl = options.apiUrl === undefined ? {} : { apiUrl: options.apiUrl };
  const url = resolveApiUrl({ env, ...apiUrl });
  try {
    return { url, why: "", client: createClient({ ...clientOptionsOf(apiUrl, env), maxAttempts: 2 }) };
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    return { url, why: error.message };
  }
}

/** Blueprints from the folder, else from the API; without either nothing is typed. */
async function catalogOf(
  inventory: Inventory,
  folder: string | undefined,
  { client }: Access,
): Promise<{ readonly catalog?: Blueprints; readonly unavailable?: string }> {
  if (folder !== undefined) return { catalog: await openBlueprints(inventory, { folder }) };
  if (client === undefined) return {};
  try {
    return { catalog: await openBlueprints(inventory, { client }) };
  } catch (error) {
    if (error instanceof ApiError) return { unavailable: error.message };
    throw error;
  }
}

/** Which record is to be explained: by its position, or by a line that it is on. */
type WantedRecord = { readonly position: number } | { readonly line: number };

/** A path that ends in digits, and is not itself a file, names a line. */
async function wantedOf({
  source,
  record,
}: Pick<ExplainOptions, "source" | "record">): Promise<{ readonly source: Source; readonly wanted: WantedRecord }> {
  if (record !== undefined) return { source, wanted: { position: record } };
  const [, path, line] = (typeof source === "string" && /^(?!.*:\/\/)(.+):([1-9]\d*)$/s.exec(source)) || [];
  const isFile = typeof source === "string" && (await stat(source).then(Boolean, () => false));
  if (path !== undefined && !isFile) return { source: path, wanted: { line: Number(line) } };
  throw new UsageError("--record is missing", {
    hint: `Name the record by its number (--record 12), or by its line${typeof source === "string" && source !== "-" ? `: ${source}:13` : ""}.`,
  });
}

type FoundRecord = { readonly name: string; readonly kind: string } & (
  | { readonly record: SourceRecord }
  | { readonly unread: Reject }
);

async function findRecord(
  inventory: Inventory,
  wanted: WantedRecord,
  context: ExplainContext,
  onReceipt: ReturnType<typeof onceEach>,
): Promise<FoundRecord> {
  const downloads = await openDownloads({ env: context.env });
  try {
    return await findIn(inventory, wanted, { ...context, onReceipt, fetch: downloads.fetch });
  } finally {
    await downloads.close();
  }
}

async function findIn(
  inventory: Inventory,
  wanted: WantedRecord,
  { onReceipt, fetch, stdin, signal }: Pick<ReadIo, "onReceipt" | "fetch" | "stdin" | "signal">,
): Promise<FoundRecord> {
  let records = 0;
  let above: FoundRecord | undefined;
  for (const source of inventory.sources) {
    const { name, kind } = source;
    const chunks = readSource(source, inventory.optionsOf(source), {
      ...("position" in wanted && { limit: wanted.position }),
      ...(onReceipt && { onReceipt }),
      ...(fetch && { fetch }),
      ...(stdin && { stdin }),
      ...(signal && { signal }),
    });
    const checked = requireColumns(inventory.mapping, inventory.resources, source)(chunks);
    for await (const { items, rejects, tally } of checked) {
      records += tally.read;
      if ("position" in wanted) {
        const record = items.find(({ at }) => at.position === wanted.position);
        if (record !== undefined) return { name, kind, record };
        const unread = rejects.find(({ at }) => at.position === wanted.position);
        if (unread !== undefined) return { name, kind, unread };
        continue;
      }
      const all = [
        ...items.map((record) => ({ name, kind, record, at: record.at })),
        ...rejects.map((unread) => ({ name, kind, unread, at: unread.at })),
      ].sort((a, b) => a.at.position - b.at.position);
      const below = all.findIndex(({ at }) => at.line === undefined || at.line > wanted.line);
      above = (below < 0 ? all : all.slice(0, below)).at(-1) ?? above;
      if (below >= 0) break;
    }
  }
  if ("position" in wanted)
    throw new UsageError(
      `--record ${wanted.position}: the source has ${records} ${records === 1 ? "record" : "records"}`,
    );
  if (above !== undefined && wanted.line < endOf(above)) return above;
  const hint = above === undefined ? {} : { hint: `The record above it is --record ${placeOf(above).position}.` };
  throw new UsageError(`line ${wanted.line} of the source holds no record`, hint);
}

function placeOf(found: FoundRecord): Place {
  return ("unread" in found ? found.unread : found.record).at;
}

/** The line after a record; one that is not a row counts as written with a key on each line. */
function endOf(found: FoundRecord): number {
  const { line = 0 } = placeOf(found);
  if ("unread" in found) return line + 1;
  const { cells, value } = found.record;
  const text = cells === undefined ? JSON.stringify(value, null, 2) : cells.flat().join();
  return line + text.split("\n").length;
}
