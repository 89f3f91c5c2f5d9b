import { describe, expect, it } from "vitest";
import { startOfTime, startSession } from "./session.js";

const good = { clientId: "portload", clientSecret: "portload" };

describe("access tokens", () => {
  it("gives the same token again with what is left of its life, and a new one after its end", async () => {
    let now = startOfTime;
    const { raw } = await startSession({ clock: () => now });
    const first = await raw("POST", "/v1/auth/access_token", good);
    expect(first.body).toEqual({
      ok: true,
      accessToken: first.body.accessToken,
      expiresIn: 10_800,
      tokenType: "Bearer",
    });
    now += 10_000_000;
    expect((await raw("POST", "/v1/auth/access_token", good)).body).toEqual({ ...first.body, expiresIn: 800 });
    now += 800_000;
    const next = await raw("POST", "/v1/auth/access_token", good);
    expect(next.body.expiresIn).toBe(10_800);
    expect(next.body.accessToken).not.toBe(first.body.accessToken);
  });

  it("reports the full life of a token that is handed out again under the other reading", async () => {
    let now = startOfTime;
    const { raw } = await startSession({ clock: () => now, readings: { expiresIn: "full" }, tokenTtlMs: 60_000 });
    now += 30_000;
    expect((await raw("POST", "/v1/auth/access_token", good)).body.expiresIn).toBe(60);
  });

  it("refuses wrong credentials with Port's own words", async () => {
    const { raw } = await startSession();
    const reply = await raw("POST", "/v1/auth/access_token", { ...good, clientSecret: "other" });
    expect([reply.status, reply.body]).toEqual([
      401,
      {
        ok: false,
        error: "invalid_credentials",
        message: "Invalid credentials supplied to the generate token API",
      },
    ]);
  });

  it.each([
    [{ clientId: "portload" }, `"body" must have required property 'clientSecret'`],
    [{ ...good, more: 1 }, `"body" must NOT have additional properties, additional property: "more"`],
    [{ ...good, clientId: 7 }, `"clientId" must be string`],
  ])("refuses the body %j with 422", async (body, message) => {
    const { raw } = await startSession();
    const reply = await raw("POST", "/v1/auth/access_token", body);
    expect([reply.status, reply.body]).toEqual([422, { ok: false, error: "invalid_request", message }]);
  });

  it("accepts the token with and without Bearer, and answers 401 without, with another, and after its end", async () => {
    let now = startOfTime;
    const { raw, emulator } = await startSession({ clock: () => now, credentials: good });
    const { accessToken } = (await raw("POST", "/v1/auth/access_token", good)).body as { accessToken: string };
    const status = async (headers: Record<string, string>) =>
      (await raw("GET", "/v1/blueprints", undefined, headers)).status;
    expect(await status({ authorization: `Bearer ${accessToken}` })).toBe(200);
    expect(await status({ authorization: accessToken })).toBe(200);
    expect(await status({})).toBe(401);
    expect(await status({ authorization: "Bearer other" })).toBe(401);
    now += 10_800_000;
    expect(await status({ authorization: accessToken })).toBe(401);
    const renewed = (await raw("POST", "/v1/auth/access_token", good)).body.accessToken as string;
    expect(await status({ authorization: renewed })).toBe(200);
    emulator.revokeToken();
    expect(await status({ authorization: renewed })).toBe(401);
  });
});
