import { randomBytes } from "node:crypto";
import { bulkCall, readVerdicts } from "../../api/bulk.js";
import type { Asked, Client } from "../../api/client.js";
import { refusedBody } from "../../api/failure.js";
import type { Blueprint, Property } from "../../blueprint.js";
import { noCode } from "../../reply.js";

/** An entity to have validated. */
export interface Specimen {
  readonly identifier: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly relations?: Readonly<Record<string, unknown>>;
  readonly team?: unknown;
}

/** How a request of specimens was answered. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
  /** In words, one for each specimen: `accepted`, `422 blueprint_schema_mismatch`, `whole request 422 invalid_request`. */
  readonly words: readonly string[];
}

/** Where specimens are validated: requests with `validation_only`, which write nothing. */
export interface Lab {
  readonly blueprint: Blueprint;
  readonly client: Client;
  /** A specimen that the blueprint should accept, with changes; a new identifier each time. */
  specimen(changes?: Partial<Specimen>): Specimen;
  validate(specimens: readonly Specimen[], mode?: "merge" | "override" | "create"): Promise<Answered>;
  /** An identifier of an entity of a blueprint that exists, if it has any. */
  anyEntity(blueprint: string): Promise<string | undefined>;
}

/** Prepares specimens for a blueprint. Required relations point at entities that exist. */
export async function openLab(client: Client, blueprint: Blueprint): Promise<Lab> {
  const mark = `portload-probe-${randomBytes(6).toString("hex")}`;
  const known = new Map<string, string | undefined>();
  let made = 0;
  const anyEntity = async (name: string): Promise<string | undefined> => {
    if (!known.has(name)) {
      const request = { query: { combinator: "and", rules: [] }, include: ["$identifier"], limit: 1 };
      known.set(name, (await client.search(name, request)).entities[0]?.identifier);
    }
    return known.get(name);
  };
  const { schema, relations = {} } = blueprint;
  const properties = Object.fromEntries(
    (schema.required ?? []).map((name) => [name, sampleOf(schema.properties[name] ?? { type: "string" })]),
  );
  const required: Record<string, string> = {};
  for (const [name, relation] of Object.entries(relations)) {
    const target = relation.required ? await anyEntity(relation.target) : undefined;
    if (target !== undefined) required[name] = target;
  }
  return {
    blueprint,
    client,
    anyEntity,
    specimen: (changes = {}) => ({
      identifier: `${mark}-${made++}`,
      ...changes,
      properties: { ...properties, ...changes.properties },
      relations: { ...required, ...changes.relations },
    }),
    async validate(specimens, mode = "override") {
      const items = specimens.map((specimen) => JSON.stringify(specimen));
      const flags = { mode, createMissing: false, validationOnly: true };
      const reply = await client.ask(bulkCall(blueprint.identifier, items, flags));
      return { status: reply.status, body: reply.body, words: wordsOf(reply, specimens.length) };
    },
  };
}

function wordsOf({ status, body }: Asked, count: number): readonly string[] {
  if (status >= 300) {
    const { error } = refusedBody(body);
    return new Array<string>(count).fill(`whole request ${status} ${error === noCode ? "without a code" : error}`);
  }
  return readVerdicts(body, count).map((verdict) => {
    if (verdict.is === "refused") return `${verdict.status} ${verdict.error}`;
    return verdict.is === "unknown" ? "not mentioned" : "accepted";
  });
}

/** A value that a property should accept. */
export function sampleOf(property: Partial<Property>): unknown {
  if (property.default !== undefined) return property.default;
  if (property.enum?.[0] !== undefined) return property.enum[0];
  switch (property.type) {
    case "number":
      return typeof property.minimum === "number" ? property.minimum : 1;
    case "boolean":
      return true;
    case "object":
      return property.format === "labeled-url" ? { url: "https://example.com" } : {};
    case "array":
      return [sampleOf(property.items ?? { type: "string" })];
    default:
      return samples[property.format ?? ""] ?? "probe";
  }
}

const samples: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00Z",
  timer: "2099-01-01T00:00:00Z",
  url: "https://example.com",
  email: "probe@example.com",
  "idn-email": "probe@example.com",
  user: "probe@example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  yaml: "a: 1",
};
