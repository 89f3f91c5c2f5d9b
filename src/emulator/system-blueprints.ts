import type { Ajv } from "ajv";
import type { Blueprint } from "../blueprint.js";
import { BlueprintError } from "../errors.js";
import { blueprintBodies, unlistedTypeFix } from "./blueprint-schema.js";
import { createBlueprint } from "./blueprints.js";
import { describeFault, sharedAjv } from "./entity-schema.js";
import type { Catalog } from "./model.js";
import { Refusal } from "./refusal.js";

/**
 * Blueprints that every organization has: they stay, with their default properties, and none of their entities is created as a missing relation target.
 * Their exact properties are not published, these are the documented ones.
 */
export const systemBlueprints: readonly Blueprint[] = [
  {
    identifier: "_team",
    title: "Team",
    icon: "Team",
    schema: { properties: { description: { type: "string", title: "Description" } } },
  },
  {
    identifier: "_user",
    title: "User",
    icon: "User",
    schema: {
      properties: {
        status: { type: "string", title: "Status" },
        port_role: { type: "string", title: "Port role" },
        port_type: { type: "string", title: "Port type" },
      },
    },
    ownership: { type: "Direct" },
  },
  {
    identifier: "_scorecard",
    title: "Scorecard",
    icon: "Scorecards",
    schema: {
      properties: {
        blueprint: { type: "string", format: "blueprints", title: "Blueprint" },
        levels: { type: "array", items: { type: "object" }, title: "Levels" },
        filter: { type: "object", title: "Filter" },
      },
    },
  },
  {
    identifier: "_rule",
    title: "Rule",
    icon: "DefaultProperty",
    schema: {
      properties: {
        level: { type: "string", title: "Level" },
        query: { type: "object", title: "Query" },
        rule_description: { type: "string", title: "Rule description" },
      },
    },
    relations: { scorecard: { title: "Scorecard", target: "_scorecard", required: true, many: false } },
  },
  {
    identifier: "_rule_result",
    title: "Rule result",
    icon: "DefaultProperty",
    schema: {
      properties: {
        result: { type: "string", enum: ["Passed", "Not passed"], title: "Result" },
        entity: { type: "string", title: "Entity" },
      },
    },
    relations: { rule: { title: "Rule", target: "_rule", required: true, many: false } },
  },
];

/** Identifiers of the {@link systemBlueprints}. */
export const systemIdentifiers: ReadonlySet<string> = new Set(systemBlueprints.map(({ identifier }) => identifier));

/** Blueprints whose entities only Port itself writes. Seen in a live reply; Port's guide to scorecards: rule results are generated. */
export const protectedBlueprints: ReadonlySet<string> = new Set(["_rule_result"]);

/**
 * Puts the system's blueprints and the given ones into an empty catalog. They may relate to each other in any order and in circles; one named like a system blueprint takes its place.
 * @throws {BlueprintError} for a blueprint that the API would refuse
 */
export function seedBlueprints(catalog: Catalog, given: readonly Blueprint[]): void {
  const names = new Set(given.map((blueprint) => blueprint.identifier));
  const system = systemBlueprints.filter((blueprint) => !names.has(blueprint.identifier));
  const known = new Set([...names, ...system.map((blueprint) => blueprint.identifier)]);
  const ajv: Ajv = sharedAjv("off", true);
  const check = ajv.compile<Blueprint>(blueprintBodies(catalog.readings).create);
  for (const blueprint of [...system, ...given]) {
    // The check fills in defaults, so it works on a copy. A file saved from a reply may hold nulls, which no request may.
    const held = Object.entries(structuredClone(blueprint)).filter(([, value]) => value !== null);
    const body = Object.fromEntries(held);
    const created = check(body)
      ? createBlueprint(catalog, body, { by: "emulator", datasource: null }, known)
      : new Refusal(422, "invalid_request", describeFault(check.errors, "blueprint"));
    if (created instanceof Refusal) {
      const hint = unlistedTypeFix(blueprint);
      throw new BlueprintError(`blueprint "${blueprint.identifier}" cannot be loaded: ${created.message}`, {
        ...(hint !== undefined && { hint }),
      });
    }
  }
}
