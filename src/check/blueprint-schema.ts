import { z } from "zod";

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

const property = z.looseObject({
  type: z.enum(["string", "number", "boolean", "object", "array"], { error: ({ input }) => typeFault(input) }),
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
 * A blueprint as files and replies give it. Words that are not known here pass: Port adds some every month, and the API checks them.
 * @source API reference, "Create a blueprint"
 */
export const blueprintSchema = z
  .looseObject({
    identifier: blueprintIdentifier,
    title: title.optional(),
    icon: z.string().nullish(),
    description: z.string().nullish(),
    schema: z.looseObject({
      properties: z.record(key, property),
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
        message: `names "${name}", which is no property of the blueprint`,
      });
    }
  });
