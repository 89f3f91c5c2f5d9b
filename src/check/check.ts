import type { Blueprint } from "../blueprint.js";
import type { Chunk, Remains, Stage } from "../chunk.js";
import { type Candidate, Entity, keyOf, type Mode } from "../entity.js";
import { InternalError } from "../errors.js";
import { didYouMean } from "../nearest.js";
import type { Finding, Reject } from "../reject.js";
import type { Warning } from "../warning.js";
import { typeEntity } from "./check-entity.js";
import { type CompiledBlueprint, compileBlueprint } from "./compile-blueprint.js";
import { type EntityDiagnostics, openDiagnostics } from "./diagnostics.js";

/** How candidates are checked. */
export interface CheckOptions {
  /** In create and override a required property or relation must be there; in merge the API checks the merged entity. */
  readonly mode: Mode;
  /** What happens to a property that the blueprint lacks: a reject (default), or left out with a warning. */
  readonly unknownProperties?: "refuse" | "warn";
  /** Whether the entities of a resource are parts of larger ones, so that a required value may come with another part. Default: none are. */
  readonly isPart?: (resource: number) => boolean;
  /** Largest entity, in bytes of UTF-8. Default: what a request of one entity may hold. */
  readonly maxEntityBytes?: number;
}

/** Largest entity that fits a request of 1 MiB, with the envelope around it. @source API reference: "Request body is too large (limit is 1MiB)" */
export const maxEntityBytes = 1024 * 1024 - '{"entities":[]}'.length;

/**
 * Types every candidate by its blueprint: it becomes an entity, serialised once, or one reject with all its faults.
 *
 * What remains of a candidate that was refused before is looked through as well: its further faults join its one reject.
 *
 * Coercion is led by the blueprint and lossless. Earlier rejects, warnings and the tally pass through; rejects stay in source order.
 * Each blueprint is compiled when its first candidate comes. A last chunk reports how many refused dates prove that day or month comes first.
 */
export function checkEntities(
  blueprints: ReadonlyMap<string, Blueprint>,
  options: CheckOptions,
): Stage<Candidate, Entity> {
  return async function* check(chunks) {
    const context: CheckContext = {
      blueprints,
      options,
      compiled: new Map(),
      compiledAsParts: new Map(),
      diagnostics: openDiagnostics(),
    };
    for await (const chunk of chunks) yield checkChunk(chunk, context);
    const warnings = context.diagnostics.dayMonths();
    const tally = { read: 0, mapped: 0, skipped: 0, rejected: 0 };
    if (warnings.length > 0) yield { items: [], rejects: [], warnings, tally };
  };
}

/** Judges an entity that was made of parts by what cannot be judged of one part: whether it brings what it must, and fits a request. */
export function wholeCheck(
  blueprints: ReadonlyMap<string, Blueprint>,
  { mode }: Pick<CheckOptions, "mode">,
): (entity: Entity) => readonly Finding[] {
  const required = new Map<string, CompiledBlueprint["mustBring"]>();
  const mustBringOf = (name: string): CompiledBlueprint["mustBring"] => {
    const blueprint = blueprints.get(name);
    const known = required.get(name);
    if (known !== undefined || blueprint === undefined) return known ?? { properties: [], relations: [] };
    const { mustBring } = compileBlueprint(blueprint, mode);
    required.set(name, mustBring);
    return mustBring;
  };
  return ({ key, bytes, body, relations }) => {
    const { properties, relations: links } = mustBringOf(key.blueprint);
    const message = "is required, and no record of the entity has a value for it";
    const lacks = [
      ...properties.filter((name) => body.properties[name] == null).map((name) => `properties.${name}`),
      ...links.filter((name) => relations[name] == null).map((name) => `relations.${name}`),
    ].map((path): Finding => ({ code: "required_missing", path, message }));
    if (bytes <= maxEntityBytes) return lacks;
    return [...lacks, { code: "entity_too_large", message: tooLarge(bytes, maxEntityBytes) }];
  };
}

function tooLarge(bytes: number, most: number): string {
  return `the entity has ${bytes} bytes, and a request may hold ${most}`;
}

interface CheckContext {
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  readonly options: CheckOptions;
  readonly compiled: Map<string, CompiledBlueprint>;
  readonly compiledAsParts: Map<string, CompiledBlueprint>;
  readonly diagnostics: EntityDiagnostics;
}

function checkChunk(chunk: Chunk<Candidate>, context: CheckContext): Chunk<Entity> {
  const items: Entity[] = [];
  const rejects: Reject[] = [];
  const warnings: Warning[] = [...chunk.warnings];
  for (const candidate of chunk.items) {
    context.diagnostics.open(candidate.blueprint, candidate.at);
    const blueprint = compiledOf(candidate, context, warnings);
    const entity = blueprint === undefined ? undefined : entityOf(candidate, blueprint, context);
    if (entity === undefined) rejects.push(rejectOf(candidate, context.diagnostics));
    else items.push(entity);
  }
  const earlier =
    chunk.remains === undefined ? chunk.rejects : withFurther(chunk.rejects, chunk.remains, context, warnings);
  warnings.push(...context.diagnostics.takeWarnings());
  return { items, rejects: inSourceOrder(earlier, rejects), warnings, tally: chunk.tally };
}

/** Adds to earlier rejects what is wrong with the rest of their candidates. */
function withFurther(
  rejects: readonly Reject[],
  remains: readonly Remains<Candidate>[],
  context: CheckContext,
  warnings: Warning[],
): readonly Reject[] {
  const added = new Map<Reject, Reject>();
  for (const { reject, item, unknown } of remains) {
    context.diagnostics.open(item.blueprint, item.at);
    const blueprint = compiledOf(item, context, warnings);
    if (blueprint !== undefined) typeEntity(item, blueprint, context.options, context.diagnostics);
    const further = context.diagnostics.findings().filter(({ path = "" }) => !unknown.has(path));
    if (further.length === 0) continue;
    const also = [...(reject.also ?? []), ...further.map((finding) => withLeaf(finding, item.resource))];
    added.set(reject, { ...reject, also });
  }
  return added.size === 0 ? rejects : rejects.map((reject) => added.get(reject) ?? reject);
}

function compiledOf(
  { blueprint: name, resource }: Candidate,
  context: CheckContext,
  warnings: Warning[],
): CompiledBlueprint | undefined {
  const isPart = context.options.isPart?.(resource) === true;
  const compiledOnce = isPart ? context.compiledAsParts : context.compiled;
  const known = compiledOnce.get(name);
  if (known !== undefined) return known;
  const blueprint = context.blueprints.get(name);
  if (blueprint === undefined) {
    context.diagnostics.at("blueprint", name);
    const hint = didYouMean(name, context.blueprints.keys());
    return context.diagnostics.refuse("unknown_blueprint", `there is no such blueprint${hint}`);
  }
  // As in merge, what it must bring is judged once it is whole.
  const compiled = compileBlueprint(blueprint, isPart ? "merge" : context.options.mode);
  compiledOnce.set(name, compiled);
  for (const path of compiled.unreadable) {
    const message = "the property's schema has words that cannot be read here; the API alone checks them";
    warnings.push({ code: "constraint_unchecked", message, blueprint: name, path, count: 1 });
  }
  return compiled;
}

function entityOf(candidate: Candidate, blueprint: CompiledBlueprint, context: CheckContext): Entity | undefined {
  const { body, clears } = typeEntity(candidate, blueprint, context.options, context.diagnostics);
  if (context.diagnostics.findings().length > 0) return undefined;
  const json = JSON.stringify(body);
  const bytes = Buffer.byteLength(json);
  const most = context.options.maxEntityBytes ?? maxEntityBytes;
  if (bytes > most) {
    context.diagnostics.at("", undefined);
    return context.diagnostics.refuse("entity_too_large", tooLarge(bytes, most));
  }
  const { at, span, resource, item } = candidate;
  return new Entity({
    at,
    span,
    resource,
    item,
    key: keyOf(candidate.blueprint, body.identifier),
    json,
    bytes,
    relations: body.relations,
    clears: clears.length === 0 ? undefined : clears,
  });
}

function rejectOf(candidate: Candidate, diagnostics: EntityDiagnostics): Reject {
  const [first, ...also] = diagnostics.findings();
  if (first === undefined) throw new InternalError("a candidate was refused without a finding");
  const { at, span, resource, item, blueprint, fields } = candidate;
  const { path: _, ...finding } = first;
  return {
    ...(first.path === "" ? finding : withLeaf(first, resource)),
    stage: "check",
    at,
    ...(span === undefined ? {} : { span }),
    resource,
    item,
    blueprint,
    ...(typeof fields.identifier === "string" ? { identifier: fields.identifier } : {}),
    ...(also.length === 0 ? {} : { also: also.map((other) => withLeaf(other, resource)) }),
  };
}

function withLeaf(finding: Finding, resource: number): Finding {
  return { ...finding, leaf: `resources.${resource}.port.entity.mappings.${finding.path}` };
}

function inSourceOrder(earlier: readonly Reject[], own: readonly Reject[]): readonly Reject[] {
  if (own.length === 0) return earlier;
  return [...earlier, ...own].sort(
    (a, b) =>
      a.at.source - b.at.source ||
      a.at.position - b.at.position ||
      (a.resource ?? -1) - (b.resource ?? -1) ||
      (a.item ?? -1) - (b.item ?? -1),
  );
}
