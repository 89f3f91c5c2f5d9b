import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { type Session, startSession } from "./session.js";

const formats = ["date-time", "email", "idn-email", "ipv4", "ipv6", "timer"];
const thing: Blueprint = {
  identifier: "thing",
  title: "Thing",
  schema: {
    properties: {
      ...Object.fromEntries(formats.map((format) => [format, { type: "string", format }] as const)),
      link: { type: "object", format: "labeled-url" },
      links: { type: "array", items: { type: "object", format: "labeled-url" } },
    },
  },
};

async function write(
  session: Session,
  properties: object,
): Promise<{ readonly status: number; readonly message: string | undefined }> {
  const { status, body } = await session.call("POST", "/v1/blueprints/thing/entities?upsert=true", {
    identifier: "t",
    properties,
  });
  return { status, message: body.message as string | undefined };
}

describe("formats of properties", () => {
  it.each([
    [
      "date-time",
      [
        "2024-02-29T00:00:00Z",
        "2000-02-29T12:30:00.5+02:00",
        "2022-12-31 23:59:59Z",
        "2022-12-31t23:59:59z",
        "2016-12-31T23:59:60Z",
        "2017-01-01T01:59:60+02:00",
        "2016-12-31T20:29:60-0330",
        "2022-01-01T00:00:00+02",
      ],
      [
        "2022-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2022-04-31T00:00:00Z",
        "2022-13-01T00:00:00Z",
        "2022-01-01T24:00:00Z",
        "2022-01-01T00:00:00",
        "2022-01-01",
        "2016-12-31T22:59:60Z",
        "2016-12-31T23:59:60+02:00",
        "2022-01-01T00:00:00+24:00",
        "22-01-01T00:00:00Z",
      ],
    ],
    [
      "email",
      ["a@b.de", "a.b+c@d-e.co.uk", "o'hara@example.com", "A@B.DE"],
      ["a..b@c.de", ".a@b.de", "a.@b.de", "a,b@c.de", "a@-b.de", "a@b-.de", "a@b.c_d", "ü@b.de", "a@b", "a b@c.de"],
    ],
    ["idn-email", ["ü@b.de", "a@bü.de"], ["a", "a@b", "a @b.de"]],
    ["ipv4", ["192.0.2.1"], ["192.0.2.01", "192.0.2.256", "192.0.2"]],
    ["ipv6", ["::1", "2001:db8::1", "::ffff:192.0.2.1"], ["fe80::1%eth0", "1::2::3", "g::1"]],
  ])("%s", async (format, right, wrong) => {
    const session = await startSession({ blueprints: [thing] });
    await session.call("POST", "/v1/blueprints/thing/entities", { identifier: "t" });
    for (const text of right) {
      expect([text, await write(session, { [format]: text })]).toEqual([text, { status: 200, message: undefined }]);
    }
    for (const text of wrong) {
      const message = `"${format}" must match format "${format}"`;
      expect([text, await write(session, { [format]: text })]).toEqual([text, { status: 422, message }]);
    }
  });

  it.each([
    [{ link: { url: "https://example.com" } }, undefined],
    [{ link: { url: "https://example.com", displayText: "x", more: 1 } }, undefined],
    [{ links: [{ url: "/inside" }] }, undefined],
    [{ link: { displayText: "x" } }, `"link" must have required property 'url'`],
    [{ link: { url: 5 } }, '"link/url" must be string'],
    [{ link: { url: "a", displayText: 5 } }, '"link/displayText" must be string,null'],
    [{ links: [{}] }, `"links/0" must have required property 'url'`],
  ])("labeled-url: %j", async (properties, message) => {
    const session = await startSession({ blueprints: [thing] });
    const reply = await write(session, properties);
    expect(reply).toEqual({ status: message === undefined ? 201 : 422, message });
    // A blueprint that changes asks the same of them.
    await session.call("PATCH", "/v1/blueprints/thing", { schema: { properties: { more: { type: "string" } } } });
    expect((await write(session, properties)).message).toBe(message);
    await session.call("PATCH", "/v1/blueprints/thing/properties/more/rename", { newPropertyName: "less" });
    expect((await write(session, properties)).message).toBe(message);
  });

  it("are not business of the reading `off`, and a timer that has run out is none of `all`", async () => {
    const off = await startSession({ blueprints: [thing], readings: { formats: "off" } });
    expect((await write(off, { email: "x", link: {} })).status).toBe(201);
    const all = await startSession({ blueprints: [thing], readings: { formats: "all" } });
    expect((await write(all, { timer: "2020-01-01T00:00:00Z" })).status).toBe(201);
    expect((await write(all, { timer: "soon" })).status).toBe(422);
  });
});
