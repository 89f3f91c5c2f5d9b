import { describe, expect, it } from "vitest";
import { blueprintName, pathExpression, propertyKey } from "../../src/init/names.js";

describe("names made by init", () => {
  it.each([
    [["Monthly Cost (EUR)"], "monthlyCostEur"],
    [["Availability %"], "availability"],
    [["serviceId"], "serviceId"],
    [["lead", "e-mail"], "leadEMail"],
    [["注文"], ""],
  ])("makes of %j the key %s", (path, key) => {
    expect(propertyKey(path)).toBe(key);
  });

  it.each([
    ["services", "service"],
    ["teams", "team"],
    ["companies", "company"],
    ["boxes", "box"],
    ["address", "address"],
    ["current-full", "current-full"],
    ["a b#c", "a-b-c"],
  ])("makes of the kind %s the blueprint %s", (kind, name) => {
    expect(blueprintName(kind)).toBe(name);
  });

  it("quotes what jq needs quoted", () => {
    expect(pathExpression(["lead", "e-mail", 'a"b'])).toBe('.lead."e-mail"."a\\"b"');
  });
});
