import { describe, expect, it } from "vitest";
import { startSession } from "./session.js";

const users = "/v1/blueprints/_user/entities";
const account = (name: string) => ({
  identifier: `${name}@serviceaccounts.getport.io`,
  properties: { port_type: "Service Account", port_role: "Member", status: "Active" },
});
const additionalData = { credentials: { clientId: expect.any(String), clientSecret: expect.any(String) } };

describe("service accounts", () => {
  it("are shown their credentials once, when they are created, alone and in bulk", async () => {
    const { call } = await startSession();
    const created = await call("POST", users, account("a"));
    expect([created.status, created.body.additionalData]).toEqual([201, additionalData]);
    const again = await call("POST", `${users}?upsert=true`, account("a"));
    expect([again.status, "additionalData" in again.body]).toEqual([200, false]);
    const person = { identifier: "p@example.com", properties: { port_type: "Standard" } };
    const bulk = await call("POST", `${users}/bulk?upsert=true`, { entities: [account("a"), account("b"), person] });
    expect(bulk.body.entities).toEqual([
      { identifier: account("a").identifier, index: 0, created: false },
      { identifier: account("b").identifier, index: 1, created: true, additionalData },
      { identifier: person.identifier, index: 2, created: true },
    ]);
    const tried = await call("POST", `${users}?validation_only=true`, account("c"));
    expect([tried.status, "additionalData" in tried.body]).toEqual([201, false]);
    expect(JSON.stringify((await call("GET", users)).body)).not.toContain(
      created.body.additionalData.credentials.clientSecret,
    );
  });

  it("have a token of their own, as long as they are there and not disabled", async () => {
    const { call, raw } = await startSession();
    const { credentials } = (await call("POST", users, account("a"))).body.additionalData;
    const issue = () => raw("POST", "/v1/auth/access_token", credentials);
    const { accessToken } = (await issue()).body;
    expect((await issue()).body.accessToken).toBe(accessToken);
    const read = async () => (await raw("GET", "/v1/blueprints", undefined, { authorization: accessToken })).status;
    expect(await read()).toBe(200);
    expect((await call("GET", "/v1/blueprints")).status).toBe(200);
    const path = `${users}/${encodeURIComponent(account("a").identifier)}`;
    await call("PATCH", path, { properties: { status: "Disabled" } });
    expect([await read(), (await issue()).status]).toEqual([401, 401]);
    await call("PATCH", path, { properties: { status: "Active" } });
    expect(await read()).toBe(200);
    await call("DELETE", path);
    expect([await read(), (await issue()).body.error]).toEqual([401, "invalid_credentials"]);
  });
});
