import type { Readable } from "node:stream";
import { resolveApiUrl } from "../api/base-url.js";
import { type Client, createClient } from "../api/client.js";
import { checkEntities } from "../check/check.js";
import type { Chunk } from "../chunk.js";
import type { Candidate, Entity, Mode } from "../entity.js";
import { ApiError, CredentialsError, UsageError } from "../errors.js";
import type { ExplainedCandidate, Explanation } from "../explain/explanation.js";
import { startJq } from "../map/jq.js";
import { type CompiledMapping, compileMapping, mapRecords } from "../map/map.js";
import { type ExplainOptions, explainOptions } from "../options.js";
import { readSource } from "../read/read.js";
import type { SourceRecord } from "../record.js";
import type { Reject } from "../reject.js";
import type { CandidateTrace, RecordTrace } from "../trace/trace-records.js";
import { traceRecords } from "../trace/trace-records.js";
import { type Catalog, openCatalog } from "./catalog.js";
import { clientOptionsOf } from "./client-options.js";
import { heldOf } from "./explain-held.js";
import { type Inventory, openInventory } from "./inventory.js";
import { fetchOf } from "./open-run.js";
import { onceEach, type SourceTalk, settleSources } from "./settle-sources.js";

/** What an explanation takes from the world around it. */
export interface ExplainContext extends SourceTalk {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Readable;
  readonly signal?: AbortSignal;
}

/**
 * Explains what becomes of one record: its cells, each expression and its outputs, typing, the payload, what the catalog holds and what a write would
 * change, why it is rejected or skipped. Nothing is written. The catalog is asked where there are credentials; without it or when it does not answer,
 * that is told and the rest stands.
 *
 * @throws {UsageError} when the source has fewer records
 * @throws {MappingError | SourceError | BlueprintError} as an import would
 */
export async function explain(given: ExplainOptions, context: ExplainContext = {}): Promise<Explanation> {
  const options = explainOptions.parse(given);
  const onReceipt = onceEach(context.onReceipt);
  const opened = await openInventory({ mapping: options.mapping, sources: [options.source], only: [] });
  const inventory = await settleSources(opened, { ...context, onReceipt });
  const engine = startJq();
  const access = openAccess(options, context.env ?? {});
  try {
    const compiled = await compileMapping(inventory.mapping, engine);
    const found = await findRecord(inventory, options.record, context, onReceipt);
    const { catalog, told } = await catalogOf(inventory, options.blueprints, access);
    const mode = options.mode ?? (inventory.mapping.enableMergeEntity === false ? "override" : "merge");
    const asked =
      told === undefined && access.client !== undefined
        ? ({ asked: true, url: access.url } as const)
        : ({ asked: false, why: told ?? access.why } as const);
    const base = { source: found.name, kind: found.kind, position: options.record, catalog: asked };
    if ("unread" in found) {
      const { line } = found.unread.at;
      return { ...base, ...(line !== undefined && { line }), unread: found.unread, candidates: [], warnings: [] };
    }
    const bench: Bench = {
      inventory,
      compiled,
      mode,
      ...(catalog && { catalog }),
      ...(asked.asked && access.client && { client: access.client }),
    };
    return { ...base, ...(await explainRecord(bench, found.kind, found.name, found.record)) };
  } finally {
    await engine.close();
    await access.client?.close();
  }
}

interface Bench {
  readonly inventory: Inventory;
  readonly compiled: CompiledMapping;
  readonly mode: Mode;
  readonly catalog?: Catalog;
  readonly client?: Client;
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
): Promise<{ readonly catalog?: Catalog; readonly told?: string }> {
  if (folder !== undefined) return { catalog: await openCatalog(inventory, { folder }) };
  if (client === undefined) return {};
  try {
    return { catalog: await openCatalog(inventory, { client }) };
  } catch (error) {
    if (error instanceof ApiError) return { told: error.message };
    throw error;
  }
}

type Found = { readonly name: string; readonly kind: string } & (
  | { readonly record: SourceRecord }
  | { readonly unread: Reject }
);

async function findRecord(
  inventory: Inventory,
  position: number,
  context: ExplainContext,
  onReceipt: ReturnType<typeof onceEach>,
): Promise<Found> {
  let records = 0;
  for (const source of inventory.sources) {
    const { name, kind } = source;
    const chunks = readSource(source, inventory.optionsOf(source), {
      limit: position,
      onReceipt,
      fetch: fetchOf({ env: context.env ?? {} }),
      ...(context.stdin && { stdin: context.stdin }),
      ...(context.signal && { signal: context.signal }),
    });
    for await (const { items, rejects, read } of chunks) {
      records += read.read;
      const record = items.find(({ at }) => at.position === position);
      if (record !== undefined) return { name, kind, record };
      const unread = rejects.find(({ at }) => at.position === position);
      if (unread !== undefined) return { name, kind, unread };
    }
  }
  throw new UsageError(`--record ${position}: the source has ${records} ${records === 1 ? "record" : "records"}`);
}

async function explainRecord(bench: Bench, kind: string, name: string, record: SourceRecord) {
  const { compiled } = bench;
  const [trace] = await traceRecords(compiled, kind, [record], name);
  const chunk: Chunk<SourceRecord> = {
    items: [record],
    rejects: [],
    warnings: [],
    read: { read: 1, mapped: 0, skipped: 0, rejected: 0 },
  };
  const mapped: Chunk<Candidate>[] = [];
  for await (const each of mapRecords(compiled, kind, name)(one(chunk))) mapped.push(each);
  const value =
    record.cells === undefined
      ? record.value
      : Object.fromEntries((record.columns ?? []).map((column, index) => [column, record.cells?.[index]]));
  const resources = bench.inventory.mapping.resources.filter((resource) => resource.kind === kind);
  const candidates: ExplainedCandidate[] = [];
  const warnings = mapped.flatMap((each) => each.warnings);
  for (const resource of resources) {
    for (const seen of candidatesOf(trace, resource.index)) {
      const { candidate, told } = await explainCandidate(bench, seen, mapped);
      candidates.push(candidate);
      warnings.push(...told);
    }
  }
  const { line } = record.at;
  const differs = JSON.stringify(trace?.sees) !== JSON.stringify(value);
  return {
    ...(line !== undefined && { line }),
    record: value,
    ...(differs && { sees: trace?.sees }),
    candidates,
    warnings,
  };
}

/** The candidates of a resource; where itemsToParse gave none, one that only has its expression. */
function candidatesOf(
  trace: RecordTrace | undefined,
  resource: number,
): readonly (Omit<CandidateTrace, "item"> & { readonly item?: number })[] {
  const items = trace?.items.find((each) => each.resource === resource);
  const own = trace?.candidates.filter((each) => each.resource === resource) ?? [];
  if (items === undefined) return own.map(({ resource: index, leaves }) => ({ resource: index, leaves }));
  if (own.length === 0) return [{ resource, leaves: [items] }];
  return own.map((each, index) => (index === 0 ? { ...each, leaves: [items, ...each.leaves] } : each));
}

async function explainCandidate(
  bench: Bench,
  { resource, item, leaves }: ReturnType<typeof candidatesOf>[number],
  mapped: readonly Chunk<Candidate>[],
) {
  const isThis = (each: { readonly resource?: number; readonly item?: number }): boolean =>
    each.resource === resource && (each.item ?? 0) === (item ?? 0);
  const candidate = mapped.flatMap(({ items }) => items).find(isThis);
  const reject = mapped.flatMap(({ rejects }) => rejects).find(isThis);
  const constant = bench.inventory.mapping.resources[resource]?.blueprint;
  const blueprint = candidate?.blueprint ?? reject?.blueprint ?? constant;
  const base = { resource, leaves, ...(blueprint !== undefined && { blueprint }), ...(item !== undefined && { item }) };
  if (candidate === undefined) {
    if (reject !== undefined)
      return { candidate: { ...base, fate: "rejected", rejected: rejectedOf(reject) } as const, told: [] };
    const first = leaves[0]?.path.endsWith(".itemsToParse") && item === undefined;
    return {
      candidate: {
        ...base,
        fate: "skipped",
        why: first ? "itemsToParse gave no element" : "the selector is false",
      } as const,
      told: [],
    };
  }
  const { identifier, title, icon, team, properties, relations } = candidate.fields;
  const { catalog, mode } = bench;
  if (catalog === undefined)
    return {
      candidate: {
        ...base,
        fate: "entity",
        payload: { identifier, title, icon, team, properties, relations },
      } as const,
      told: [],
    };
  const createMissing = bench.inventory.mapping.createMissingRelatedEntities;
  const chunk: Chunk<Candidate> = {
    items: [candidate],
    rejects: [],
    warnings: [],
    read: { read: 0, mapped: 0, skipped: 0, rejected: 0 },
  };
  for await (const { items, rejects, warnings } of checkEntities(catalog, { mode, createMissing })(one(chunk))) {
    const [refused] = rejects;
    if (refused !== undefined)
      return { candidate: { ...base, fate: "rejected", rejected: rejectedOf(refused) } as const, told: warnings };
    const [entity] = items;
    if (entity === undefined) continue;
    const typed = typedFields(candidate, entity);
    const held =
      bench.client === undefined
        ? undefined
        : await heldOf(entity, { client: bench.client, catalog, mode, resources: bench.inventory.resources });
    return {
      candidate: { ...base, fate: "entity", typed, payload: entity.body, ...(held && { held }) } as const,
      told: warnings,
    };
  }
  return { candidate: { ...base, fate: "skipped" } as const, told: [] };
}

function rejectedOf({ stage, code, message, path, value, also = [] }: Reject) {
  const first = { code, message, ...(path !== undefined && { path }), ...(value !== undefined && { value }) };
  return { stage, findings: [first, ...also] };
}

function typedFields({ fields }: Candidate, { body }: Entity) {
  return (["properties", "relations"] as const).flatMap((group) =>
    Object.entries(fields[group]).flatMap(([key, from]) => {
      const to = body[group][key];
      return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ path: `${group}.${key}`, from, to }];
    }),
  );
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}
