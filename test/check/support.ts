import type { Blueprint, Property, Relation } from "../../src/blueprint.js";
import { type CheckOptions, checkEntities } from "../../src/check/check.js";
import type { Chunk } from "../../src/chunk.js";
import type { Candidate, Entity, RawFields } from "../../src/entity.js";
import { collect, iterate } from "../support/entities.js";

/** A blueprint "service" with the given parts. */
export function blueprint(parts: {
  properties?: Record<string, Property>;
  required?: string[];
  relations?: Record<string, Relation>;
  rest?: Partial<Blueprint>;
}): Blueprint {
  const { properties = {}, required = [], relations = {}, rest = {} } = parts;
  return { identifier: "service", schema: { properties, required }, relations, ...rest };
}

/** A candidate of "service" at a position of source 0. */
export function candidate(fields: Partial<RawFields>, at: Partial<Candidate> = {}): Candidate {
  return {
    at: { source: 0, position: 1 },
    resource: 0,
    item: 0,
    blueprint: "service",
    fields: { identifier: "a", properties: {}, relations: {}, ...fields },
    ...at,
  };
}

/** A chunk of candidates. */
export function chunkOf(items: readonly Candidate[], rest: Partial<Chunk<Candidate>> = {}): Chunk<Candidate> {
  const tally = { read: items.length, mapped: items.length, skipped: 0, rejected: 0 };
  return { items, rejects: [], warnings: [], tally, ...rest };
}

/** Checks one chunk. */
export async function checkChunk(
  of: Blueprint | readonly Blueprint[],
  chunk: Chunk<Candidate>,
  options: Partial<CheckOptions> = {},
): Promise<Chunk<Entity>> {
  const blueprints = new Map([of].flat().map((one) => [one.identifier, one]));
  const stage = checkEntities(blueprints, { mode: "merge", ...options });
  const [checked] = await collect(stage(iterate([chunk])));
  if (checked === undefined) throw new Error("the stage gave no chunk");
  return checked;
}

/** Types one value of one property: the value sent, or the codes of reject and warnings. */
export async function typeOne(property: Property, value: unknown): Promise<unknown> {
  const of = blueprint({ properties: { x: property } });
  const { items, rejects, warnings } = await checkChunk(of, chunkOf([candidate({ properties: { x: value } })]));
  const [reject] = rejects;
  if (reject !== undefined) return [reject, ...(reject.also ?? [])].map(({ code }) => code).join(" ");
  const sent = items[0]?.body.properties.x;
  return warnings.length === 0 ? { sent } : { sent, warned: warnings.map(({ code }) => code).join(" ") };
}

/** Types one value of one relation in the same way. */
export async function relateOne(relation: Partial<Relation>, value: unknown): Promise<unknown> {
  const of = blueprint({ relations: { y: { target: "team", ...relation } } });
  const { items, rejects } = await checkChunk(of, chunkOf([candidate({ relations: { y: value } })]));
  return rejects[0]?.code ?? { sent: items[0]?.body.relations.y };
}
