import { describe, expect, it } from "vitest";
import type { FaultRule, FaultScript } from "../../src/emulator/emulator-options.js";
import { playFaults } from "../../src/emulator/faults.js";
import { blueprintOf, startCatalog } from "../support/catalog.js";

const bulkPath = "/blueprints/service/entities/bulk?upsert=true&merge=true";
const pattern = "/v1/blueprints/:blueprint/entities/bulk";

async function play(fault: Partial<FaultRule>, options: { limits?: number } = {}) {
  const faults: FaultScript = { faults: [{ route: "bulk", times: 1, ...fault } as FaultRule] };
  const emulator = await startCatalog({ blueprints: [blueprintOf("service")], faults, ...options });
  const credentials = JSON.stringify({ clientId: "portload", clientSecret: "portload" });
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${emulator.url}${path}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
  const { accessToken } = (await (await post("/auth/access_token", credentials)).json()) as { accessToken: string };
  const write = async () => {
    try {
      const body = JSON.stringify({ entities: [{ identifier: "a" }, { identifier: "b" }] });
      const reply = await post(bulkPath, body, { authorization: `Bearer ${accessToken}` });
      return { status: reply.status, text: await reply.text(), headers: reply.headers };
    } catch {
      return "lost";
    }
  };
  return { emulator, first: await write(), written: emulator.store.count("service"), second: await write() };
}

const indexes = (text: string) => (JSON.parse(text) as { entities: { index?: number }[] }).entities.map((e) => e.index);

describe("scripted faults", () => {
  it.each<[string, Partial<FaultRule>, number]>([
    ["before the work", { drop: "before" }, 0],
    ["after the work", { drop: "after" }, 2],
    ["within the answer", { garble: "truncated" }, 2],
  ])("end the connection %s, and only once", async (_, fault, written) => {
    const played = await play(fault);
    expect([played.first, played.written]).toEqual(["lost", written]);
    expect(played.second).toMatchObject({ status: 200 });
  });

  it.each<[string, Partial<FaultRule>, number, number]>([
    ["a status before the work", { status: 503 }, 503, 0],
    ["a status after the work", { status: 502, written: true }, 502, 2],
    ["a body that is no JSON", { garble: "malformed" }, 200, 2],
    ["a body of another shape", { garble: "shapeless" }, 200, 2],
    ["a 207 in which all failed", { allFailed: 500 }, 207, 0],
    ["the token's end", { expireToken: true }, 401, 0],
  ])("answer with %s", async (_, fault, status, written) => {
    const played = await play(fault);
    expect(played.first).toMatchObject({ status });
    expect(played.written).toBe(written);
  });

  it("answer a 429 with the headers given, or with none", async () => {
    const scripted = await play({ status: 429, headers: { "retry-after": "7" } });
    expect(scripted.first).toMatchObject({ status: 429 });
    expect((scripted.first as { headers: Headers }).headers.get("retry-after")).toBe("7");
    const untold = await play({ status: 429 });
    expect((untold.first as { headers: Headers }).headers.get("retry-after")).toBeNull();
  });

  it.each([
    ["missing", [0, undefined]],
    ["doubled", [0, 0]],
    ["outOfRange", [0, 1000]],
  ] as const)("give an index that is %s", async (index, expected) => {
    const played = await play({ index });
    expect(indexes((played.first as { text: string }).text)).toEqual(expected);
  });

  it("take the quota in another's name", async () => {
    const { emulator } = await play({ takeQuota: 10 }, { limits: 1 });
    expect(emulator.stats().families.bulk.accepted).toBe(12);
  });
});

describe("when faults happen", () => {
  const happened = (script: FaultScript, count: number) => {
    const faults = playFaults(script);
    return Array.from({ length: count }, (_, i) => (faults.meet("POST", pattern).length > 0 ? i + 1 : 0)).filter(
      Boolean,
    );
  };

  it("is named by ordinal, by number of times and by route", () => {
    expect(happened({ faults: [{ route: "bulk", requests: [2, 5], drop: "before" }] }, 9)).toEqual([2, 5]);
    expect(happened({ faults: [{ times: 3, drop: "before" }] }, 9)).toEqual([1, 2, 3]);
    expect(happened({ faults: [{ route: "search", drop: "before" }] }, 9)).toEqual([]);
  });

  it("is the same for the same seed and about as often as the chance says", () => {
    const script = (seed: number): FaultScript => ({ seed, faults: [{ probability: 0.2, drop: "before" }] });
    expect(happened(script(3), 1000)).toEqual(happened(script(3), 1000));
    expect(happened(script(3), 1000)).not.toEqual(happened(script(4), 1000));
    expect(Math.abs(happened(script(3), 1000).length - 200)).toBeLessThan(50);
  });
});
