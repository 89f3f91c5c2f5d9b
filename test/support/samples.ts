import { isDeepStrictEqual } from "node:util";

/** As much of JSON Schema as Port's API description uses for bodies. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
}

/**
 * Gives values of a schema such that every branch of every choice, every word of every enumeration and every property, alone and with all others, is in one of them.
 * `define` resolves a `$ref`; a schema within itself is followed once.
 */
export function samplesOf(
  schema: Schema,
  define: (ref: string) => Schema,
  open: readonly string[] = [],
): readonly unknown[] {
  if (schema.$ref !== undefined) {
    return open.includes(schema.$ref) ? [] : samplesOf(define(schema.$ref), define, [...open, schema.$ref]);
  }
  const { anyOf, oneOf, ...rest } = schema;
  const branches = anyOf ?? oneOf;
  if (branches !== undefined) {
    const joined = branches.map((branch) =>
      rest.properties === undefined
        ? branch
        : { ...rest, ...branch, properties: { ...rest.properties, ...branch.properties } },
    );
    return unique(joined.flatMap((branch) => samplesOf(branch, define, open)));
  }
  if (schema.enum !== undefined) return schema.enum;
  return [schema.type]
    .flat()
    .flatMap((type) => ofType(type ?? (schema.properties ? "object" : "string"), schema, define, open));
}

function ofType(
  type: string,
  schema: Schema,
  define: (ref: string) => Schema,
  open: readonly string[],
): readonly unknown[] {
  switch (type) {
    case "string":
      return [textOf(schema)];
    case "number":
      return [schema.minimum ?? 7];
    case "boolean":
      return [true, false];
    case "null":
      return [null];
    case "array": {
      const items = samplesOf(schema.items ?? { type: "string" }, define, open);
      return [...((schema.minItems ?? 0) === 0 ? [[]] : []), ...items.map((item) => [item])];
    }
    default:
      return objectsOf(schema, define, open);
  }
}

function objectsOf(schema: Schema, define: (ref: string) => Schema, open: readonly string[]): readonly unknown[] {
  const more = typeof schema.additionalProperties === "object" ? { key: schema.additionalProperties } : {};
  const values = Object.entries({ ...schema.properties, ...more }).map(
    ([key, property]) => [key, samplesOf(property, define, open)] as const,
  );
  const first = values.filter(([, samples]) => samples.length > 0).map(([key, samples]) => [key, samples[0]] as const);
  const least = Object.fromEntries(first.filter(([key]) => schema.required?.includes(key)));
  return unique([
    least,
    Object.fromEntries(first),
    ...values.flatMap(([key, samples]) => samples.map((value) => ({ ...least, [key]: value }))),
  ]);
}

function textOf({ pattern, format }: Schema): string {
  if (format === "date-time") return "2026-01-01T00:00:00.000Z";
  if (format === "uri" || format === "url") return "https://example.com/";
  return pattern?.includes("\\.)+") === true ? "relation.$title" : "word";
}

function unique(values: readonly unknown[]): readonly unknown[] {
  return values.filter((value, index) => values.findIndex((other) => isDeepStrictEqual(other, value)) === index);
}
