import { type Issue, MappingError } from "../errors.js";
import type { RawLeaf } from "../mapping-object.js";
import { hideValues } from "../secrets.js";
import type { Warning } from "../warning.js";
import { fastOf } from "./fast.js";
import type { Fast } from "./fast-calls.js";
import type { JqEngine } from "./jq.js";
import type { Environment } from "./jq-compile.js";
import { keysReadBy } from "./keys-read.js";
import { leavesOf, type Mapping, type Resource } from "./mapping.js";
import { leadingPath, type PathStep, plainOf } from "./plain.js";

/** A leaf as it will be evaluated. */
export interface CompiledLeaf {
  /** Index of the resource, from 0. */
  readonly resource: number;
  /** Dotted path in the file. */
  readonly path: string;
  readonly line?: number;
  /** The expression, or the JSON text of a constant. */
  readonly expression: string;
  /** `constant`, `path` and `fast` run as closures, `jq` in the engine. */
  readonly by: "constant" | "path" | "fast" | "jq";
}

/** A value of the mapping, ready to be bound to records. `slot` is the leaf's cell in its job's rows, filled by jq or by closures, `leaf` its index in the list of leaves. */
export type Node =
  | { readonly is: "constant"; readonly value: unknown }
  | { readonly is: "path"; readonly steps: readonly PathStep[]; readonly leaf: number }
  | { readonly is: "jq"; readonly slot: number; readonly leaf: number }
  | { readonly is: "list"; readonly nodes: readonly Node[] }
  | { readonly is: "object"; readonly nodes: readonly (readonly [key: string, node: Node])[] };

/** The expressions that are evaluated together on each record; a row has a cell for each. */
export interface Job {
  readonly expressions: readonly string[];
  /** The first leaf of each expression. */
  readonly leaves: readonly number[];
  /** For each expression how it is evaluated here; undefined where jq evaluates it on every record. */
  readonly fast: readonly (Fast | undefined)[];
  /** Keys of the record that jq's own expressions read; undefined: all. */
  readonly keys: ReadonlySet<string> | undefined;
  /** The same of the others, for records that jq is asked about. */
  readonly fastKeys: ReadonlySet<string> | undefined;
}

/** A resource, ready to be bound to records. */
export interface CompiledResource {
  readonly resource: Resource;
  readonly selector: Node;
  /** Index of its leaf, for the path of a reject. */
  readonly selectorLeaf: number;
  readonly identifierLeaf: number;
  readonly blueprintLeaf: number;
  readonly items?: {
    readonly node: Node;
    readonly leaf: number;
    readonly taken: readonly PathStep[];
    readonly job: Job;
  };
  readonly identifier: Node;
  readonly blueprint: Node;
  readonly title?: Node;
  readonly icon?: Node;
  readonly team?: Node;
  readonly properties: readonly (readonly [key: string, node: Node])[];
  readonly relations: readonly (readonly [key: string, node: Node])[];
}

/** The resources of one kind, and what closures and jq evaluate on each of its records. */
export interface CompiledKind {
  readonly resources: readonly CompiledResource[];
  readonly job: Job;
}

/** A mapping whose expressions all compile. */
export interface CompiledMapping {
  readonly mapping: Mapping;
  readonly engine: JqEngine;
  /** All that `env` shows; absent where the mapping allows no variable. */
  readonly environment?: Environment;
  /** What to know before the first record. */
  readonly warnings: readonly Warning[];
  /** Every leaf with its place and how it is evaluated. */
  readonly leaves: readonly CompiledLeaf[];
  readonly kinds: ReadonlyMap<string, CompiledKind>;
}

/**
 * Compiles every expression of a mapping, each alone, so that a fault names its leaf.
 *
 * @param options.resources - indices of the resources to keep; all by default
 * @param options.env - where the environment variables that the mapping allows have their values; no message shows these from here on,
 *   unless `isPublic`: they are in a file
 * @throws {MappingError} with every leaf that does not compile, with path and line
 */
export async function compileMapping(
  mapping: Mapping,
  engine: JqEngine,
  options: {
    readonly resources?: readonly number[];
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly isPublic?: boolean;
  } = {},
): Promise<CompiledMapping> {
  const kept = mapping.resources.filter(({ index }) => options.resources?.includes(index) ?? true);
  const leaves = new Map<string, number>();
  const list: CompiledLeaf[] = [];
  for (const resource of kept) {
    for (const { path, value } of leavesOf(resource)) {
      const line = mapping.lines.get(path);
      leaves.set(path, list.length);
      list.push({ resource: resource.index, path, ...(line === undefined ? {} : { line }), ...evaluation(value) });
    }
  }
  const issues = await faults(list, engine);
  if (issues.length > 0) throw new MappingError(mapping.file, issues);
  const kinds = new Map<string, CompiledKind>();
  for (const kind of new Set(kept.map((resource) => resource.kind))) {
    const own = jobMaker();
    const resources = kept
      .filter((resource) => resource.kind === kind)
      .map((resource) => compileResource(resource, leaves, own));
    kinds.set(kind, { resources, job: own.job() });
  }
  const { environment, warnings } = environmentOf(mapping, options.env ?? {}, options.isPublic === true);
  return { mapping, engine, ...(environment && { environment }), warnings, leaves: list, kinds };
}

function environmentOf(
  { allowedEnvironmentVariablesInJQ: names }: Mapping,
  env: Readonly<Record<string, string | undefined>>,
  isPublic: boolean,
): { readonly environment?: Environment; readonly warnings: readonly Warning[] } {
  if (names.length === 0) return { warnings: [] };
  const held = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  if (!isPublic) hideValues(held);
  const warnings = names
    .filter((name) => env[name] === undefined)
    .map((name): Warning => {
      const message = `the environment variable ${name} is not set, so that expressions see null`;
      return { code: "environment_unset", path: name, message, count: 1 };
    });
  return { environment: Object.fromEntries(held), warnings };
}

function evaluation(value: string | number | boolean | null): Pick<CompiledLeaf, "expression" | "by"> {
  if (typeof value !== "string") return { expression: JSON.stringify(value), by: "constant" };
  const plain = plainOf(value);
  if (plain !== undefined) return { expression: value, by: "path" in plain ? "path" : "constant" };
  return { expression: value, by: fastOf(value) === undefined ? "jq" : "fast" };
}

async function faults(leaves: readonly CompiledLeaf[], engine: JqEngine): Promise<Issue[]> {
  const found = await Promise.all(
    leaves.map((leaf) => (leaf.by === "jq" || leaf.by === "fast" ? engine.compile(leaf.expression) : undefined)),
  );
  return leaves.flatMap(({ path, line, expression }, index): Issue[] => {
    const fault = found[index];
    if (fault === undefined) return [];
    const { position } = fault;
    const place = position === undefined ? "" : ` (line ${position.line}, column ${position.column} of the expression)`;
    // The most common mistake: a bare word is the name of a function.
    const isName = /^[A-Za-z_]\w*$/u.test(expression) && fault.message.endsWith("is not defined");
    const text = /^[\w -]+$/u.test(expression) ? `write \`'"${expression}"'\` for this very text` : undefined;
    const message = isName
      ? `to jq ${expression} is a function, and there is none of that name; ${text}, or \`.${expression}\` for the column`
      : `${fault.message}${place}${text === undefined ? "" : `; ${text}`}`;
    return [{ path, message, ...(line === undefined ? {} : { line }) }];
  });
}

function compileResource(resource: Resource, leaves: ReadonlyMap<string, number>, kindJob: JobMaker): CompiledResource {
  const base = `resources.${resource.index}`;
  const itemsPath = `${base}.port.itemsToParse`;
  // Behind itemsToParse the record is another one for each element, so it gets a job of its own.
  const job = resource.itemsToParse === undefined ? kindJob : jobMaker();
  const node = (value: RawLeaf, path: string): Node => compileNode(value, path, leaves, job);
  const named = (group: "properties" | "relations"): [string, Node][] =>
    Object.entries(resource.entity[group]).map(([key, value]) => [
      key,
      node(value, `${base}.port.entity.mappings.${group}.${key}`),
    ]);
  const field = (key: "title" | "icon" | "team"): { [key: string]: Node } => {
    const value = resource.entity[key];
    return value === undefined ? {} : { [key]: node(value, `${base}.port.entity.mappings.${key}`) };
  };
  const compiled = {
    resource,
    selector: node(resource.selector, `${base}.selector.query`),
    selectorLeaf: leaves.get(`${base}.selector.query`) as number,
    // A search query has leaves below it and is never missing.
    identifierLeaf: leaves.get(`${base}.port.entity.mappings.identifier`) ?? -1,
    blueprintLeaf: leaves.get(`${base}.port.entity.mappings.blueprint`) as number,
    identifier: node(resource.entity.identifier, `${base}.port.entity.mappings.identifier`),
    blueprint: node(resource.entity.blueprint, `${base}.port.entity.mappings.blueprint`),
    ...field("title"),
    ...field("icon"),
    ...field("team"),
    properties: named("properties"),
    relations: named("relations"),
  };
  if (resource.itemsToParse === undefined) return compiled;
  const taken = resource.itemsToParseTopLevelTransform ? (leadingPath(resource.itemsToParse) ?? []) : [];
  const items = compileNode(resource.itemsToParse, itemsPath, leaves, kindJob);
  return { ...compiled, items: { node: items, leaf: leaves.get(itemsPath) as number, taken, job: job.job() } };
}

function compileNode(value: RawLeaf, path: string, leaves: ReadonlyMap<string, number>, job: JobMaker): Node {
  if (typeof value === "string") {
    const leaf = leaves.get(path) as number;
    const plain = plainOf(value);
    if (plain === undefined) return { is: "jq", slot: job.slotOf(value, leaf), leaf };
    return "path" in plain ? { is: "path", steps: plain.path, leaf } : { is: "constant", value: plain.constant };
  }
  if (typeof value !== "object" || value === null) return { is: "constant", value };
  const below = (key: string | number, inner: RawLeaf): Node => compileNode(inner, `${path}.${key}`, leaves, job);
  if (Array.isArray(value)) return { is: "list", nodes: value.map((inner: RawLeaf, index) => below(index, inner)) };
  return { is: "object", nodes: Object.entries(value).map(([key, inner]) => [key, below(key, inner)] as const) };
}

interface JobMaker {
  /** The cell of an expression; the same one for the same text. */
  slotOf(expression: string, leaf: number): number;
  job(): Job;
}

function jobMaker(): JobMaker {
  const slots = new Map<string, number>();
  const first: number[] = [];
  return {
    slotOf(expression, leaf) {
      const known = slots.get(expression);
      if (known !== undefined) return known;
      slots.set(expression, first.length);
      return first.push(leaf) - 1;
    },
    job() {
      const expressions = [...slots.keys()];
      const fast = expressions.map((expression) => fastOf(expression));
      return {
        expressions,
        leaves: first,
        fast,
        keys: keysReadBy(expressions.filter((_, slot) => fast[slot] === undefined)),
        fastKeys: keysReadBy(expressions.filter((_, slot) => fast[slot] !== undefined)),
      };
    },
  };
}
