import type { Readings } from "./emulator-options.js";
import { choose } from "./schema-check.js";

/** Pattern of an entity's identifier. As in Port's API description, which has the apostrophe since August 2026. */
export function identifierPattern(apostrophe: boolean): string {
  return `^(?!\\.{1,2}$)[\\p{L}0-9@_.+:\\\\/=${apostrophe ? "'" : ""}-]+$`;
}

/** Most items of one bulk write, and identifiers of one bulk delete; replies say so, too. As in Port's API description. */
export const [maxBulk, maxBulkDelete] = [20, 100];

/** Body schemas of the routes that write entities. As in Port's API description. */
export interface EntityBodies {
  /** POST, and an item of a bulk write. */
  readonly create: object;
  /** PUT. */
  readonly replace: object;
  /** PATCH. */
  readonly patch: object;
  readonly bulk: object;
  /** A bulk write whose items are checked one by one. */
  readonly bulkLoose: object;
  readonly bulkDelete: object;
}

/** Gives the body schemas of the routes that write entities; the same objects each time, so that they are compiled once. */
export function entityBodies({ apostrophe, nullField }: Pick<Readings, "apostrophe" | "nullField">): EntityBodies {
  const key = `${apostrophe} ${nullField}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const identifier = { type: "string", pattern: identifierPattern(apostrophe), maxLength: 1000 };
  const text = { type: "string" };
  const nullable = { type: ["string", "null"] };
  const orQuery = (otherwise: object) => choose({ type: "object" }, queryRef, otherwise);
  const field = nullField === "clear" ? nullable : text;
  const team = orQuery({ anyOf: [field, { type: "array", items: text }] });
  const relation = orQuery({ anyOf: [identifier, { type: "array", items: identifier }, { type: "null" }] });
  const relations = { type: "object", additionalProperties: relation };
  const properties = { type: "object" };
  const body = { type: "object", properties: { identifier, title: field, icon: field, team, properties, relations } };
  const create = {
    ...body,
    properties: { ...body.properties, identifier: orQuery(identifier) },
  };
  const patch = {
    type: "object",
    properties: {
      identifier,
      title: nullable,
      icon: nullable,
      team: orQuery({ anyOf: [nullable, { type: "array", items: text }] }),
      properties: { type: "object", propertyNames: { pattern: "^[A-Za-z0-9@_=\\\\-]+$" } },
      relations,
    },
    additionalProperties: false,
  };
  const bodies: EntityBodies = {
    create: { ...create, $defs },
    replace: { ...body, $defs },
    patch: { ...patch, $defs },
    bulk: listOf(create, maxBulk),
    bulkLoose: listOf({}, maxBulk),
    bulkDelete: listOf({ type: "string" }, maxBulkDelete),
  };
  made.set(key, bodies);
  return bodies;
}

const made = new Map<string, EntityBodies>();

/** A {@link queryDefinition}, wherever it is; queries nest. */
const queryRef = { $ref: "#/$defs/query" };

const one = { anyOf: [{ type: "string" }, { type: "number" }, { type: "null" }] };
const texts = { type: "array", items: { type: "string" } };

/** A search in place of an identifier, a relation or a team. Components `def-5` and `def-6` of Port's API description. */
const queryDefinition = {
  type: "object",
  properties: {
    combinator: { enum: ["and", "or"] },
    rules: {
      type: "array",
      items: {
        type: "object",
        anyOf: [
          rule(["="], one),
          rule(["in", "containsAny"], texts),
          rule(["contains"], { anyOf: [{ type: "string" }, texts, { type: "null" }] }),
          queryRef,
        ],
      },
    },
  },
  required: ["combinator", "rules"],
  additionalProperties: false,
};

const $defs = { query: queryDefinition };

function rule(operators: readonly string[], value: object): object {
  return {
    properties: { property: { type: "string" }, operator: { enum: operators }, value },
    required: ["property", "operator", "value"],
    additionalProperties: false,
  };
}

function listOf(items: object, maxItems: number): object {
  return {
    type: "object",
    properties: { entities: { type: "array", minItems: 1, maxItems, items } },
    required: ["entities"],
    additionalProperties: false,
    $defs,
  };
}
