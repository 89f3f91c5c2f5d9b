import { z } from "zod";
import { ignoredKeys, mappingFile } from "../map/mapping-schema.js";
import { testFile } from "../mapping-test/test-file.js";
import { keyDescriptions } from "./key-descriptions.js";

/** A JSON Schema, or a part of one. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of the mapping file, made from the schema that mappings are parsed with; with a description of every key, for editors. */
export function mappingJsonSchema(): JsonSchema {
  const schema = schemaOf(mappingFile);
  dress(schema, "");
  for (const key of ignoredKeys)
    schema.properties = {
      ...schema.properties,
      [key]: { description: "Steers another integration of Port; has no effect here." },
    };
  return { title: "portload mapping", ...schema };
}

/** The JSON Schema of a file of mapping tests. */
export function mappingTestJsonSchema(): JsonSchema {
  return { title: "portload mapping tests", ...schemaOf(testFile) };
}

/** What zod knows of a schema. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
}

function schemaOf(root: z.ZodType): JsonSchema {
  const made = z.toJSONSchema(root, {
    target: "draft-7",
    // The output of parsing; the input is anything that is tidied up first.
    io: "output",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema as unknown as { readonly def: Definition };
      if (def.type === "custom") jsonSchema.description = "A jq expression, a constant, or lists and objects of such.";
      if (def.type !== "object" || def.shape === undefined) return;
      // A key must be there when parsing refuses a file without it.
      const required = Object.entries(def.shape).flatMap(([key, inner]) =>
        inner.safeParse(undefined).success ? [] : [key],
      );
      if (required.length > 0) jsonSchema.required = required;
      else delete jsonSchema.required;
    },
  });
  // Parts that are used twice become their own, so that each can be described by its place.
  return JSON.parse(JSON.stringify(made)) as JsonSchema;
}

/** Describes every key below a schema, and lets pass what parsing lets pass beside the form that it makes of it. */
function dress(schema: JsonSchema, path: string): void {
  for (const branch of [schema, ...(schema.anyOf ?? [])] as JsonSchema[]) {
    for (const [key, inner] of Object.entries(branch.properties ?? {})) dressKey(inner as JsonSchema, path, key);
    for (const inner of [branch.items, branch.additionalProperties]) if (isSchema(inner)) dress(inner, `${path}*.`);
  }
}

function dressKey(schema: JsonSchema, base: string, key: string): void {
  const path = `${base}${key}`;
  dress(schema, `${path}.`);
  if (/\.mappings\.(?:properties|relations)$/.test(path)) orAlso(schema, { type: "null" });
  if (path === "onError") schema.enum = [...(schema.enum ?? []), null];
  if (path === "onError") delete schema.type;
  if (path === "resources.*.port.entity.mappings") orAlso(schema, { type: "array", minItems: 1, maxItems: 1 });
  const words = keyDescriptions[path.replace(/^sources\.\*/, "source")];
  if (words !== undefined) schema.description = words;
}

function orAlso(schema: JsonSchema, other: JsonSchema): void {
  const own = { ...schema };
  for (const key of Object.keys(own)) delete schema[key];
  schema.anyOf = [own, other];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
