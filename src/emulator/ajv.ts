import { Ajv, type ErrorObject } from "ajv";
import { propertyFormats } from "./formats.js";
import type { Readings } from "./readings.js";

// Making one compiles JSON Schema's own schema, which takes longer than all else at the start of an emulator.
const made = new Map<string, Ajv>();

/** Gives the validator for property schemas and request bodies: it stops at the first fault, coerces nothing and knows Port's formats. One for each pair of arguments. */
export function sharedAjv(formats: Readings["formats"], useDefaults = false): Ajv {
  const key = `${formats} ${useDefaults}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  // A blueprint's property is a JSON Schema with foreign words (icon, enumColors, spec), so not strict.
  const ajv = new Ajv({ strict: false, logger: false, useDefaults, formats: propertyFormats(formats) });
  made.set(key, ajv);
  return ajv;
}

/**
 * Says what Ajv found in the words of Port's replies: quoted path, then the rule.
 * @source form of live replies, fact sheet 5.2: `"query" must have required property 'combinator'`
 */
export function describeFault(faults: readonly ErrorObject[] | null | undefined, root: string): string {
  const fault = faults?.[0];
  if (fault === undefined) return `"${root}" is not valid`;
  const path = fault.instancePath.slice(1).replaceAll("~1", "/").replaceAll("~0", "~");
  const extra: unknown = fault.params.additionalProperty;
  const detail = typeof extra === "string" ? `, additional property: "${extra}"` : "";
  return `"${path === "" ? root : path}" ${fault.message ?? "is not valid"}${detail}`;
}
