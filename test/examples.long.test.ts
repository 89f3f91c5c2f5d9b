import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Emulator } from "../src/emulator/emulator.js";
import { loadBlueprintFolder } from "../src/recipes/run/blueprints.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "./support/catalog.js";

// A machine of CI that lacks one of them fails; elsewhere the tests that need it are left out and say so.
const inCi = process.env.CI !== undefined;
const works = (command: string, args: readonly string[]): boolean => spawnSync(command, args).status === 0;
const python = ["python3", "/usr/bin/python3"].find((path) => works(path, ["-c", "import requests"]));
const hasCurlAndJq = works("curl", ["--version"]) && works("jq", ["--version"]);
const hasAxios = (() => {
  try {
    return createRequire(import.meta.url).resolve("axios") !== "";
  } catch {
    return false;
  }
})();

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end with the environment of an emulator, and no other variables than those that find programs. */
function runExample(emulator: Emulator, [command = "", ...args]: readonly string[], env = {}): Promise<Ended> {
  const { PATH, HOME = "/" } = process.env;
  const child = spawn(command, args, { cwd: root, env: { PATH, HOME, ...envOf(emulator), ...env } });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => done({ code, stdout, stderr }));
  });
}

const startExamples = async (): Promise<Emulator> =>
  startCatalog({ blueprints: await loadBlueprintFolder(join(root, "examples/blueprints")) });

const programs = [
  {
    name: "Python with requests",
    missing: python === undefined,
    needs: "needs python3 with requests",
    command: [python ?? "python3", "examples/python/entities.py"],
  },
  {
    name: "JavaScript with axios",
    missing: !hasAxios,
    needs: "needs axios",
    command: [process.execPath, "examples/javascript/entities.mjs"],
  },
  {
    name: "cURL with jq",
    missing: !hasCurlAndJq,
    needs: "needs curl and jq",
    command: ["bash", "examples/curl/entities.sh"],
  },
];

describe.each(programs)("the program in $name", { timeout: 180_000 }, ({ missing, needs, command }) => {
  it.skipIf(missing && !inCi)(
    `sees the documented answer of every operation${missing ? ` (${needs})` : ""}`,
    async () => {
      const emulator = await startExamples();
      const run = async (...args: readonly string[]) => {
        const { code, stdout, stderr } = await runExample(emulator, [...command, ...args]);
        return { code, status: Number(stderr), body: JSON.parse(stdout) as unknown };
      };
      // An identifier that must be encoded in the path.
      const identifier = "shop/käse=1";
      const entity = (fields: object): string => JSON.stringify({ identifier, ...fields });

      const token = await runExample(emulator, [...command, "token"]);
      expect(token).toMatchObject({ code: 0, stderr: "" });
      expect(token.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);

      expect(await run("get", "microservice", identifier)).toMatchObject({
        code: 1,
        status: 404,
        body: { ok: false, error: "not_found" },
      });
      const first = entity({ title: "Käse", properties: { version: "1.0", replicas: 2 } });
      expect(await run("create", "microservice", first)).toMatchObject({
        code: 0,
        status: 201,
        body: { ok: true, entity: { identifier, properties: { version: "1.0", replicas: 2 } } },
      });
      expect(await run("create", "microservice", first)).toMatchObject({
        code: 1,
        status: 409,
        body: { ok: false, error: "identifier_taken" },
      });
      expect(await run("merge", "microservice", entity({ properties: { version: "1.1" } }))).toMatchObject({
        code: 0,
        body: { ok: true, entity: { title: "Käse", properties: { version: "1.1", replicas: 2 } } },
      });
      await run("override", "microservice", entity({ properties: { version: "1.2" } }));
      expect(await run("get", "microservice", identifier)).toMatchObject({
        status: 200,
        body: { ok: true, entity: { identifier, title: null, properties: { version: "1.2" } } },
      });
      expect(emulator.store.entity("microservice", identifier)?.properties).toEqual({ version: "1.2" });
      expect(await run("create", "microservice", entity({ properties: { replicas: "two" } }))).toMatchObject({
        code: 1,
        status: 409,
      });
      expect(await run("merge", "microservice", entity({ properties: { replicas: "two" } }))).toMatchObject({
        code: 1,
        status: 422,
        body: { ok: false, error: "blueprint_schema_mismatch" },
      });
      expect(await run("delete", "microservice", identifier)).toEqual({ code: 0, status: 200, body: { ok: true } });
      await run("create", "microservice", JSON.stringify({ identifier: "other" }));
      expect(await run("delete-all", "microservice")).toMatchObject({ code: 0, status: 200, body: { ok: true } });
      expect(emulator.store.count("microservice")).toBe(0);
    },
  );
});

/** A folder with `portload` in it, as an installation has it. */
async function installed(): Promise<string> {
  const folder = await makeFolder();
  const program = join(folder, "portload");
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/cli/main.js")}" "$@"\n`);
  await chmod(program, 0o755);
  return `${folder}:${process.env.PATH}`;
}

describe("the scripts with portload", { timeout: 180_000 }, () => {
  it("update the catalog: what is given changes, typed by the blueprint", async () => {
    const emulator = await startExamples();
    const PATH = await installed();
    const script = ["sh", "examples/uses/update-catalog.sh", "checkout"];
    expect((await runExample(emulator, [...script, "language=Go", "replicas=3"], { PATH })).code).toBe(0);
    expect((await runExample(emulator, [...script, "language=Rust"], { PATH })).code).toBe(0);
    expect(emulator.store.entity("microservice", "checkout")?.properties).toEqual({ language: "Rust", replicas: 3 });
    expect((await runExample(emulator, [...script, "replicas=many"], { PATH })).code).toBe(64);
  });

  it("report the status of a CI job while it runs and when it has ended, and end as it ended", async () => {
    const emulator = await startExamples();
    const env = { PATH: await installed(), CI_JOB_ID: "4711", CI_JOB_URL: "https://ci.example.com/4711" };
    const seen = 'portload entity get ciJob 4711 | jq -r .entity.properties.status; exit "$0"';
    const script = ["sh", "examples/uses/report-ci-job.sh", "checkout"];
    const job = await runExample(emulator, [...script, "sh", "-c", seen, "0"], env);
    expect(job).toEqual({ code: 0, stdout: "running\n", stderr: "" });
    expect(emulator.store.entity("ciJob", "4711")).toMatchObject({
      properties: { status: "succeeded", page: "https://ci.example.com/4711" },
      relations: { microservice: "checkout" },
    });
    expect((await runExample(emulator, [...script, "sh", "-c", "exit 7"], env)).code).toBe(7);
    expect(emulator.store.entity("ciJob", "4711")?.properties.status).toBe("failed");
  });

  it.skipIf(!hasCurlAndJq && !inCi)("publish a new version and read it, as text to the letter (needs jq)", async () => {
    const emulator = await startExamples();
    const PATH = await installed();
    const read = ["sh", "examples/uses/read-version.sh", "checkout"];
    expect(await runExample(emulator, read, { PATH })).toMatchObject({ code: 0, stdout: "none\n" });
    const published = await runExample(emulator, ["sh", "examples/uses/publish-version.sh", "checkout", "1.10"], {
      PATH,
    });
    expect(published).toMatchObject({ code: 0, stdout: "checkout is at 1.10\n" });
    expect(await runExample(emulator, read, { PATH })).toMatchObject({ code: 0, stdout: "1.10\n" });
    const nowhere = { PATH, PORT_API_URL: "http://127.0.0.1:1/v1" };
    expect((await runExample(emulator, read, nowhere)).code).toBe(3);
  });
});

describe("the programs with the library", { timeout: 180_000 }, () => {
  const run = (emulator: Emulator, code: string) =>
    runExample(emulator, [process.execPath, "--input-type=module", "--eval", code]);

  it("keep rows in step with the catalog, and stop where the query lost a column", async () => {
    const server = blueprintOf("server", {
      schema: { properties: { cpus: { type: "number" }, createdAt: { type: "string", format: "date-time" } } },
      relations: { owner: { target: "person" } },
    });
    const emulator = await startCatalog({ blueprints: [server, blueprintOf("person")] });
    const sync = (change: string) =>
      run(
        emulator,
        `import { syncServers } from "./examples/library/from-postgres.mjs";
         async function* rows() {
           for (let id = 1; id <= 3; id++) yield { id, name: "web-" + id, cpus: ${change}, created_at: new Date(0), owner_id: null };
         }
         const { entities } = await syncServers(rows(), process.env);
         console.log(JSON.stringify(entities));`,
      );
    const first = await sync("8");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(first.stdout)).toMatchObject({ created: 3 });
    expect(JSON.parse((await sync("id === 2 ? 16 : 8")).stdout)).toMatchObject({ updated: 1, unchanged: 2 });
    expect((await sync("id === 2 ? 'many' : 8")).stderr).toMatch(/^row 2: properties\.cpus is not a number/);
    expect(emulator.store.entity("server", "2")?.properties).toEqual({
      cpus: 16,
      createdAt: "1970-01-01T00:00:00.000Z",
    });
  });

  it("import what a paginated API holds", async () => {
    const service = blueprintOf("service", {
      schema: { properties: { url: { type: "string", format: "url" }, language: { type: "string" } } },
    });
    const emulator = await startCatalog({ blueprints: [service] });
    const links = { home: "https://example.com" };
    const pages = createServer((request, reply) => {
      const page = Number(new URL(request.url ?? "", "http://api").searchParams.get("page") ?? 1);
      const items = [0, 1].map((i) => ({
        ...{ slug: `s${page}${i}`, display_name: `S ${page}${i}`, archived: i === 1, language: "Go", links },
      }));
      const next = page < 3 ? `http://${request.headers.host}/?page=${page + 1}` : undefined;
      if (page > 3) reply.writeHead(500).end();
      else reply.end(JSON.stringify({ items, next }));
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void pages.close());
    await once(pages, "listening");
    const { port } = pages.address() as AddressInfo;
    const imported = async (path: string) => {
      const { stdout } = await run(
        emulator,
        `import { importServices } from "./examples/library/from-http-api.mjs";
         const { report, ending, error } = await importServices("http://127.0.0.1:${port}/${path}", process.env);
         console.log(JSON.stringify({ records: report.records, ending, message: error?.message }));`,
      );
      return JSON.parse(stdout) as unknown;
    };
    const records = { read: 6, mapped: 3, skipped: 3, rejected: 0 };
    expect(await imported("")).toEqual({ records, ending: "finished" });
    expect(emulator.store.entities("service").map(({ identifier }) => identifier)).toEqual(["s10", "s20", "s30"]);
    expect(await imported("?page=4")).toMatchObject({
      ending: "failed",
      message: expect.stringContaining("services: cannot be read: http://127.0.0.1"),
    });
  });

  it("test an integration against the emulator", async () => {
    const emulator = await startCatalog();
    const { code, stdout } = await runExample(emulator, [process.execPath, "--test", "examples/library/in-a-test.mjs"]);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/pass 2/);
  });
});
