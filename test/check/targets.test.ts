import { describe, expect, it } from "vitest";
import { checkTargets, type MappedTarget } from "../../src/check/targets.js";
import { blueprint } from "./support.js";

const service = blueprint({
  properties: { language: { type: "string" }, tier: { type: "number" } },
  relations: { owner: { target: "team" } },
  rest: { mirrorProperties: { ownerName: { path: "owner.$title" } } },
});
const path = "resources.0.port.entity.mappings";
const check = (target: Partial<MappedTarget>) =>
  checkTargets(
    [{ path, blueprint: "service", properties: [], relations: [], ...target }],
    new Map([["service", service]]),
  );

describe("checkTargets", () => {
  it("finds nothing wrong with what the blueprint has", () => {
    expect(check({ properties: ["language", "tier"], relations: ["owner"] })).toEqual([]);
  });

  it("names the nearest blueprint, with the line", () => {
    expect(check({ blueprint: "Service", lines: new Map([[`${path}.blueprint`, 12]]), properties: ["x"] })).toEqual([
      { path: `${path}.blueprint`, message: 'there is no blueprint "Service"; did you mean "service"?', line: 12 },
    ]);
  });

  it("reports every fault at once", () => {
    expect(
      check({ properties: ["langauge", "ownerName", "owner", "zzz", "constructor"], relations: ["ownr", "tier"] }),
    ).toEqual([
      {
        path: `${path}.properties.langauge`,
        message:
          'blueprint "service" has no property "langauge"; did you mean "language"? Else add it to the blueprint, or write without it, as Port does: `unknownProperties: warn` at the root of the mapping',
      },
      {
        path: `${path}.properties.ownerName`,
        message:
          'blueprint "service" fills the property "ownerName" by a mirror; nothing may be written to it; take it out of the mapping, or write without it, as Port does: `unknownProperties: warn` at the root of the mapping',
      },
      {
        path: `${path}.properties.owner`,
        message: 'blueprint "service" has "owner" as a relation; map it under relations',
      },
      {
        path: `${path}.properties.zzz`,
        message:
          'blueprint "service" has no property "zzz"; add it to the blueprint, or write without it, as Port does: `unknownProperties: warn` at the root of the mapping',
      },
      {
        path: `${path}.properties.constructor`,
        message:
          'blueprint "service" has no property "constructor"; add it to the blueprint, or write without it, as Port does: `unknownProperties: warn` at the root of the mapping',
      },
      {
        path: `${path}.relations.ownr`,
        message: 'blueprint "service" has no relation "ownr"; did you mean "owner"?',
      },
      {
        path: `${path}.relations.tier`,
        message: 'blueprint "service" has "tier" as a property; map it under properties',
      },
    ]);
  });
});
