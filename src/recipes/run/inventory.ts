import { readFile } from "node:fs/promises";
import { type Issue, MappingError, UsageError } from "../../errors.js";
import { isRecords, optionsOfSource, type Source } from "../../given-source.js";
import { type Mapping, parseMapping, type Resource, sourceOptionsFor } from "../../map/mapping-file.js";
import { differentSources, missingColumns } from "../../map/missing-columns.js";
import type { MappingObject } from "../../mapping-object.js";
import { didYouMean } from "../../nearest.js";
import { type BoundSource, bindSources } from "../../read/bind.js";
import { nearestFile } from "../../read/open.js";
import { type Ask, settleSource } from "../../read/read.js";
import type { Receipt } from "../../read/receipt.js";
import type { SourceOptions } from "../../source-options.js";
import type { Warning } from "../../warning.js";

export { receiptText } from "../../read/receipt.js";
export type { Receipt };

/** A mapping and the sources bound to its kinds: all that is known before a source is opened. */
export interface Inventory {
  readonly mapping: Mapping;
  /** The mapping file as it is; of an object its JSON. */
  readonly text: string;
  /** The resources to import. */
  readonly resources: readonly Resource[];
  readonly sources: readonly BoundSource[];
  /** How a source is read: as the mapping says, with the answers to what was in doubt. */
  readonly optionsOf: (source: BoundSource) => SourceOptions;
  readonly warnings: readonly Warning[];
}

/**
 * Reads the mapping and binds the sources to its kinds.
 *
 * @param only - kinds or blueprints to take; all when empty
 * @throws {MappingError} with every fault of the mapping
 * @throws {UsageError} when a source fits no kind, or `only` names nothing of the mapping
 * @throws {SourceError} when a source is missing
 */
export async function openInventory(options: {
  readonly mapping: string | MappingObject;
  readonly sources: readonly Source[];
  readonly ignore?: readonly string[] | undefined;
  readonly only: readonly string[];
}): Promise<Inventory> {
  const { text, mapping } = await readMapping(options.mapping);
  const resources = chooseResources(mapping, options.only);
  const { sources, unbound } = await bindTo(mapping, options.sources, options.ignore);
  const taken = new Set(resources.map(({ kind }) => kind));
  return {
    mapping,
    text,
    resources,
    sources: sources.filter(({ kind }) => taken.has(kind)),
    optionsOf: (source) => optionsOfSource(source, sourceOptionsFor(mapping, source.kind)),
    warnings: [...mapping.notes, ...unbound.filter((kind) => taken.has(kind)).map(withoutSource)],
  };
}

/** Binds sources to the kinds of a mapping, and sheets of workbooks to those that it names them for. */
export async function bindTo(
  mapping: Mapping,
  sources: readonly Source[],
  ignore?: readonly string[],
): ReturnType<typeof bindSources> {
  const kinds = [...new Set(mapping.resources.map(({ kind }) => kind))];
  const sheets = kinds.flatMap((kind) => {
    const sheet = sourceOptionsFor(mapping, kind).xlsx?.sheet;
    return sheet === undefined ? [] : [[kind, sheet] as const];
  });
  return await bindSources(sources, kinds, ignore, new Map(sheets));
}

/** What messages and reports call a mapping that is not a file. */
export const objectName = "mapping object";

async function readMapping(given: string | MappingObject): Promise<Pick<Inventory, "mapping" | "text">> {
  if (typeof given === "string") {
    const text = await readMappingFile(given);
    return { text, mapping: parseMapping(text, given) };
  }
  const text = mappingJson(given, objectName);
  return { text, mapping: parseMapping(JSON.parse(text) as MappingObject, objectName) };
}

/** A mapping that is not a file as JSON. @throws {MappingError} for one that JSON cannot hold */
export function mappingJson(mapping: MappingObject, name: string): string {
  try {
    return JSON.stringify(mapping, null, 2);
  } catch (error) {
    throw new MappingError(name, [{ path: "", message: `it cannot be written as JSON: ${(error as Error).message}` }]);
  }
}

async function readMappingFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const near = isMissing ? nearestFile(path) : undefined;
    const message = isMissing
      ? `there is no such file${near === undefined ? "; portload init <source> proposes a mapping" : `; did you mean ${near}?`}`
      : (error as Error).message;
    throw new MappingError(path, [{ path: "(file)", message }], "the mapping cannot be read");
  }
}

function chooseResources(mapping: Mapping, only: readonly string[]): readonly Resource[] {
  const names = mapping.resources.flatMap(({ kind, blueprint }) => [
    kind,
    ...(blueprint === undefined ? [] : [blueprint]),
  ]);
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`--only ${unknown.join(", ")}: the mapping has no such kind or blueprint`, {
      hint: `It has ${[...new Set(names)].join(", ")}${didYouMean(unknown[0] ?? "", names) || "."}`,
    });
  if (only.length === 0) return mapping.resources;
  return mapping.resources.filter(({ kind, blueprint }) => only.includes(kind) || only.includes(blueprint ?? ""));
}

function withoutSource(kind: string): Warning {
  return { code: "kind_without_source", path: kind, message: `no source was given for kind ${kind}`, count: 1 };
}

/** What the resources of an inventory write: their constant blueprints in the order of the mapping, whether there are others, and their relations. */
export function mappedBlueprints({ resources }: Inventory): {
  readonly constant: readonly string[];
  readonly dynamic: boolean;
  readonly mapped: ReadonlyMap<string, readonly string[]>;
  readonly mappedDynamic: readonly string[];
} {
  const mapped = new Map<string, string[]>();
  for (const { blueprint, relations } of resources)
    if (blueprint !== undefined) mapped.set(blueprint, [...(mapped.get(blueprint) ?? []), ...relations]);
  const others = resources.filter(({ blueprint }) => blueprint === undefined);
  return {
    constant: [...mapped.keys()],
    dynamic: others.length > 0,
    mapped,
    mappedDynamic: others.flatMap(({ relations }) => relations),
  };
}

/** Where receipts of sources go. */
export interface SourceHooks {
  /** Called once a source with how it is read, before its first record: files before anything is sent, what can be read only once when its turn comes. */
  readonly onReceipt?: (receipt: Receipt) => void;
}

/** Where receipts and questions about sources go. */
export interface SourceQuestions extends SourceHooks {
  /** Asked how a source in doubt is to be read; without it doubt is an error. */
  readonly ask?: Ask;
}

/**
 * Looks at the beginning of every source that can be read twice, so that doubt is settled before anything is sent.
 *
 * @throws {SourceError} for a source that cannot be opened, or stays in doubt
 * @throws {MappingError} for columns that the mapping reads and a table lacks
 */
export async function settleSources(
  inventory: Inventory,
  { onReceipt, ask, signal }: SourceQuestions & { readonly signal?: AbortSignal },
): Promise<Inventory> {
  const issues: Issue[] = [];
  const settled = new Map<number, ReturnType<Inventory["optionsOf"]>>();
  for (const source of inventory.sources) {
    const { options, receipt, columns } = await settleSource(
      source,
      inventory.optionsOf(source),
      { ...(signal && { signal }) },
      ask,
    );
    const given = source.given !== undefined && isRecords(source.given) ? source.given.columns : undefined;
    settled.set(source.index, options);
    if (receipt !== undefined) onReceipt?.(receipt);
    const known = columns ?? given;
    if (known !== undefined)
      issues.push(...missingColumns(inventory.mapping, inventory.resources, { ...source, columns: known }));
  }
  if (issues.length > 0) throw new MappingError(inventory.mapping.file, issues, differentSources);
  return { ...inventory, optionsOf: (source) => settled.get(source.index) ?? inventory.optionsOf(source) };
}

/** Waits for what may find faults in a mapping; where it does, those of its expressions are named with them. @throws {MappingError} */
export async function withFaultsOf<T>(compiling: Promise<unknown>, checked: Promise<T>): Promise<T> {
  const [found, compiled] = await Promise.allSettled([checked, compiling]);
  if (found.status === "fulfilled") return found.value;
  const { reason } = found;
  const also = compiled.status === "rejected" ? compiled.reason : undefined;
  if (!(reason instanceof MappingError && also instanceof MappingError)) throw reason;
  // "The column exists under a name in quotes" says more than the syntax error without them.
  const named = new Set(reason.issues.map(({ path }) => path));
  const issues = [...reason.issues, ...also.issues.filter(({ path }) => !named.has(path))];
  throw new MappingError(
    reason.file,
    issues.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  );
}

/** Passes on the first receipt of each source. */
export function onceEach(onReceipt: SourceHooks["onReceipt"]): (receipt: Receipt) => void {
  const seen = new Set<number>();
  return (receipt) => {
    if (seen.has(receipt.source)) return;
    seen.add(receipt.source);
    onReceipt?.(receipt);
  };
}
