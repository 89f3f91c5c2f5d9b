import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Blueprint } from "../../../src/blueprint.js";
import type { Emulator } from "../../../src/emulator/emulator.js";
import type { SyncOptions } from "../../../src/options/run.js";
import { runImport } from "../../../src/recipes/import.js";
import { runSync } from "../../../src/recipes/sync.js";
import { errorExitCode } from "../../../src/report/exit-code.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../../support/catalog.js";

const properties = { origin: { type: "string" }, size: { type: "number" } } as const;
const team = blueprintOf("team", { schema: { properties } });
const app = blueprintOf("app", {
  schema: { properties },
  relations: { owner: { target: "team" }, home: { target: "team", required: false } },
});

/** What a nightly job is given. */
interface Job {
  /** Text of `apps.csv` and `teams.csv`; a missing one is not given. */
  readonly files: { readonly apps?: string; readonly teams?: string };
  readonly prune?: string;
  readonly teamPrune?: string;
  readonly mapping?: string;
  readonly identifier?: string;
  readonly selector?: string;
  readonly options?: Partial<SyncOptions>;
}

const appsCsv = (count: number, from = 0): string =>
  `id,size,owner\n${Array.from({ length: count }, (_, i) => `a${i + from},${i},t0\n`).join("")}`;
const teamsCsv = (count: number): string => `id\n${Array.from({ length: count }, (_, i) => `t${i}\n`).join("")}`;

async function job({
  files,
  prune = "",
  teamPrune = "",
  mapping = "",
  identifier = ".id",
  selector = "true",
  options = {},
}: Job) {
  const folder = await makeFolder();
  const sources: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    sources.push(join(folder, `${name}.csv`));
    await writeFile(join(folder, `${name}.csv`), text);
  }
  await writeFile(
    join(folder, "nightly.yaml"),
    `source: { blanks: [""] }
${mapping}
resources:
  - kind: apps
    ${prune}
    selector: { query: '${selector}' }
    port:
      entity:
        mappings:
          identifier: ${identifier}
          blueprint: '"app"'
          properties: { size: .size, origin: '"inventory"' }
          relations: { owner: .owner }
  - kind: teams
    ${teamPrune}
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id, blueprint: '"team"' } } }
`,
  );
  return { stateDir: folder, sources, mapping: join(folder, "nightly.yaml"), ...options };
}

async function night(emulator: Emulator, given: Job) {
  return runSync({ prune: true, ...(await job(given)) }, { env: envOf(emulator) });
}

const all = "prune: all";
const own = "prune: { where: { property: origin, value: inventory } }";

/** A catalog of 40 apps of ours, 10 of another integration, and 20 teams. */
async function seeded(blueprints: readonly Blueprint[] = [team, app]): Promise<Emulator> {
  const emulator = await startCatalog({ blueprints });
  await runImport(await job({ files: { apps: appsCsv(40), teams: teamsCsv(20) } }), { env: envOf(emulator) });
  const others = join(await makeFolder(), "others.csv");
  await writeFile(others, `id\n${Array.from({ length: 10 }, (_, i) => `other${i}\n`).join("")}`);
  const mapping = join(await makeFolder(), "others.yaml");
  await writeFile(
    mapping,
    `resources: [{ kind: others, selector: { query: "true" }, port: { entity: { mappings: { identifier: .id, blueprint: '"app"', properties: { origin: '"scanner"' } } } } }]`,
  );
  await runImport({ sources: [others], mapping, stateDir: await makeFolder() }, { env: envOf(emulator) });
  return emulator;
}

const counts = (emulator: Emulator) => ({ app: emulator.store.count("app"), team: emulator.store.count("team") });
const untouched = { app: 50, team: 20 };

describe("a prune", () => {
  it("deletes what the mapping owns and the sources no longer have, and nothing else", async () => {
    const emulator = await seeded();
    const {
      report,
      error,
      folder = "",
    } = await night(emulator, {
      files: { apps: appsCsv(37), teams: teamsCsv(19) },
      prune: own,
      teamPrune: all,
    });
    expect(error).toBeUndefined();
    expect(report).toMatchObject({
      exitCode: 0,
      balanced: true,
      entities: { unchanged: 56, deleted: 4 },
      blueprints: { app: { deleted: 3 }, team: { deleted: 1 } },
      requests: { byRoute: { bulk: 0, delete: 2 } },
    });
    expect(counts(emulator)).toEqual({ app: 47, team: 19 });
    expect(emulator.store.entity("app", "other3")).toBeDefined();
    const lines = (await readFile(join(folder, "journal.ndjson"), "utf8")).trimEnd().split("\n");
    const deleted = lines.map((line) => JSON.parse(line)).filter(({ line }) => line === "delete");
    expect(deleted.map(({ blueprint, entities }) => [blueprint, entities.length])).toEqual([
      ["app", 3],
      ["team", 1],
    ]);
    expect(deleted[0].entities[0]).toMatchObject({ properties: { size: 37 }, relations: { owner: "t0" } });
  });

  it("costs a scan and no deletion when nothing is stale", async () => {
    const emulator = await seeded();
    const { report } = await night(emulator, {
      files: { apps: appsCsv(40), teams: teamsCsv(20) },
      prune: own,
      teamPrune: all,
    });
    expect(report).toMatchObject({ exitCode: 0, requests: { byRoute: { bulk: 0, delete: 0, search: 4 } } });
  });

  it("is off by default", async () => {
    const emulator = await seeded();
    const { report } = await night(emulator, {
      files: { apps: appsCsv(5), teams: teamsCsv(20) },
      prune: all,
      options: { prune: false },
    });
    expect([report.exitCode, report.entities.deleted, counts(emulator)]).toEqual([0, 0, untouched]);
  });

  it("goes up to the ceiling that was approved, and not beyond it", async () => {
    const emulator = await seeded();
    const files = { apps: appsCsv(30), teams: teamsCsv(20) };
    const refused = await night(emulator, { files, prune: own });
    expect(refused.report.exitCode).toBe(6);
    expect(String(refused.error)).toMatch(/app: 10 of 40 \(25%\) would be deleted: a30, a31/);
    expect((refused.error as { hint?: string }).hint).toMatch(/--max-delete 25%$/);
    const less = await night(emulator, { files, prune: own, options: { maxDelete: ["24%"] } });
    expect([less.report.exitCode, counts(emulator)]).toEqual([6, untouched]);
    const approved = await night(emulator, { files, prune: own, options: { maxDelete: ["25%"] } });
    expect([approved.report.exitCode, approved.report.entities.deleted, counts(emulator).app]).toEqual([0, 10, 40]);
  });

  it("deletes what depends on others first, over several rounds where one blueprint relates to itself", async () => {
    const node = blueprintOf("app", {
      schema: { properties },
      relations: { owner: { target: "team", required: true }, under: { target: "app" } },
    });
    const emulator = await startCatalog({ blueprints: [team, node], readings: { dependents: "any" } });
    const load = async (apps: string, teams: string) =>
      runImport(await job({ files: { apps, teams } }), { env: envOf(emulator) });
    await load(`id,size,owner\n${Array.from({ length: 300 }, (_, i) => `a${i},1,t${i % 3}\n`).join("")}`, teamsCsv(30));
    const { report, error } = await night(emulator, {
      files: { apps: `id,size,owner\na1,1,t1\n`, teams: `id\nt1\n` },
      prune: own,
      teamPrune: all,
      options: { maxDelete: [300, "100%"] },
    });
    expect(error).toBeUndefined();
    expect(report.entities.deleted).toBe(299 + 29);
    expect(counts(emulator)).toEqual({ app: 1, team: 1 });
  });

  it("leaves what entities that stay depend on, deletes the rest, and says so", async () => {
    const strict = blueprintOf("app", {
      schema: { properties },
      relations: { owner: { target: "team", required: true } },
    });
    const emulator = await startCatalog({ blueprints: [team, strict] });
    await runImport(await job({ files: { apps: appsCsv(3), teams: teamsCsv(20) } }), { env: envOf(emulator) });
    const onlyTeams = await job({
      files: { teams: `id\n${Array.from({ length: 18 }, (_, i) => `t${i + 2}\n`).join("")}` },
      teamPrune: all,
    });
    const { report, error } = await runSync({ prune: true, ...onlyTeams }, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 6, entities: { deleted: 1 } });
    expect(String(error)).toMatch(/has_dependents[\s\S]*team: 1 stay: t0/);
    expect(emulator.store.entity("team", "t1")).toBeUndefined();
  });

  it("with deleteDependentEntities counts and shows what is also deleted, and spares what the sources have", async () => {
    const emulator = await seeded();
    const mapping = "deleteDependentEntities: true";
    const teams = `id\n${Array.from({ length: 19 }, (_, i) => `t${i + 1}\n`).join("")}`;
    const kept = await night(emulator, { files: { apps: appsCsv(40), teams }, teamPrune: all, mapping });
    expect(kept.report.exitCode).toBe(6);
    expect(String(kept.error)).toMatch(/would delete 40 entities that the sources still have: app\/a0/);
    const only = await job({ files: { teams }, teamPrune: all, mapping });
    const refused = await runSync({ prune: true, ...only }, { env: envOf(emulator) });
    expect(String(refused.error)).toMatch(/app: 40 of 50 \(80%\) would be deleted: a0 \(depends on another\)/);
    expect(counts(emulator)).toEqual(untouched);
    const approved = await runSync({ prune: true, ...only, maxDelete: ["80%"] }, { env: envOf(emulator) });
    expect(approved.report).toMatchObject({ exitCode: 0, entities: { deleted: 1 } });
    expect(approved.report.warnings).toMatchObject([
      { code: "deleted_dependents", blueprint: "app", count: 40 },
      { code: "kind_without_source" },
    ]);
    expect(counts(emulator)).toEqual({ app: 10, team: 19 });
  });
});

describe("accidents that a prune refuses, and nothing is deleted", () => {
  const full = { apps: appsCsv(40), teams: teamsCsv(20) };
  const accidents: [title: string, job: Job, refusal: RegExp, code?: number][] = [
    ["an empty file", { files: { ...full, apps: "" } }, /empty|byte/i, 3],
    ["a header only", { files: { ...full, apps: "id,size,owner\n" } }, /no record/],
    ["a truncated file", { files: { ...full, apps: appsCsv(40).slice(0, 150) } }, /rejected|would be deleted/],
    ["a file cut at a line's end", { files: { ...full, apps: appsCsv(25) } }, /app: 15 of 40/],
    [
      "a wrong delimiter: one column",
      { files: full, mapping: `sources: { apps: { csv: { delimiter: ";" } } }` },
      /has no column "id"/,
      3,
    ],
    ["an identifier whose column is not there", { files: full, identifier: ".ident" }, /has no column "ident"/, 3],
    ["a mapping whose identifier becomes null", { files: full, identifier: ".id | empty" }, /40 .*rejected/],
    ["a selector that leaves all out", { files: full, selector: "false" }, /no entity of app/],
    ["a filtered source", { files: { ...full, apps: appsCsv(20) } }, /app: 20 of 40 \(50%\)/],
    [
      "one rejected record of another kind",
      { files: { ...full, teams: `${teamsCsv(20)}not valid!\n` } },
      /1 .*rejected/,
    ],
    ["a small blueprint that vanishes among large ones", { files: { ...full, teams: "id\nt0\n" } }, /team: 19 of 20/],
    ["a kind without its source", { files: { apps: full.apps } }, /team is written by teams, and no source/],
    ["entities of another integration in the same blueprint", { files: full, prune: all }, /app: 10 of 50 \(20%\)/],
    ["identifiers that are all new", { files: { ...full, apps: appsCsv(40, 1000) } }, /app: 40 of 40 \(100%\)/],
    [
      "a mapping that does not say what it owns",
      { files: full, prune: "", teamPrune: "" },
      /does not say what it owns/,
    ],
    ["a limit", { files: full, options: { limit: 40 } }, /--limit/, 64],
    ["only some kinds", { files: full, options: { only: ["apps"] } }, /--only/, 64],
  ];

  it.each(accidents)("%s", async (_title, given, refusal, code = 6) => {
    const emulator = await seeded();
    const { error, report } = await night(emulator, { prune: own, teamPrune: all, ...given }).catch(
      (thrown: unknown) => ({ error: thrown, report: undefined }),
    );
    expect(String(error)).toMatch(refusal);
    expect(report?.exitCode ?? errorExitCode(error)).toBe(code);
    expect(counts(emulator).app).toBeGreaterThanOrEqual(untouched.app);
    expect(counts(emulator).team).toBe(untouched.team);
  });

  it("an API that fails on the way", async () => {
    const emulator = await seeded();
    const stop = new AbortController();
    const given = await job({ files: { apps: appsCsv(38), teams: teamsCsv(20) }, prune: own });
    const { report } = await runSync(
      { prune: true, ...given },
      { env: envOf(emulator), signal: stop.signal, onStart: () => stop.abort() },
    );
    expect([report.exitCode, counts(emulator)]).toEqual([4, untouched]);
  });

  it("a second run after a refused one, though what the first one wrote thins the share out", async () => {
    const emulator = await seeded();
    const given = await job({ files: { apps: appsCsv(40, 5), teams: teamsCsv(20) }, prune: own });
    const run = () => runSync({ prune: true, ...given }, { env: envOf(emulator) });
    expect(String((await run()).error)).toMatch(/app: 5 of 40 \(12.5%\)/);
    for (let again = 0; again < 2; again++) {
      const { report, error } = await run();
      expect(String(error)).toMatch(/app: 5 of 40 \(12.5%\)/);
      expect([report.exitCode, report.entities.deleted]).toEqual([6, 0]);
    }
    expect(counts(emulator).app).toBe(55);
  });
});
