import type { Blueprint } from "../blueprint.js";
import type { Readings } from "./emulator-options.js";
import { choose } from "./entity-schema.js";

const key = { pattern: "^[A-Za-z0-9@_=\\\\-]+$", maxLength: 100 };
const title = { type: "string", maxLength: 100 };
const type = { enum: ["string", "number", "boolean", "object", "array"] };
const formats =
  "date-time url email idn-email ipv4 ipv6 markdown yaml user blueprints team timer proto labeled-url".split(" ");
const format = { enum: formats };
const spec = { enum: ["open-api", "embedded-url", "async-api"] };
const text = { type: "string" };
const specAuthentication = {
  type: "object",
  properties: {
    clientId: text,
    authorizationUrl: text,
    tokenUrl: text,
    authorizationScope: { type: "array", items: text, default: ["openid"] },
  },
  additionalProperties: false,
  required: ["clientId", "authorizationUrl", "tokenUrl"],
};
const colors =
  "blue turquoise orange purple pink yellow green red gold silver paleBlue darkGray lightGray bronze lime olive brown";
const colorOf = { type: "object", additionalProperties: { enum: colors.split(" ") } };

const property = {
  type: "object",
  properties: {
    title,
    description: { type: "string" },
    icon: { type: "string" },
    type,
    format,
    dateFormat: { enum: ["relative", "12-hour", "24-hour", "iso"] },
    spec,
    specAuthentication,
    enumColors: colorOf,
    items: { properties: { enumColors: colorOf } },
  },
  required: ["type"],
};

const relation = {
  type: "object",
  properties: {
    title,
    target: { type: "string" },
    required: { type: "boolean", default: false },
    many: { type: "boolean", default: false },
    description: { type: "string" },
    type: { type: "string" },
  },
  additionalProperties: false,
  required: ["target", "required", "many"],
};

const mirror = {
  type: "object",
  properties: { path: { type: "string", pattern: "^(?:[A-Za-z0-9@_=\\-$]+\\.)+?(\\w|\\$|@|-)*?[^\\.]+$" }, title },
  additionalProperties: false,
  required: ["path"],
};

// The description spells one of them `idn-format`.
const itemFormats = [...formats.filter((format) => format !== "blueprints"), "idn-format"];

const calculation = {
  type: "object",
  properties: {
    title,
    description: text,
    icon: text,
    calculation: text,
    type,
    format: { enum: formats.filter((format) => format !== "timer" && format !== "blueprints") },
    dateFormat: { enum: ["relative", "12-hour", "24-hour", "iso"] },
    spec,
    specAuthentication,
    colorized: { type: "boolean" },
    colors: colorOf,
    items: { type: "object", properties: { type, format: { enum: itemFormats } } },
  },
  required: ["calculation", "type"],
  additionalProperties: false,
};

const averageOf = { enum: ["hour", "day", "week", "month", "total"] };
const entities = { func: { enum: ["count"] }, calculationBy: { enum: ["entities"] } };
const ofProperty = {
  func: { enum: ["sum", "min", "max", "median"] },
  property: text,
  calculationBy: { enum: ["property"] },
};
const average = { func: { enum: ["average"] }, averageOf };

const aggregation = {
  type: "object",
  properties: {
    title,
    description: text,
    icon: text,
    type: { enum: ["number"], default: "number" },
    target: text,
    calculationSpec: {
      type: "object",
      anyOf: [
        exactly(entities),
        exactly({ ...entities, ...average }, true),
        exactly(ofProperty),
        exactly({ ...ofProperty, ...average }, true),
      ],
    },
    query: { type: "object", required: ["combinator", "rules"] },
    pathFilter: {
      type: "array",
      maxItems: 1,
      items: {
        type: "object",
        properties: { path: { type: "array", items: text, minItems: 1 }, fromBlueprint: text },
        required: ["path"],
        additionalProperties: false,
      },
    },
  },
  required: ["title", "target", "calculationSpec"],
  additionalProperties: false,
};

const direct = { properties: { type: {}, title }, additionalProperties: false };
const inherited = { properties: { type: {}, path: text, title }, additionalProperties: false, required: ["path"] };
const ownership = { type: "object", allOf: [typed("Direct", "Inherited"), choose(typed("Direct"), direct, inherited)] };

const kafka = { properties: { type: {} }, additionalProperties: false };
const webhook = {
  properties: { type: {}, url: text, agent: { type: "boolean" } },
  additionalProperties: false,
  required: ["url"],
};
const changelogDestination = {
  type: "object",
  allOf: [typed("KAFKA", "WEBHOOK"), choose(typed("KAFKA"), kafka, webhook)],
};

const properties = {
  identifier: { type: "string", pattern: "^(?!\\.{1,2}$)[\\p{L}0-9@_.+:\\\\/-]+$", maxLength: 100 },
  title: { type: "string", minLength: 1, maxLength: 100 },
  description: { type: "string", maxLength: 200 },
  icon: text,
  ownership,
  schema: {
    type: "object",
    properties: {
      properties: { type: "object", propertyNames: key, additionalProperties: property },
      required: { type: "array", items: { type: "string" } },
    },
    additionalProperties: false,
    required: ["properties"],
  },
  relations: { type: "object", propertyNames: key, additionalProperties: relation },
  mirrorProperties: { type: "object", propertyNames: key, additionalProperties: mirror },
  calculationProperties: { type: "object", propertyNames: key, additionalProperties: calculation },
  aggregationProperties: { type: "object", propertyNames: key, additionalProperties: aggregation },
  includeInGlobalSearch: { type: ["boolean", "null"] },
  changelogDestination,
};

const choices: ReadonlySet<string> = new Set(["anyOf", "allOf", "enum"]);

function exactly(properties: Readonly<Record<string, object>>, timed = false): object {
  const measureTimeBy = timed ? { measureTimeBy: text } : {};
  return {
    properties: { ...properties, ...measureTimeBy },
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

function typed(...types: readonly string[]): object {
  return { properties: { type: { enum: types } }, required: ["type"] };
}

/** Body schemas of the routes that write blueprints, as in Port's API description. Unknown keys at the top are tolerated. */
export interface BlueprintBodies {
  readonly create: object;
  readonly replace: object;
  /** Parts of a blueprint: what a part lacks stays as it is, so nothing is required. */
  readonly patch: object;
}

const listed: BlueprintBodies = {
  create: { type: "object", properties, required: ["identifier", "title", "schema"] },
  replace: { type: "object", properties, required: ["title", "schema"] },
  patch: optional({ type: "object", properties }) as object,
};
let loose: BlueprintBodies | undefined;

/** Gives the body schemas of the routes that write blueprints; the same objects each time, so that they are compiled once. */
export function blueprintBodies({ unlistedType }: Pick<Readings, "unlistedType">): BlueprintBodies {
  if (unlistedType === "reject") return listed;
  loose ??= {
    create: anyType(listed.create) as object,
    replace: anyType(listed.replace) as object,
    patch: anyType(listed.patch) as object,
  };
  return loose;
}

function anyType(schema: unknown): unknown {
  if (schema === type || schema === format) return text;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  return Object.fromEntries(Object.entries(schema).map(([word, value]) => [word, anyType(value)]));
}

/** Says what to write in place of types and formats of properties that Port's API description lacks, which shipped blueprints hold; undefined without any. */
export function unlistedTypeFix(blueprint: Blueprint): string | undefined {
  const fixes = Object.entries(blueprint.schema.properties).flatMap(([name, property]) => {
    if (!type.enum.includes(property.type)) {
      const better = property.type === ("integer" as string) ? "number" : "string";
      return [`"type": "${better}" in place of "${property.type}" (properties.${name})`];
    }
    if (property.format === undefined || formats.includes(property.format)) return [];
    return [
      `no "format": "${property.format}" (properties.${name})${property.format === "date" ? ', or "date-time"' : ""}`,
    ];
  });
  return fixes.length === 0 ? undefined : `Write ${fixes.join("; ")}; or start with --reading unlistedType=accept.`;
}

// Defaults would overwrite what is there. The inside of a choice stays: there `required` distinguishes one branch from another.
function optional(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const kept = Object.entries(schema).filter(([word]) => word !== "required" && word !== "default");
  return Object.fromEntries(
    kept.map(([word, value]) => {
      if (choices.has(word)) return [word, value];
      return [word, word === "properties" ? eachOptional(value as object) : optional(value)];
    }),
  );
}

function eachOptional(properties: object): object {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, optional(schema)]));
}
