import type { Client } from "../api/client.js";
import type { ExplainedCandidate, Explanation, HeldEntity } from "../authoring/explanation.js";
import { type CandidateTrace, type RecordTrace, traceRecords } from "../authoring/trace-records.js";
import type { Blueprints } from "../blueprint.js";
import { checkEntities } from "../check/check.js";
import type { Chunk } from "../chunk.js";
import { type Candidate, type Entity, type Mode, targetsOf } from "../entity.js";
import { type CompiledMapping, mapRecords } from "../map/map.js";
import type { Resource } from "../map/mapping-file.js";
import type { SourceRecord } from "../record.js";
import type { Reject } from "../reject.js";
import { compileComparison } from "../settle/compare.js";
import type { Inventory } from "./run/inventory.js";

/** What a record is explained with; without a catalog nothing is typed, without a client nothing is looked up. */
export interface ExplainSetup {
  readonly inventory: Inventory;
  readonly compiled: CompiledMapping;
  readonly mode: Mode;
  readonly catalog?: Blueprints;
  readonly client?: Client;
}

/** Explains a record that could be read: what it holds, and what each of its candidates becomes. */
export async function explainRecord(
  setup: ExplainSetup,
  kind: string,
  name: string,
  record: SourceRecord,
): Promise<Pick<Explanation, "line" | "record" | "sees" | "candidates" | "warnings">> {
  const { compiled } = setup;
  const [trace] = await traceRecords(compiled, kind, [record], name);
  const chunk: Chunk<SourceRecord> = {
    items: [record],
    rejects: [],
    warnings: [],
    tally: { read: 1, mapped: 0, skipped: 0, rejected: 0 },
  };
  const mapped: Chunk<Candidate>[] = [];
  for await (const each of mapRecords(compiled, kind, name)(one(chunk))) mapped.push(each);
  const value =
    record.cells === undefined
      ? record.value
      : Object.fromEntries((record.columns ?? []).map((column, index) => [column, record.cells?.[index]]));
  const resources = setup.inventory.mapping.resources.filter((resource) => resource.kind === kind);
  const candidates: ExplainedCandidate[] = [];
  const warnings = mapped.flatMap((each) => each.warnings);
  for (const resource of resources) {
    for (const seen of candidatesOf(trace, resource.index)) {
      const { candidate, warnings: found } = await explainCandidate(setup, seen, mapped);
      candidates.push(candidate);
      warnings.push(...found);
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
  setup: ExplainSetup,
  { resource, item, leaves }: ReturnType<typeof candidatesOf>[number],
  mapped: readonly Chunk<Candidate>[],
) {
  const isThis = (each: { readonly resource?: number; readonly item?: number }): boolean =>
    each.resource === resource && (each.item ?? 0) === (item ?? 0);
  const candidate = mapped.flatMap(({ items }) => items).find(isThis);
  const reject = mapped.flatMap(({ rejects }) => rejects).find(isThis);
  const constant = setup.inventory.mapping.resources[resource]?.blueprint;
  const blueprint = candidate?.blueprint ?? reject?.blueprint ?? constant;
  const base = { resource, leaves, ...(blueprint !== undefined && { blueprint }), ...(item !== undefined && { item }) };
  const { catalog, mode } = setup;
  if (candidate === undefined && reject === undefined) {
    const first = leaves[0]?.path.endsWith(".itemsToParse") && item === undefined;
    return {
      candidate: {
        ...base,
        fate: "skipped",
        why: first ? "itemsToParse gave no element" : "the selector is false",
      } as const,
      warnings: [],
    };
  }
  if (catalog === undefined) {
    if (reject !== undefined)
      return { candidate: { ...base, fate: "rejected", rejected: rejectedOf(reject) } as const, warnings: [] };
    const { identifier, title, icon, team, properties, relations } = candidate?.fields ?? {};
    const payload = { identifier, title, icon, team, properties, relations };
    return { candidate: { ...base, fate: "entity", payload } as const, warnings: [] };
  }
  const chunk: Chunk<Candidate> = {
    items: candidate === undefined ? [] : [candidate],
    rejects: reject === undefined ? [] : [reject],
    remains: mapped.flatMap((each) => each.remains ?? []).filter((each) => each.reject === reject),
    warnings: [],
    tally: { read: 0, mapped: 0, skipped: 0, rejected: 0 },
  };
  const { unknownProperties } = setup.inventory.mapping;
  const options = { mode, unknownProperties };
  for await (const { items, rejects, warnings } of checkEntities(catalog, options)(one(chunk))) {
    const [refused] = rejects;
    if (refused !== undefined)
      return { candidate: { ...base, fate: "rejected", rejected: rejectedOf(refused) } as const, warnings };
    const [entity] = items;
    if (entity === undefined || candidate === undefined) continue;
    const typed = typedFields(candidate, entity);
    const held =
      setup.client === undefined
        ? undefined
        : await heldOf(entity, { client: setup.client, catalog, mode, resources: setup.inventory.resources });
    return {
      candidate: { ...base, fate: "entity", typed, payload: entity.body, ...(held && { held }) } as const,
      warnings,
    };
  }
  return { candidate: { ...base, fate: "skipped" } as const, warnings: [] };
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

/** Asks the catalog what it holds of an entity: what a write would change, and which relation targets are not there. */
async function heldOf(
  { key, body }: Entity,
  {
    client,
    catalog,
    mode,
    resources,
  }: {
    readonly client: Client;
    readonly catalog: Blueprints;
    readonly mode: Mode;
    readonly resources: readonly Resource[];
  },
): Promise<HeldEntity | undefined> {
  const blueprint = catalog.get(key.blueprint);
  if (blueprint === undefined) return undefined;
  const missingTargets = [];
  for (const [relation, value] of Object.entries(body.relations)) {
    const target = blueprint.relations?.[relation]?.target;
    const wanted = targetsOf(value);
    if (target === undefined || wanted.length === 0) continue;
    const existing = await client.existing(target, wanted);
    for (const identifier of wanted)
      if (!existing.has(identifier))
        missingTargets.push({ path: `relations.${relation}`, blueprint: target, identifier });
  }
  if (typeof body.identifier !== "string") return { is: "search", mode, changes: [], missingTargets };
  const found = (await client.lookUp(key.blueprint, [body.identifier])).get(body.identifier);
  if (found === undefined) return { is: "absent", mode, changes: [], missingTargets };
  const own = resources.filter((each) => each.blueprint === undefined || each.blueprint === key.blueprint);
  const comparison = compileComparison(blueprint, mode, {
    head: (["title", "icon", "team"] as const).filter((name) => own.some(({ entity }) => entity[name] !== undefined)),
    properties: own.flatMap(({ properties }) => properties),
    relations: own.flatMap(({ relations }) => relations),
  });
  return { is: "held", mode, changes: comparison.changes(body, found), missingTargets };
}
