import type { Blueprint } from "../blueprint.js";

/**
 * Blueprints that every organization has: they stay, with what they come with, and no entity of theirs is made as a missing relation target.
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

/** Blueprints whose entities only Port itself writes. @source fact sheet 5.2, seen live; Port's guide to scorecards: rule results are generated */
export const protectedBlueprints: ReadonlySet<string> = new Set(["_rule_result"]);
