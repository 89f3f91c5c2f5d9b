import { describe, expect, it } from "vitest";
import { blueprintName, inWords, pathExpression, propertyKey } from "../../src/init/names.js";

describe("names made by init", () => {
  it.each([
    [["Monthly Cost (EUR)"], "monthlyCostEur"],
    [["Availability %"], "availability"],
    [["serviceId"], "serviceId"],
    [["lead", "e-mail"], "leadEMail"],
    [["OSVersion"], "osVersion"],
    [["primaryIPv4Address"], "primaryIpv4Address"],
    [["podCIDRs"], "podCidrs"],
    [["Größe"], "grosse"],
    [["Grö\u0308ße Ærø"], "grosseAero"],
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

  it.each([
    ["IP Address", "IP address"],
    ["ip_address", "IP address"],
    ["ipAddress", "IP address"],
    ["IP_ADDRESS", "IP address"],
    ["serviceId", "Service ID"],
    ["Monthly Cost (EUR)", "Monthly cost (EUR)"],
    ["RAM (MB)", "RAM (MB)"],
    ["team", "Team"],
    ["SAP System", "SAP system"],
    ["XYZ Rating", "XYZ rating"],
    ["lifecycle goLive", "Lifecycle go live"],
    ["CPUCount", "CPU count"],
    ["primaryIPv4", "Primary IPv4"],
    ["clusterIPs", "Cluster IPs"],
    ["vCPUs", "vCPUs"],
  ])("titles %s in words: %s", (name, title) => {
    expect(inWords(name)).toBe(title);
  });

  it("quotes what jq needs quoted", () => {
    expect(pathExpression(["lead", "e-mail", 'a"b'])).toBe('.lead."e-mail"."a\\"b"');
  });
});
