import type { Blueprint } from "../blueprint.js";

/**
 * Blueprints that every organization has. Writable by their own routes, never made as a missing relation target.
 * @source fact sheet 2.6; their exact properties are not published, these are the documented ones
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
    identifier: "_rule_result",
    title: "Rule result",
    icon: "DefaultProperty",
    schema: { properties: { result: { type: "string", title: "Result" } } },
  },
];

/** Blueprints that only Port itself writes. @source fact sheet 5.2, seen live */
export const protectedBlueprints: ReadonlySet<string> = new Set(["_rule_result"]);
