import { Pool } from "undici";
import { afterEach, expect } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/emulator.js";

/** A reply as tests look at it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert the shape of whatever came
  readonly body: any;
}

/** An emulator with a client that holds a token. */
export interface Session {
  readonly emulator: Emulator;
  readonly call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;
  /** A call without the session's token. */
  readonly raw: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;
}

/** 2026-01-02T03:04:05.678Z */
export const startOfTime = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

/** Starts an emulator whose clock does not move unless the options bring another; it ends with the test. */
export async function startSession(options: EmulatorOptions = {}): Promise<Session> {
  const emulator = await startEmulator({ clock: () => startOfTime, blueprints, ...options });
  const pool = new Pool(new URL(emulator.url).origin, { connections: 4 });
  running.push(async () => {
    await pool.close();
    await emulator.close();
  });
  const raw: Session["raw"] = async (method, path, body, headers = {}) => {
    const text = typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body);
    const reply = await pool.request({
      path,
      method: method as "GET",
      headers: {
        "user-agent": "session",
        ...(text === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const parsed: unknown = await reply.body.json();
    expect(reply.headers["x-trace-id"]).toMatch(/^[0-9a-f]{32}$/);
    return { status: reply.statusCode, headers: reply.headers, body: parsed };
  };
  const issued = await raw("POST", "/v1/auth/access_token", { clientId: "portload", clientSecret: "portload" });
  const authorization = `Bearer ${issued.body.accessToken as string}`;
  const call: Session["call"] = (method, path, body, headers) => raw(method, path, body, { authorization, ...headers });
  return { emulator, raw, call };
}

/** Blueprints that most tests share: services relate to a team (optional), to each other (many) and deployments to a service (required). */
export const blueprints: readonly Blueprint[] = [
  {
    identifier: "service",
    title: "Service",
    schema: {
      properties: {
        tier: { type: "string", enum: ["gold", "silver"] },
        replicas: { type: "number", minimum: 0 },
        live: { type: "boolean" },
        since: { type: "string", format: "date-time" },
        home: { type: "string", format: "url" },
        owner: { type: "string", format: "email" },
        address: { type: "string", format: "ipv4" },
        notes: { type: "string", format: "markdown" },
        tags: { type: "array", items: { type: "string" } },
        config: { type: "object", properties: { port: { type: "number" } } },
        language: { type: "string", default: "unknown" },
      },
    },
    relations: {
      team: { target: "team", required: false, many: false },
      uses: { target: "service", required: false, many: true },
    },
    mirrorProperties: { teamName: { path: "team.$title", title: "Team name" } },
  },
  { identifier: "team", title: "Team", schema: { properties: { mail: { type: "string" } }, required: ["mail"] } },
  {
    identifier: "deployment",
    title: "Deployment",
    schema: { properties: { version: { type: "string" } }, required: ["version"] },
    relations: { service: { target: "service", required: true, many: false } },
  },
  { identifier: "owned", title: "Owned", schema: { properties: {} }, ownership: { type: "Direct" } },
  {
    identifier: "inherited",
    title: "Inherited",
    schema: { properties: {} },
    relations: { owned: { target: "owned", required: false, many: false } },
    ownership: { type: "Inherited", path: "owned" },
  },
];

/** An entity's reply as it is with the clock standing still. */
export function entityOf(blueprint: string, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const at = new Date(startOfTime).toISOString();
  return {
    title: null,
    icon: null,
    blueprint,
    team: [],
    properties: {},
    relations: blueprint === "service" ? { team: null, uses: [] } : {},
    createdAt: at,
    createdBy: "portload",
    updatedAt: at,
    updatedBy: "portload",
    ...fields,
  };
}
