import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import { runProgram } from "../../src/cli/program.js";
import type { Emulator, EmulatorOptions } from "../../src/emulator/emulator.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

const service = blueprintOf("service", {
  schema: {
    properties: {
      version: { type: "string" },
      replicas: { type: "number" },
      live: { type: "boolean" },
      tags: { type: "array", items: { type: "string" } },
      config: { type: "object" },
    },
  },
  relations: {
    owner: { target: "team", required: false, many: false },
    uses: { target: "service", required: false, many: true },
  },
});
const deployment: Blueprint = blueprintOf("deployment", {
  relations: { service: { target: "service", required: true, many: false } },
});
const blueprints = [blueprintOf("team"), service, deployment];

interface Ran {
  readonly code: number | null;
  /** Every JSON document of stdout. */
  // biome-ignore lint/suspicious/noExplicitAny: tests assert the shape of whatever came
  readonly replies: any[];
  readonly stderr: string;
}

/** Runs the program in this process. `typed` is what a person at a terminal types. */
async function run(
  emulator: Pick<Emulator, "url">,
  args: readonly string[],
  given: { readonly input?: string; readonly typed?: string } = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await runInProcess(["entity", ...args], envOf(emulator), given);
  const replies = stdout === "" ? [] : stdout.split(/(?<=^\})\n/m).filter((text) => text.trim() !== "");
  return { code, replies: replies.map((text) => JSON.parse(text)), stderr };
}

const start = (options: EmulatorOptions = {}) => startCatalog({ blueprints, ...options });
const made = async (emulator: Emulator, blueprint: string, names: readonly string[], more: readonly string[] = []) => {
  for (const name of names) expect((await run(emulator, ["create", blueprint, name, ...more])).code).toBe(0);
};

describe("portload entity get", () => {
  it.each(["get", "delete", "merge"])(
    "gives swapped words of %s back right, and names a blueprint that is not there",
    async (verb) => {
      const emulator = await start();
      await made(emulator, "team", ["a"]);
      const flags = verb === "merge" ? ["--title", "A"] : [];
      const swapped = await run(emulator, [verb, "a", "team", ...flags]);
      expect(swapped.code).toBe(1);
      expect(swapped.stderr).toContain(`\n  The blueprint comes first: portload entity ${verb} team a\n`);
      const unknown = await run(emulator, [verb, "tem", "a", ...flags]);
      expect(unknown.stderr).toContain("\n  There is no blueprint tem. Those of the catalog: portload blueprint get\n");
    },
  );

  it("says a refusal once to who reads both at a terminal", async () => {
    const emulator = await start();
    const asked = async (isTTY: boolean) => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()].map((stream) => Object.assign(stream, { isTTY }));
      const streams = { stdin: new PassThrough(), stdout: stdout as PassThrough, stderr: stderr as PassThrough };
      const world = { env: envOf(emulator), signal: new AbortController().signal, ...streams };
      expect(await runProgram(["entity", "get", "team", "x"], world)).toBe(1);
      expect(String(streams.stderr.read())).toContain("portload: GET ");
      return streams.stdout.read() as Buffer | null;
    };
    expect(String(await asked(false))).toContain('"ok": false');
    expect(await asked(true)).toBeNull();
  });

  it("prints the API's JSON, relations with titles when asked", async () => {
    const emulator = await start();
    await made(emulator, "team", ["a"], ["--title", "Team A"]);
    await made(emulator, "service", ["s"], ["--relation", "owner=a"]);
    const { code, replies, stderr } = await run(emulator, ["get", "service", "s", "--attach-titles"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(replies[0]).toMatchObject({
      ok: true,
      entity: { identifier: "s", relations: { owner: { identifier: "a", title: "Team A" }, uses: [] } },
    });
    const part = await run(emulator, ["get", "service", "s", "--include", "identifier"]);
    expect(part.replies).toEqual([{ ok: true, entity: { identifier: "s", properties: {}, relations: {} } }]);
    expect(await run(emulator, ["get", "service", "s", "--include", "identifier", "-o", "json"])).toEqual(part);
  });

  it("ends with 1 and shows the 404 of an entity or blueprint that is not there", async () => {
    const emulator = await start();
    const gone = await run(emulator, ["get", "service", "nobody"]);
    expect(gone).toMatchObject({ code: 1, replies: [{ ok: false, error: "not_found" }] });
    expect(gone.stderr).toContain("status 404, not_found");
    expect((await run(emulator, ["get", "nothing", "x"])).code).toBe(1);
  });

  it("ends with 3 when the API is not reached, and when it takes no such credentials", async () => {
    const emulator = await start();
    const nowhere = await run({ url: "http://127.0.0.1:1/v1" }, ["get", "service", "s", "--request-timeout", "1ms"]);
    expect(nowhere).toMatchObject({ code: 3, replies: [] });
    const other = await startCatalog({ blueprints, credentials: { clientId: "else", clientSecret: "else" } });
    expect((await run(other, ["get", "service", "s"])).code).toBe(3);
    await emulator.close();
  });
});

describe("portload entity create, merge and override", () => {
  it("types what flags give by the blueprint", async () => {
    const emulator = await start();
    await made(emulator, "team", ["a"]);
    await made(emulator, "service", ["x", "y"]);
    const flags = [
      ...["--property", "version=1.10", "--property", "replicas=3", "--property", "live=true"],
      ...["--property", "tags=a", "--property", "tags=b", "--property", 'config={"port":80}'],
      ...["--relation", "owner=a", "--relation", "uses=x", "--relation", "uses=y"],
    ];
    expect((await run(emulator, ["create", "service", "s", "--title", "S", "--team", "t", ...flags])).code).toBe(0);
    expect(emulator.store.entity("service", "s")).toMatchObject({
      title: "S",
      properties: { version: "1.10", replicas: 3, live: true, tags: ["a", "b"], config: { port: 80 } },
      relations: { owner: "a", uses: ["x", "y"] },
    });
  });

  it("makes a list of one, and takes the JSON text of a list", async () => {
    const emulator = await start();
    await made(emulator, "service", ["one"], ["--property", "tags=a,b"]);
    await made(emulator, "service", ["text"], ["--property", 'tags=["a","b"]']);
    expect(emulator.store.entity("service", "one")?.properties).toEqual({ tags: ["a,b"] });
    expect(emulator.store.entity("service", "text")?.properties).toEqual({ tags: ["a", "b"] });
  });

  it("refuses every value that does not fit at once, before it writes", async () => {
    const emulator = await start();
    const { code, stderr } = await run(emulator, [
      ...["create", "service", "s", "--property", "replicas=three", "--property", "versoin=1"],
      ...["--relation", "owner=a b"],
    ]);
    expect(code).toBe(64);
    expect(stderr).toContain("--property replicas: is not a number");
    expect(stderr).toContain('no such property; did you mean "version"?');
    expect(stderr).toContain("--relation owner: names a target whose identifier");
    expect(emulator.store.count("service")).toBe(0);
  });

  it("shows the 409 of a creation as such", async () => {
    const emulator = await start();
    await made(emulator, "service", ["s"]);
    const { code, replies, stderr } = await run(emulator, ["create", "service", "s"]);
    expect({ code, replies }).toMatchObject({ code: 1, replies: [{ ok: false, error: "identifier_taken" }] });
    expect(stderr).toMatch(/status 409, identifier_taken.*\n {2}It exists: portload entity merge/);
  });

  it("merges what is given, overrides the rest away, and clears", async () => {
    const emulator = await start();
    await made(emulator, "service", ["s"], ["--property", "version=1", "--property", "replicas=2"]);
    expect((await run(emulator, ["merge", "service", "s", "--property", "version=2"])).code).toBe(0);
    expect(emulator.store.entity("service", "s")?.properties).toEqual({ version: "2", replicas: 2 });
    expect((await run(emulator, ["merge", "service", "s", "--clear", "properties.version"])).code).toBe(0);
    const { version = null, ...rest } = emulator.store.entity("service", "s")?.properties ?? {};
    expect({ version, ...rest }).toEqual({ version: null, replicas: 2 });
    expect((await run(emulator, ["override", "service", "s", "--property", "live=no"])).code).toBe(0);
    expect(emulator.store.entity("service", "s")?.properties).toEqual({ live: false });
  });

  it("takes the body from a file or stdin, flags laid over it", async () => {
    const emulator = await start();
    const file = join(await makeFolder(), "s.json");
    await writeFile(file, JSON.stringify({ identifier: "s", title: "S", properties: { version: "1", replicas: 1 } }));
    expect((await run(emulator, ["create", "service", "--file", file])).code).toBe(0);
    const flags = ["--file", "-", "--property", "version=2"];
    const input = JSON.stringify({ identifier: "other", properties: { replicas: 5 } });
    expect((await run(emulator, ["merge", "service", "s", ...flags], { input })).code).toBe(0);
    expect(emulator.store.entity("service", "s")).toMatchObject({
      title: "S",
      properties: { version: "2", replicas: 5 },
    });
    for (const wrong of ["[]", "{", '{"properties":{"replicas":12345678901234567890}}'])
      expect((await run(emulator, ["merge", "service", "s", "--file", "-"], { input: wrong })).code).toBe(64);
  });

  it("shows the API's 422 and 404, and creates missing targets when asked", async () => {
    const emulator = await start();
    expect(await run(emulator, ["create", "deployment", "d"])).toMatchObject({
      code: 1,
      replies: [{ ok: false, error: "required_relation" }],
    });
    const lacking = await run(emulator, ["create", "deployment", "d", "--relation", "service=s"]);
    expect(lacking).toMatchObject({ code: 1, replies: [{ error: "not_found" }] });
    expect(lacking.stderr).toContain("--create-missing");
    await made(emulator, "deployment", ["d"], ["--relation", "service=s", "--create-missing"]);
    expect(emulator.store.entity("service", "s")).toBeDefined();
  });

  it("stores nothing in a dry run", async () => {
    const emulator = await start();
    expect((await run(emulator, ["create", "service", "s", "--dry-run"])).code).toBe(0);
    expect(emulator.store.count("service")).toBe(0);
  });

  it("lets Port make up an identifier", async () => {
    const emulator = await start();
    const { replies } = await run(emulator, ["create", "service", "--title", "Nameless"]);
    expect(replies[0].entity.identifier).toMatch(/^e_/);
  });

  it("shows that the run of --run-id is none", async () => {
    const emulator = await start({ readings: { unknownRun: "reject" } });
    const { code, replies } = await run(emulator, ["merge", "service", "s", "--run-id", "r_none"]);
    expect(code).toBe(1);
    expect(replies[0].ok).toBe(false);
  });
});

describe("portload entity delete", () => {
  it("deletes one, and shows the 404 of one that is not there", async () => {
    const emulator = await start();
    await made(emulator, "service", ["s"]);
    expect(await run(emulator, ["delete", "service", "s"])).toEqual({ code: 0, replies: [{ ok: true }], stderr: "" });
    expect((await run(emulator, ["delete", "service", "s"])).code).toBe(1);
  });

  it("refuses what others require, unless they go, too", async () => {
    const emulator = await start();
    await made(emulator, "service", ["s"]);
    await made(emulator, "deployment", ["d"], ["--relation", "service=s"]);
    const { code, stderr } = await run(emulator, ["delete", "service", "s"]);
    expect(code).toBe(1);
    expect(stderr).toContain("--delete-dependents");
    expect((await run(emulator, ["delete", "service", "s", "--delete-dependents"])).code).toBe(0);
    expect(emulator.store.count("deployment")).toBe(0);
  });

  it("deletes a list of stdin, of names or of JSON lines, and names what was not there", async () => {
    const emulator = await start();
    await made(emulator, "service", ["a", "b", "c"]);
    const input = 'a\r\n\n{"identifier":"b","title":"B"}\nnobody\na\n';
    const limits = ["--max-delete", "2", "--max-delete", "70%"];
    const { code, replies, stderr } = await run(emulator, ["delete", "service", "-", ...limits], { input });
    expect({ code, replies }).toEqual({
      code: 0,
      replies: [{ ok: true, maxBulkSize: 100, deletedEntities: ["a", "b"] }],
    });
    expect(stderr).toBe("not in the catalog, so nothing to delete: nobody\n");
    expect(emulator.store.entities("service").map(({ identifier }) => identifier)).toEqual(["c"]);
  });

  it("holds a list to prune's limits and says which flags would allow it", async () => {
    const emulator = await start();
    await made(emulator, "service", ["a", "b", "c"]);
    const { code, replies, stderr } = await run(emulator, ["delete", "service", "-"], { input: "a\n" });
    expect({ code, replies }).toEqual({ code: 6, replies: [] });
    expect(stderr).toContain("would delete 1 of 3 entities of service (33.4%)");
    const [, line = ""] = /\n {2}If that is meant: … \| portload (.*)\n/.exec(stderr) ?? [];
    expect(line).toBe("entity delete service - --max-delete 33.4%");
    expect((await run(emulator, line.split(" ").slice(1), { input: "a\n" })).code).toBe(0);
    expect(emulator.store.count("service")).toBe(2);
  });

  it("refuses a list with a line that names nothing", async () => {
    const emulator = await start();
    expect((await run(emulator, ["delete", "service", "-"], { input: 'a\n{"id":1}\n' })).code).toBe(64);
  });
});

describe("portload entity delete-all", () => {
  // These are about a migration that ends well, whatever reading the suite runs under.
  const endsWell = { migrationEnds: "COMPLETED", deletionVisible: "start" } as const;

  it("asks for the blueprint's name, and is an error where nobody can answer", async () => {
    const emulator = await start({ readings: endsWell });
    await made(emulator, "team", ["a", "b"]);
    expect((await run(emulator, ["delete-all", "team"])).code).toBe(64);
    const no = await run(emulator, ["delete-all", "team"], { typed: "y\n" });
    expect(no.stderr).toContain("Delete all 2 entities of team? Type the blueprint's identifier:");
    expect(emulator.store.count("team")).toBe(2);
    expect((await run(emulator, ["delete-all", "team"], { typed: "team\n" })).code).toBe(0);
    expect(emulator.store.count("team")).toBe(0);
  });

  it("waits for the migration and prints what became of it", async () => {
    const emulator = await start({ readings: { ...endsWell, migrationPolls: 1 } });
    await made(emulator, "deployment", ["d"], ["--relation", "service=s", "--create-missing"]);
    await made(emulator, "team", ["a"]);
    const { code, replies } = await run(emulator, ["delete-all", "team", "--yes"]);
    expect(code).toBe(0);
    expect(replies).toMatchObject([{ ok: true, migration: { status: "COMPLETED", successCount: 1 } }]);
  });

  it("explains the refusal by the relations that are required", async () => {
    const emulator = await start({ readings: { deleteAllRefusedBy: "own" } });
    const { code, stderr } = await run(emulator, ["delete-all", "deployment", "--yes"]);
    expect(code).toBe(1);
    expect(stderr).toContain("required: deployment.service → service.");
    expect(stderr).toContain("portload entity delete deployment - --delete-dependents");
  });

  it("deletes the blueprint, too, when asked", async () => {
    const emulator = await startCatalog({ blueprints: [blueprintOf("scratch")], readings: endsWell });
    expect((await run(emulator, ["delete-all", "scratch", "--delete-blueprint", "--yes"])).code).toBe(0);
    expect(emulator.store.blueprints().some(({ identifier }) => identifier === "scratch")).toBe(false);
    expect((await run(emulator, ["delete-all", "scratch", "--yes"])).code).toBe(1);
  });
});
