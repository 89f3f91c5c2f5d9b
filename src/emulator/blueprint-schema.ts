const key = { pattern: "^[A-Za-z0-9@_=\\\\-]+$", maxLength: 100 };
const title = { type: "string", maxLength: 100 };
const type = { enum: ["string", "number", "boolean", "object", "array"] };
const formats =
  "date-time url email idn-email ipv4 ipv6 markdown yaml user blueprints team timer proto labeled-url".split(" ");
const spec = { enum: ["open-api", "embedded-url", "async-api"] };

const property = {
  type: "object",
  properties: {
    title,
    description: { type: "string" },
    icon: { type: "string" },
    type,
    format: { enum: formats },
    dateFormat: { enum: ["relative", "12-hour", "24-hour", "iso"] },
    spec,
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

const calculation = {
  type: "object",
  properties: { calculation: { type: "string" }, type, title },
  required: ["calculation", "type"],
};

const aggregation = {
  type: "object",
  properties: { title, target: { type: "string" }, calculationSpec: { type: "object" } },
  required: ["title", "target", "calculationSpec"],
};

const ownership = {
  type: "object",
  properties: { type: { enum: ["Direct", "Inherited"] }, path: { type: "string" }, title },
  required: ["type"],
  additionalProperties: false,
  if: { properties: { type: { const: "Inherited" } } },
  // biome-ignore lint/suspicious/noThenProperty: `then` is the word of JSON Schema, and nothing awaits this
  then: { required: ["type", "path"] },
};

const properties = {
  identifier: { type: "string", pattern: "^(?!\\.{1,2}$)[\\p{L}0-9@_.+:\\\\/-]+$", maxLength: 100 },
  title: { type: "string", minLength: 1, maxLength: 100 },
  description: { type: ["string", "null"], maxLength: 200 },
  icon: { type: ["string", "null"] },
  ownership: { anyOf: [{ type: "null" }, ownership] },
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
  changelogDestination: { type: ["object", "null"] },
};

/** Body of "Create a blueprint". Foreign words at the top are tolerated. @source Port's published API description */
export const createBlueprintBody = { type: "object", properties, required: ["identifier", "title", "schema"] };
/** Body of "Change a blueprint" (the whole of it). */
export const replaceBlueprintBody = { type: "object", properties, required: ["title", "schema"] };
/** Body of "Update a blueprint" (parts of it). */
export const patchBlueprintBody = { type: "object", properties };
