import { createHash } from "node:crypto";
import type { Blueprint } from "../../blueprint.js";
import { checkEntities } from "../../check/check.js";
import type { Chunk } from "../../chunk.js";
import { type Candidate, type Entity, isSearchQuery, targetsOf } from "../../entity.js";
import type { ResourceProposal } from "../../init/proposal.js";
import { startJq } from "../../map/jq.js";
import { compileMapping, mapRecords } from "../../map/map.js";
import { parseMapping, sourceOptionsFor } from "../../map/mapping-file.js";
import { readSource } from "../../read/read.js";
import type { Place } from "../../record.js";
import type { Reject } from "../../reject.js";
import type { Surveyed } from "./sources.js";

/** What a proposal makes of its own sample. */
export interface Trial {
  readonly kind: string;
  readonly blueprint: string;
  readonly read: number;
  /** Entities that would be written, those that lack a relation's target among them. */
  readonly entities: number;
  /** Records and entities that would be refused. */
  readonly rejected: number;
  readonly causes: readonly TrialCause[];
}

/** Why some would be refused. */
interface TrialCause {
  /** `properties.x`, `relations.y`, `identifier`; empty for the record as a whole. */
  readonly field: string;
  readonly message: string;
  readonly count: number;
  /** Values of the field in the sample. */
  readonly of: number;
  /** The first few. */
  readonly places: readonly Place[];
}

/** What ends the cause of a value that fits Port's documented format loosely. */
export const mayBeRefused = "Port may refuse it";

/** True for a relation whose target is in no source: the entity is written without it. */
export function lacksTarget({ message }: TrialCause): boolean {
  return message.endsWith(withoutTarget);
}

/** What ends the cause of a relation whose target is in no source. */
const withoutTarget = "written without it";

/** Places that a cause names. */
const maxPlaces = 3;

/** Reads, maps and checks the sample by the proposed mapping: what an import would create and refuse, except for what only the catalog knows. */
export async function tryOut(
  text: string,
  proposals: readonly ResourceProposal[],
  surveyed: readonly Surveyed[],
  options: { readonly limit: number; readonly given?: Blueprint; readonly signal?: AbortSignal },
): Promise<readonly Trial[]> {
  const { limit, given, signal } = options;
  const engine = startJq();
  try {
    const compiled = await compileMapping(parseMapping(text, "the proposal"), engine);
    const blueprints = new Map<string, Blueprint>();
    for (const { blueprint, made = given } of proposals) if (made !== undefined) blueprints.set(blueprint, made);
    const tallies: TrialTally[] = [];
    const known = new Map<string, Names>();
    const searched = new Set(
      proposals.flatMap(({ relations }) =>
        relations.flatMap(({ expression }) => (typeof expression === "string" ? [] : [expression.property])),
      ),
    );
    for (const { bound, name } of surveyed) {
      const { blueprint = "" } = proposals.find(({ survey }) => survey.kind === bound.kind) ?? {};
      const tally = openTally(bound.kind, blueprint, searched);
      tallies.push(tally);
      const records = readSource(bound, sourceOptionsFor(compiled.mapping, bound.kind), {
        limit,
        ...(signal && { signal }),
      });
      const mapped = countGiven(mapRecords(compiled, bound.kind, name)(records), tally);
      for await (const chunk of checkEntities(blueprints, { mode: "merge" })(mapped)) addChunk(chunk, tally, known);
    }
    return tallies.map((tally) => finish(tally, known, blueprints));
  } finally {
    await engine.close();
  }
}

interface TrialTally {
  readonly kind: string;
  readonly blueprint: string;
  /** Properties that some relation finds its target by. */
  readonly searched: ReadonlySet<string>;
  read: number;
  entities: number;
  rejected: number;
  readonly given: Map<string, number>;
  readonly causes: Map<string, { field: string; message: string; count: number; places: Place[] }>;
  readonly links: {
    readonly at: Place;
    readonly relation: string;
    readonly property: string;
    readonly names: readonly string[];
  }[];
}

function openTally(kind: string, blueprint: string, searched: ReadonlySet<string>): TrialTally {
  return {
    kind,
    blueprint,
    searched,
    read: 0,
    entities: 0,
    rejected: 0,
    given: new Map(),
    causes: new Map(),
    links: [],
  };
}

/** What the entities of a blueprint are named by: identifiers with a hash of their content, and values of what is searched, by property. */
interface Names {
  readonly identifiers: Map<string, string>;
  readonly values: Map<string, Map<string, number>>;
}

async function* countGiven(
  chunks: AsyncIterable<Chunk<Candidate>>,
  tally: TrialTally,
): AsyncGenerator<Chunk<Candidate>, void, undefined> {
  for await (const chunk of chunks) {
    for (const { fields } of [...chunk.items, ...(chunk.remains ?? []).map(({ item }) => item)])
      for (const group of ["properties", "relations"] as const)
        for (const [key, value] of Object.entries(fields[group]))
          if (value !== null && value !== undefined) count(tally.given, `${group}.${key}`);
    yield chunk;
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function addChunk(
  { items, rejects, warnings, tally: { read } }: Chunk<Entity>,
  tally: TrialTally,
  known: Map<string, Names>,
): void {
  tally.read += read;
  for (const { code, path = "", message, count: times, first } of warnings)
    if (code === "format_unusual" && first !== undefined)
      addCause(tally, fieldOf({ path }), `${message}; ${mayBeRefused}`, first, times);
  for (const reject of rejects) {
    tally.rejected++;
    for (const each of [reject, ...(reject.also ?? [])]) addCause(tally, fieldOf(each), each.message, reject.at);
  }
  for (const entity of items) addEntity(entity, tally, known);
}

function addEntity({ key, body, json, at }: Entity, tally: TrialTally, known: Map<string, Names>): void {
  const names = known.get(key.blueprint) ?? { identifiers: new Map(), values: new Map() };
  known.set(key.blueprint, names);
  const before = names.identifiers.get(key.identifier);
  const content = createHash("md5").update(json).digest("base64");
  if (before !== undefined && before !== content) {
    tally.rejected++;
    addCause(tally, "identifier", "the identifier came before, with other values", at);
    return;
  }
  if (before !== undefined) return;
  names.identifiers.set(key.identifier, content);
  tally.entities++;
  for (const [property, value] of [["$title", body.title] as const, ...Object.entries(body.properties)])
    if (typeof value === "string" && tally.searched.has(property)) {
      const values = names.values.get(property) ?? new Map<string, number>();
      names.values.set(property, values);
      count(values, value);
    }
  for (const [relation, value] of Object.entries(body.relations)) {
    const search = isSearchQuery(value)
      ? (value.rules[0] as { property: string; value: unknown } | undefined)
      : undefined;
    if (search === undefined) tally.links.push({ at, relation, property: "$identifier", names: targetsOf(value) });
    else {
      const wanted = (Array.isArray(search.value) ? search.value : [search.value]).filter(isText);
      tally.links.push({ at, relation, property: search.property, names: wanted });
    }
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function addCause({ causes }: TrialTally, field: string, message: string, at: Place, times = 1): void {
  const key = `${field} ${message.replaceAll(/"[^"]*"|\d+/g, "…")}`;
  const cause = causes.get(key) ?? { field, message, count: 0, places: [] };
  causes.set(key, cause);
  cause.count += times;
  if (cause.places.length < maxPlaces) cause.places.push(at);
}

/** The field of a reject: by its path, or by the mapping's leaf that read a column which does not fit. */
function fieldOf({ path = "", leaf = "" }: Pick<Reject, "path" | "leaf">): string {
  const [, field] =
    /(?:^|\.mappings\.)((?:properties|relations)\..+|identifier|title|team)$/.exec(path) ??
    /\.mappings\.((?:properties|relations)\..+|identifier|title)$/.exec(leaf) ??
    [];
  return field ?? path;
}

function finish(
  tally: TrialTally,
  known: ReadonlyMap<string, Names>,
  blueprints: ReadonlyMap<string, Blueprint>,
): Trial {
  const { kind, blueprint, read, entities, given, links } = tally;
  const relations = blueprints.get(blueprint)?.relations ?? {};
  for (const { at, relation, property, names } of links) {
    const target = known.get(relations[relation]?.target ?? "");
    if (target === undefined) continue;
    const to = relations[relation];
    const times = (name: string): number =>
      property === "$identifier" ? Number(target.identifiers.has(name)) : (target.values.get(property)?.get(name) ?? 0);
    const lost = names.find((name) => times(name) === 0);
    const several = to?.many === true ? undefined : names.find((name) => times(name) > 1);
    if (lost !== undefined)
      addCause(tally, `relations.${relation}`, `${shown(lost)} names no "${to?.target}"; ${withoutTarget}`, at);
    else if (several !== undefined)
      addCause(tally, `relations.${relation}`, `${shown(several)} names several "${to?.target}"; they are refused`, at);
  }
  const causes = [...tally.causes.values()].map((cause) => ({ ...cause, of: given.get(cause.field) ?? read }));
  return { kind, blueprint, read, entities, rejected: tally.rejected, causes };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
