import type { Ajv } from "ajv";
import type { Blueprint } from "../blueprint.js";
import { BlueprintError } from "../errors.js";
import { describeFault, sharedAjv } from "./ajv.js";
import { createBlueprintBody } from "./blueprint-schema.js";
import { createBlueprint } from "./blueprints.js";
import type { Catalog } from "./catalog.js";
import { Refusal } from "./refusal.js";
import { systemBlueprints } from "./system-blueprints.js";

/**
 * Puts the system's blueprints and the given ones into an empty catalog. They may relate to each other in any order and in circles; one named like a system blueprint takes its place.
 * @throws {BlueprintError} for a blueprint that the API would refuse
 */
export function seedBlueprints(catalog: Catalog, given: readonly Blueprint[]): void {
  const names = new Set(given.map((blueprint) => blueprint.identifier));
  const system = systemBlueprints.filter((blueprint) => !names.has(blueprint.identifier));
  const known = new Set([...names, ...system.map((blueprint) => blueprint.identifier)]);
  const ajv: Ajv = sharedAjv("off", true);
  const check = ajv.compile(createBlueprintBody);
  for (const blueprint of [...system, ...given]) {
    // The check fills in defaults, so it works on a copy. A file saved from a reply may hold nulls, which no request may.
    const held = Object.entries(structuredClone(blueprint)).filter(([, value]) => value !== null);
    const body = Object.fromEntries(held) as unknown as Blueprint;
    const created = check(body)
      ? createBlueprint(catalog, body, { by: "emulator", datasource: null }, known)
      : new Refusal(422, "invalid_request", describeFault(check.errors, "blueprint"));
    if (created instanceof Refusal) {
      throw new BlueprintError(`blueprint "${blueprint.identifier}" cannot be loaded: ${created.message}`);
    }
  }
}
