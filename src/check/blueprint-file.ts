import { parseDocument } from "yaml";
import { z } from "zod";
import type { Blueprint } from "../blueprint.js";
import { BlueprintError, type Issue } from "../errors.js";

/** A blueprint's identifier. @source API reference, "Create a blueprint" */
const blueprintIdentifier = z
  .string()
  .max(100)
  .regex(/^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/-]+$/u, "may hold letters, digits and @ _ . + : \\ / - and is not . or ..");

/** The key of a property, relation, mirror, calculation or aggregation. @source API reference, "Create a blueprint" */
const key = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9@_=\\-]+$/, "may hold the letters A to Z, digits and @ _ = \\ -");

const title = z.string().max(100);

const itemsSchema = z.looseObject({
  type: z.string().optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).min(1).optional(),
});

/** Shipped blueprints hold types that Port's API description lacks. */
function typeFault(type: unknown): string {
  if (type === "integer") return 'is "integer"; write "number"';
  if (type === "enum") return 'is "enum"; write "string", or what its values are; they stay under "enum"';
  return `is ${JSON.stringify(type)}; write one of "string", "number", "boolean", "object", "array"`;
}

const listedType = z.enum(["string", "number", "boolean", "object", "array"], {
  error: ({ input }) => typeFault(input),
});

const anyType = z.string({ error: ({ input }) => typeFault(input) });

const property = <T extends z.ZodType>(type: T) =>
  z.looseObject({
    type,
    title: title.optional(),
    format: z.string().optional(),
    spec: z.string().optional(),
    enum: z.array(z.unknown()).min(1).optional(),
    items: itemsSchema.optional(),
  });

const relation = z
  .looseObject({
    target: z.string().min(1),
    required: z.boolean().optional(),
    many: z.boolean().optional(),
    title: title.optional(),
  })
  .refine(({ many, required }) => !(many === true && required === true), {
    message: "a relation to many may not be required",
  });

const calculated = z.record(key, z.unknown()).optional();

/**
 * A blueprint as files and replies give it. Unknown keys pass: Port adds some every month, and the API checks them.
 * @source API reference, "Create a blueprint"
 */
const blueprintSchema = <T extends z.ZodType>(type: T) =>
  z
    .looseObject({
      identifier: blueprintIdentifier,
      title: title.optional(),
      icon: z.string().nullish(),
      description: z.string().nullish(),
      schema: z.looseObject({
        properties: z.record(key, property(type)),
        required: z.array(z.string()).optional(),
      }),
      relations: z.record(key, relation).optional(),
      mirrorProperties: calculated,
      calculationProperties: calculated,
      aggregationProperties: calculated,
      ownership: z.looseObject({ type: z.enum(["Direct", "Inherited"]) }).nullish(),
    })
    .superRefine(({ schema: { properties, required = [] } }, context) => {
      for (const [index, name] of required.entries()) {
        if (Object.hasOwn(properties, name)) continue;
        context.addIssue({
          code: "custom",
          path: ["schema", "required", index],
          message: `names "${name}", which is not a property of the blueprint`,
        });
      }
    });

/** Types of properties that a file may hold: those that Port's description lists, or any, as a catalog may have them. */
export type PropertyTypes = "listed" | "any";

const schemas = { listed: blueprintSchema(listedType), any: blueprintSchema(anyType) };

/**
 * Reads the blueprints of one file: a blueprint, a list of them, or an object with the list under `blueprints`, as the API's own reply has it.
 *
 * @param file - name of the file; `.yaml` and `.yml` are read as YAML, all else as JSON
 * @throws {BlueprintError} with every fault at once, each with its dotted path
 */
export function parseBlueprints(text: string, file: string, types: PropertyTypes = "listed"): Blueprint[] {
  const content = parseContent(text, file);
  const { values, prefix } = valuesOf(content);
  const issues: Issue[] = [];
  const blueprints: Blueprint[] = [];
  for (const [index, value] of values.entries()) {
    const parsed = schemas[types].safeParse(value);
    const path = prefix === undefined ? [] : [...prefix, index];
    // the value itself, not the parsed copy: key order and unknown words stay as the file has them
    if (parsed.success) blueprints.push(value as Blueprint);
    else issues.push(...parsed.error.issues.map((issue) => issueOf(issue, [...path, ...issue.path])));
  }
  if (issues.length > 0) throw faultsError(file, issues);
  return blueprints;
}

function parseContent(text: string, file: string): unknown {
  if (/\.ya?ml$/i.test(file)) {
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error === undefined) return document.toJS();
    throw new BlueprintError(`${file} is not valid YAML: ${error.message}`, { cause: error });
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BlueprintError(`${file} is not valid JSON: ${reason}`, { cause: error });
  }
}

function valuesOf(content: unknown): { values: readonly unknown[]; prefix?: readonly PropertyKey[] } {
  if (Array.isArray(content)) return { values: content, prefix: [] };
  if (typeof content === "object" && content !== null && "blueprints" in content && Array.isArray(content.blueprints)) {
    return { values: content.blueprints, prefix: ["blueprints"] };
  }
  return { values: [content] };
}

/** A key of a map that breaks its pattern is reported by zod as an issue within an issue. */
function issueOf(
  issue: { readonly message: string; readonly issues?: readonly { readonly message: string }[] },
  path: readonly PropertyKey[],
): Issue {
  const inner = issue.issues?.map((one) => one.message).join(", ");
  return { path: path.map(String).join("."), message: inner ? `${issue.message}: ${inner}` : issue.message };
}

function faultsError(file: string, issues: readonly Issue[]): BlueprintError {
  const lines = issues.map(({ path, message }) => `  ${file}${path === "" ? "" : ` ${path}`}: ${message}`);
  return new BlueprintError(
    `${issues.length} ${issues.length === 1 ? "fault" : "faults"} in the blueprint file\n${lines.join("\n")}`,
    { hint: "a blueprint is an object as the API gives it: identifier, title, schema.properties, relations" },
  );
}
