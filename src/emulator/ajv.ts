import { Ajv, type ErrorObject } from "ajv";
import { propertyFormats } from "./formats.js";
import type { Readings } from "./readings.js";

/** Makes a validator for blueprint schemas and request bodies: stops at the first fault, coerces nothing, knows Port's formats. */
export function createAjv(formats: Readings["formats"], useDefaults = false): Ajv {
  // A blueprint's property is a JSON Schema with foreign words (icon, enumColors, spec), so not strict.
  return new Ajv({ strict: false, logger: false, useDefaults, formats: propertyFormats(formats) });
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
