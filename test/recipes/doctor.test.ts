import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Readings } from "../../src/emulator/emulator-options.js";
import { likeliestReadings } from "../../src/emulator/readings.js";
import { checkNetwork } from "../../src/recipes/doctor/checks.js";
import { checkClock, checkLimits } from "../../src/recipes/doctor/lab.js";
import { runDoctor } from "../../src/recipes/doctor/probe.js";
import { runImport } from "../../src/recipes/import.js";
import { envOf, makeFolder, root, startCatalog } from "../support/catalog.js";
import { manualClock } from "../support/manual-clock.js";
import { runProgram } from "../support/program.js";

const mapping = join(root, "mappings/organisation.yaml");
const isOf = (checks: readonly { name: string; is: string }[]) => checks.map(({ name, is }) => `${name} ${is}`);

describe("first contact", () => {
  it("finds nothing wrong with a catalog that is there, and changes nothing in it", async () => {
    const emulator = await startCatalog({ limits: "port" });
    const { healthy, checks } = await runDoctor({ mapping }, { env: envOf(emulator) });
    expect([healthy, isOf(checks)]).toEqual([
      true,
      [
        "address ok",
        "proxy ok",
        "tls note",
        "token ok",
        "clock ok",
        "limits ok",
        ...Array<string>(5).fill("blueprint ok"),
      ],
    ]);
    const { families } = emulator.stats();
    expect([families.bulk.accepted, families.single.accepted]).toEqual([0, 0]);
  });

  it.each([
    ["seconds", "in seconds from now"],
    ["epoch", "as epoch seconds"],
  ] as const)("reports that the reset is in %s", async (resetUnit, words) => {
    const emulator = await startCatalog({ limits: "port", readings: { resetUnit } });
    const { checks } = await runDoctor({}, { env: envOf(emulator) });
    expect(checks.find(({ name }) => name === "limits")?.message).toContain(
      `15,000 requests in 300 s, 14,999 left; period stated in seconds, reset ${words}; as Port publishes`,
    );
  });

  it("warns where replies state no limits", async () => {
    const { checks } = await runDoctor({}, { env: envOf(await startCatalog()) });
    expect(checks.at(-1)).toMatchObject({ name: "limits", is: "warning", message: "replies state no limits" });
  });

  it("says that the credentials are refused, and asks nothing more", async () => {
    const emulator = await startCatalog();
    const env = { ...envOf(emulator), PORT_CLIENT_SECRET: "of-somebody-else" };
    const report = await runDoctor({ mapping, probe: "service" }, { env });
    expect([report.healthy, isOf(report.checks).slice(-2)]).toEqual([false, ["token fault", "clock ok"]]);
    expect(report.checks.at(-2)?.hint).toContain("PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload");
    expect(JSON.stringify(report)).not.toContain("of-somebody-else");
    expect(emulator.stats().families.blueprints.accepted).toBe(0);
  });

  it("names a blueprint of the mapping that does not exist", async () => {
    const emulator = await startCatalog({ blueprints: [] });
    const { healthy, checks } = await runDoctor({ mapping }, { env: envOf(emulator) });
    expect(healthy).toBe(false);
    expect(checks.at(-1)).toMatchObject({ name: "blueprint", is: "fault", message: "component does not exist" });
  });

  it("says that nobody answers", async () => {
    // Port 1 on loopback: nobody listens.
    const env = { PORT_API_URL: "http://127.0.0.1:1/v1", PORT_CLIENT_ID: "id", PORT_CLIENT_SECRET: "s3cr3t" };
    const { checks } = await runDoctor({}, { env, client: { clock: manualClock({ auto: true }) } });
    expect(checks.at(-1)).toMatchObject({
      name: "contact",
      is: "fault",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

describe("the network", () => {
  const proxyOf = async (url: string, env: Record<string, string>) =>
    (await checkNetwork(url, false, env)).find(({ name }) => name === "proxy")?.message;

  it.each([
    [{}, "none"],
    [{ HTTP_PROXY: "http://user:hunter2@proxy.example:3128" }, "http://proxy.example:3128, by HTTP_PROXY"],
    [{ HTTP_PROXY: "http://a:1", http_proxy: "http://b:2" }, "http://b:2, by http_proxy"],
    [{ HTTP_PROXY: "http://a:1", NO_PROXY: "other,.example" }, "none"],
    [{ HTTP_PROXY: "http://a:1", NO_PROXY: "api.example:81" }, "http://a:1, by HTTP_PROXY"],
    [{ HTTP_PROXY: "http://a:1", NO_PROXY: "*" }, "none"],
    [{ HTTPS_PROXY: "http://a:1" }, "none"],
  ])("goes by %j through %s", async (env, expected) => {
    expect(await proxyOf("http://api.example/v1", env as Record<string, string>)).toBe(expected);
  });

  it.each([
    [
      { PORT_REGION: "us" },
      "https://api.us.port.io/v1",
      "https://api.us.port.io/v1 (region US), from PORT_REGION",
      "ok",
    ],
    [{}, "https://api.port.io/v1", "https://api.port.io/v1 (region EU), from default", "ok"],
    [
      { PORT_API_URL: "x" },
      "https://api.port.io/v2",
      "https://api.port.io/v2 (region EU), from PORT_API_URL",
      "warning",
    ],
  ])("reports region and origin of the address by %j", async (env, url, message, is) => {
    // Nothing is connected to: a proxy is named.
    const [address] = await checkNetwork(url, false, { ...env, HTTPS_PROXY: "http://127.0.0.1:1" });
    expect(address).toMatchObject({ message, is });
  });

  it("says when NODE_EXTRA_CA_CERTS names no file, or one without certificates", async () => {
    const empty = join(await makeFolder(), "empty.pem");
    writeFileSync(empty, "");
    const of = async (file: string) => (await checkNetwork("http://a/v1", false, { NODE_EXTRA_CA_CERTS: file }))[2];
    expect(await of("/none.pem")).toMatchObject({ is: "fault", message: expect.stringContaining("ENOENT") });
    expect(await of(empty)).toMatchObject({ is: "fault", message: expect.stringContaining("no certificate") });
  });
});

const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasOpenssl)(
  `a server of a private authority${hasOpenssl ? "" : " (skipped: no openssl to make one)"}`,
  () => {
    async function startPrivate() {
      const folder = await makeFolder();
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const subject = ["-subj", "/O=Works of Test/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
      const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
      execFileSync("openssl", ["req", ...kind, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
      const { readFileSync } = await import("node:fs");
      const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
        const token = { ok: true, accessToken: "t", expiresIn: 10_800, tokenType: "Bearer" };
        request.resume();
        response.end(JSON.stringify(request.url?.endsWith("access_token") ? token : { ok: true, blueprints: [] }));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
      return { cert, env: { PORT_API_URL: url, PORT_CLIENT_ID: "id", PORT_CLIENT_SECRET: "s3cr3t" } };
    }

    it("is refused, with the way out", async () => {
      const { env } = await startPrivate();
      const { stdout, code } = await runProgram(["doctor"], { ...env, NODE_EXTRA_CA_CERTS: "" });
      expect(code).toBe(3);
      expect(stdout).toContain("the certificate is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)");
      expect(stdout).toContain("set NODE_EXTRA_CA_CERTS to its certificate");
    });

    it("is accepted with NODE_EXTRA_CA_CERTS", async () => {
      const { env, cert } = await startPrivate();
      const { stdout, code } = await runProgram(["doctor"], { ...env, NODE_EXTRA_CA_CERTS: cert });
      expect(stdout).toContain(`NODE_EXTRA_CA_CERTS adds 1 from ${cert}`);
      expect(stdout).toContain("certificate accepted, issued by Works of Test, valid until");
      expect(code).toBe(0);
    });
  },
);

describe("clock and limits", () => {
  const sentAtMs = Date.UTC(2026, 0, 1, 12);
  const contact = (headers: Record<string, string>) => ({ headers, ours: { sentAtMs, answeredAtMs: sentAtMs + 200 } });

  it.each([
    ["Thu, 01 Jan 2026 12:00:00 GMT", "ok", "within 1.0 s of the server's"],
    ["Thu, 01 Jan 2026 11:58:00 GMT", "warning", "this machine's clock is 119.6 s ahead of the server's"],
    ["Thu, 01 Jan 2026 13:00:00 GMT", "warning", "this machine's clock is 3600.4 s behind the server's"],
    ["", "note", "the server does not send its time"],
  ])("with the server's date %s is %s: %s", (date, is, message) => {
    expect(checkClock(contact({ date }))).toMatchObject({ is, message });
  });

  const limits = (limit: string, period: string, remaining: string, reset: string) => ({
    "x-ratelimit-limit": limit,
    "x-ratelimit-period": period,
    "x-ratelimit-remaining": remaining,
    "x-ratelimit-reset": reset,
  });
  it.each([
    [limits("15000", "300", "14999", "299"), "ok", "as Port publishes"],
    [limits("20000", "300", "1", "299"), "ok", "Port publishes 15,000 in 300 s"],
    [
      limits("15000", "300000", "1", String(sentAtMs / 1000 + 9)),
      "ok",
      "period stated in milliseconds, reset as epoch seconds",
    ],
    [limits("15000", "300", "1", String(sentAtMs / 1000 + 3600)), "warning", "outside the window"],
    [
      { "x-ratelimit-limit": "15000" },
      "warning",
      "replies lack x-ratelimit-period, x-ratelimit-remaining, x-ratelimit-reset",
    ],
  ])("reads %j as %s: %s", (headers, is, part) => {
    expect(checkLimits(contact(headers))).toMatchObject({ is, message: expect.stringContaining(part) });
  });
});

describe("a probe", () => {
  async function probe(readings: Partial<Readings> = {}) {
    const emulator = await startCatalog({ readings: { ...likeliestReadings, ...readings } });
    const env = envOf(emulator);
    const sources = ["teams.json", "services.csv"].map((name) => join(root, "samples", name));
    await runImport({ sources, mapping, stateDir: await makeFolder() }, { env });
    const before = JSON.stringify([...emulator.store.entities("service")]);
    // The wait between two tokens is not a real one; the emulator's clock is.
    const report = await runDoctor({ probe: "service" }, { env });
    expect(JSON.stringify([...emulator.store.entities("service")])).toBe(before);
    return report;
  }

  it("reports every reading as the emulator has it by default, and writes nothing", async () => {
    const { healthy, readings = [], checks } = await probe();
    expect(readings.filter(({ likely, told }) => likely !== undefined && told !== likely)).toEqual([]);
    expect(readings.length).toBeGreaterThan(20);
    expect([healthy, checks.at(-1)?.name, checks.at(-1)?.is]).toEqual([true, "probe", "ok"]);
  });

  it("reports readings that are reversed", async () => {
    const turned: Partial<Readings> = {
      bulkAllFailed: 200,
      bulkPartialOk: false,
      bulkSchema: "item",
      unknownProperty: "reject",
      formats: "off",
      scalarForMany: "reject",
      arrayForSingle: "reject",
      unknownRelation: 422,
      expiresIn: "full",
      apostrophe: false,
    };
    expect(Object.keys(turned).every((key) => key in likeliestReadings)).toBe(true);
    const { readings = [] } = await probe(turned);
    const of = (row: number, part = "") => readings.find((one) => one.row === row && one.point.includes(part))?.told;
    expect([of(1), of(2), of(5), of(11), of(12), of(13, "empty"), of(13, "apostrophe"), of(18), of(24)]).toEqual([
      "200",
      "207, ok false",
      expect.stringMatching(/^422 /),
      expect.stringMatching(/^422 /),
      expect.stringMatching(/^422 /),
      "accepted",
      expect.stringMatching(/^422 /),
      expect.stringMatching(/^422 /),
      "its whole life",
    ]);
    expect(of(7)).toContain("url no");
  });

  it("says that the blueprint does not exist", async () => {
    const { checks } = await runDoctor({ probe: "none" }, { env: envOf(await startCatalog()) });
    expect(checks.at(-1)).toMatchObject({ is: "fault", message: "blueprint none cannot be read (status 404)" });
  });
});
