import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Blueprint } from "../../src/blueprint.js";
import type { Report } from "../../src/report/report.js";
import type { Machine } from "../../src/state/lease.js";
import { describeHolder, takeLock } from "../../src/state/lock.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";

// The cases of writing, by name; each on samples of its own, and on the case's own files where those are at hand.

const cases = resolve(root, "../shared/cases/writing");

const squad = blueprintOf("squad", {
  schema: { properties: { code: { type: "string" }, lead: { type: "string" } } },
});
const svc = blueprintOf("svc", {
  schema: {
    properties: {
      lang: { type: "string" },
      cost: { type: "number" },
      tags: { type: "array", items: { type: "string" } },
    },
  },
  relations: { squad: { target: "squad" }, uses: { target: "svc", many: true } },
});

/** A catalog, a folder with files, and the program in it. */
async function world(files: Readonly<Record<string, string>>, blueprints: readonly Blueprint[] = [squad, svc]) {
  const emulator = await startCatalog({ blueprints: [...blueprints] });
  const folder = await makeFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const run = (line: string, env: Readonly<Record<string, string>> = envOf(emulator)) =>
    runInProcess(line.split(" "), env, { cwd: folder });
  return { emulator, folder, run };
}

/** The files of a case, with its blueprints; undefined where the cases are not at hand. */
async function filesOf(name: string): Promise<{ files: Record<string, string>; blueprints: Blueprint[] } | undefined> {
  const folder = join(cases, name);
  if (!existsSync(folder)) return undefined;
  const files: Record<string, string> = {};
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (file.isFile()) {
      const path = join(file.parentPath, file.name);
      files[path.slice(folder.length + 1)] = await readFile(path, "utf8");
    }
  const blueprints = Object.entries(files)
    .filter(([path]) => path.startsWith("bp/"))
    .map(([, text]) => JSON.parse(text) as Blueprint);
  return { files, blueprints };
}

const mapping = (blanks = true, more = "") => `source: ${blanks ? '{ blanks: [""] }' : "{}"}
${more}
resources:
  - kind: all
    port:
      entity:
        mappings:
          identifier: .id
          title: .name
          blueprint: '"svc"'
          properties: { lang: .lang, cost: .cost }
          relations: { squad: .squad }
`;

describe("writing/01 two resources write one entity", () => {
  const part = (kind: string, id: string, fields: string) =>
    `  - kind: ${kind}\n    port: { entity: { mappings: { identifier: ${id}, blueprint: '"squad"', properties: { ${fields} } } } }\n`;
  const own = {
    "squads.json": '[{"id":"s1","c":"R"},{"id":"s2","c":"H"}]',
    "rota.json": '[{"of":{"id":"s1"},"now":"ann"},{"of":{"id":"s2"},"now":"bo"}]',
    "map.yaml": `resources:\n${part("squads", ".id", "code: .c")}${part("rota", ".of.id", "lead: .now")}`,
  };

  it("an import and a sync give it the fields of both", async () => {
    const { emulator, run } = await world(own);
    expect((await run("import squads.json rota.json -m map.yaml")).code).toBe(0);
    expect(emulator.store.entity("squad", "s1")?.properties).toEqual({ code: "R", lead: "ann" });
    const synced = await run("sync squads.json rota.json -m map.yaml --output json");
    expect(JSON.parse(synced.stdout)).toMatchObject({ exitCode: 0, entities: { unchanged: 2, duplicate: 2 } });
  });

  it.skipIf(!existsSync(cases))("the case's own files", async () => {
    const { files, blueprints } = (await filesOf("01-two-resources-one-entity")) ?? { files: {}, blueprints: [] };
    const { emulator, run } = await world(files, blueprints);
    expect((await run("import squads.json rota.json -m map.yaml")).code).toBe(0);
    expect(emulator.store.entity("squad", "sq-1")?.properties).toMatchObject({
      description: "water works",
      oncall: ["ann@example.com"],
    });
    const off = await run("sync squads.json rota.json -m map-off.yaml");
    expect([off.code, off.stderr]).toEqual([3, expect.stringContaining("first, last, merge or error, not off")]);
  });
});

it.each([
  ["proxy.corp.example:3128", undefined],
  ["127.0.0.1:3128", undefined],
  ["http://user:p@ss/w@127.0.0.1:3128", "p@ss/w"],
  ["http://user:100%sure@127.0.0.1:3128", "100%sure"],
])("writing/04 the proxy address %s is not a crash", async (proxy, secret) => {
  const { run } = await world({});
  const env = {
    PORT_CLIENT_ID: "x",
    PORT_CLIENT_SECRET: "y",
    HTTPS_PROXY: proxy,
    PORT_API_URL: "https://127.0.0.1:9/v1",
  };
  const ended = await run("entity get svc a --timeout 1s --request-timeout 1s", env);
  expect([3, 64]).toContain(ended.code);
  expect(ended.stderr).not.toMatch(/\n\s+at |internal error/);
  if (secret !== undefined) expect(ended.stderr).not.toContain(secret);
});

it("writing/05 the lock of a pod that was killed lapses for the next night's pod, and not while it is renewed", async () => {
  const folder = await makeFolder();
  const of = { mapping: "inv", target: "https://api.example/v1" };
  let nowMs = 0;
  let isRenewing = true;
  const podOf = (host: string): Machine => ({
    pid: 1,
    host,
    space: async () => `boot/${host}`,
    isAlive: async () => true,
    markOf: async () => "mark",
    monotonicMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
      if (isRenewing) vi.advanceTimersByTime(ms);
      await setImmediate();
    },
  });
  vi.useFakeTimers({ toFake: ["setInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const take = async (importId: string, pod: Machine) =>
    takeLock(folder, of, await describeHolder(importId, "2026-11-22T03:30:12.417Z", pod), pod);
  const first = await take("monday", podOf("pod-1"));
  onTestFinished(() => first.release().catch(() => undefined));
  await expect(take("tuesday", podOf("pod-2"))).rejects.toThrow("import monday");
  isRenewing = false;
  const taken = await take("tuesday", podOf("pod-2"));
  onTestFinished(() => taken.release());
  expect(taken.tookOver).toMatchObject({ importId: "monday", host: "pod-1" });
});

it("writing/06 renamed columns end a sync before anything is written, with the nearest", async () => {
  const { emulator, run } = await world({
    "one.csv": "id,name,lang,cost,squad\npay,Pay,go,12,riv\n",
    "two.csv": "id,name,language,cost_eur,squad name\npay,Pay,go,12,riv\n",
    "map.yaml": mapping(),
  });
  await run("entity merge squad riv");
  expect((await run("sync all=one.csv -m map.yaml --mode override")).code).toBe(0);
  for (const command of ["sync all=two.csv -m map.yaml --mode override", "import all=two.csv -m map.yaml"]) {
    const ended = await run(command);
    expect(ended.code).toBe(3);
    for (const name of ["language", "cost_eur", "squad name"]) expect(ended.stderr).toContain(name);
  }
  expect(emulator.store.entity("svc", "pay")?.properties).toMatchObject({ lang: "go", cost: 12 });
});

it("writing/07 a search by a blank names nothing", async () => {
  const search = (property: string, value: string) =>
    `{ combinator: '"and"', rules: [ { property: '"${property}"', operator: '"="', value: ${value} } ] }`;
  const { emulator, run } = await world({
    "byid.csv": "code,lead\nR1,ann\n,zoe\n",
    "byid.yaml": `source: { blanks: [""] }\nresources:\n  - kind: byid\n    port: { entity: { mappings: { identifier: ${search("code", ".code")}, blueprint: '"squad"', properties: { lead: .lead } } } }\n`,
    "all.csv": "id,mail\npay,ann\nship,\ncart,zoe\nbag,max\n",
    "map.yaml": `source: { blanks: [""] }\nresources:\n  - kind: all\n    port: { entity: { mappings: { identifier: .id, blueprint: '"svc"', relations: { squad: ${search("lead", ".mail")} } } } }\n`,
  });
  await run("entity merge squad riv -p code=R1");
  await run("entity merge squad orphan -p lead=keep");
  const named = await run("import byid.csv -m byid.yaml --output json");
  expect(JSON.parse(named.stdout)).toMatchObject({ exitCode: 1, rejects: [{ code: "identifier_missing", count: 1 }] });
  expect(emulator.store.entity("squad", "orphan")?.properties.lead).toBe("keep");
  // Those that no search finds are reported, in one warning; the blank one searches for nothing.
  for (const command of ["import", "sync"]) {
    const ended = await run(`${command} all.csv -m map.yaml --output json`);
    const { warnings, exitCode } = JSON.parse(ended.stdout) as Report;
    expect(exitCode).toBe(0);
    expect(warnings).toEqual([
      {
        code: "relation_target_missing",
        blueprint: "svc",
        path: "relations.squad",
        count: 2,
        message: 'the search finds no entity, so the relation is empty: svc "cart" was written without it',
        first: { source: "all.csv", position: 3, line: 4 },
      },
    ]);
    expect(emulator.store.entity("svc", "pay")?.relations.squad).toBe("riv");
    expect(emulator.store.entity("svc", "ship")?.relations.squad ?? null).toBeNull();
  }
});

it("writing/08 a missing target whose name exists in another case says so, with the name to write", async () => {
  const app = blueprintOf("app", {
    relations: {
      owner: { target: "_user" },
      maintainers: { target: "_user", many: true },
      owning_team: { target: "_team" },
    },
    ownership: { type: "Direct" },
  });
  const map = (team: string) => `source: { blanks: [""] }
resources:
  - { kind: teams, port: { entity: { mappings: { identifier: .name, blueprint: '"_team"' } } } }
  - { kind: people, port: { entity: { mappings: { identifier: .mail, blueprint: '"_user"', properties: { status: '"STAGED"', port_role: '"Member"', port_type: '"Standard"' } } } } }
  - kind: apps
    port: { entity: { mappings: { identifier: .id, blueprint: '"app"', ${team} relations: { owner: .owner, maintainers: '.maint | split(";")', owning_team: .team } } } }
`;
  const { emulator, run } = await world(
    {
      "teams.csv": "name\nRivers\nHills\n",
      "people.csv": "mail\nAnn.Fox@Example.com\nbo@example.com\n",
      "apps.csv":
        "id,owner,team,maint\na1,ann.fox@example.com,rivers,bo@example.com;ann.fox@example.com\na2,bo@example.com,Hills,bo@example.com\na3,nobody@example.com,Nope,bo@example.com\n",
      "map.yaml": map(""),
      "team.yaml": map("team: .team,"),
    },
    [app],
  );
  const ended = await run("import teams.csv people.csv apps.csv -m map.yaml --output json");
  expect(ended.code).toBe(1);
  const { faults } = JSON.parse(ended.stdout) as Report;
  const messages = faults?.map(({ path, message }) => `${path}: ${message}`).join("\n");
  expect(messages).toContain('write "Ann.Fox@Example.com": _user has it in other case');
  expect(messages).toContain('write "Rivers": _team has it in other case');
  const synced = await run("sync teams.csv people.csv apps.csv -m map.yaml");
  expect(synced.stderr).toContain('fix:   write "Ann.Fox@Example.com": _user has it in other case');
  // Without such a name in any case nothing is suggested.
  expect(synced.stderr).toMatch(/"nobody@example\.com" exists neither.*\n.*\n +fix: +import the target first/);
  expect(emulator.store.entity("app", "a1")?.relations.owning_team ?? null).toBeNull();
  // A team that the API refuses, in its own words.
  const refused = await run("import teams.csv people.csv apps.csv -m team.yaml");
  expect(refused.stderr).toContain('fix:   write "Rivers": _team has it in other case');
});

/** Starts a server in front of an emulator that compresses the replies of search, whatever the request accepts. */
async function compressing(target: string): Promise<{ readonly url: string; readonly compressed: () => number }> {
  let compressed = 0;
  const url = await listening(async (request, reply) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { authorization, "content-type": type } = request.headers;
    const inner = await fetch(`${new URL(target).origin}${request.url}`, {
      method: request.method ?? "GET",
      headers: { ...(authorization && { authorization }), ...(type && { "content-type": type }) },
      ...(parts.length > 0 && { body: Buffer.concat(parts) }),
    });
    const body = Buffer.from(await inner.arrayBuffer());
    const isSearch = request.url?.endsWith("/search") === true;
    if (isSearch) compressed += 1;
    reply.writeHead(inner.status, {
      "content-type": "application/json",
      ...(isSearch && { "content-encoding": "gzip" }),
    });
    reply.end(isSearch ? gzipSync(body) : body);
  });
  return { url: `${url}/v1`, compressed: () => compressed };
}

it("writing/10 compressed replies of a search are read by import, sync and export", async () => {
  const { emulator, folder, run } = await world({
    "svc.csv": "id,name,lang,cost,squad\npay,Pay,go,12,\nship,Ship,java,7.5,\n",
    "svc.yaml": mapping(),
  });
  const { url, compressed } = await compressing(emulator.url);
  const env = { ...envOf(emulator), PORT_API_URL: url };
  expect((await run("import all=svc.csv -m svc.yaml", env)).code).toBe(0);
  const synced = await run("sync all=svc.csv -m svc.yaml --output json", env);
  expect(JSON.parse(synced.stdout)).toMatchObject({ exitCode: 0, entities: { unchanged: 2 } });
  expect((await run("entity export svc --out x.csv", env)).code).toBe(0);
  expect((await readFile(join(folder, "x.csv"), "utf8")).trimEnd().split("\n")).toHaveLength(3);
  expect(compressed()).toBeGreaterThan(1);
});

it("writing/11 a mapped property that the blueprint lacks is a fault, or with unknownProperties: warn a warning", async () => {
  const outage = blueprintOf("outage", { schema: { properties: { impact: { type: "string" } } } });
  const text = `resources:
  - kind: outage
    port: { entity: { mappings: { identifier: .id, blueprint: '"outage"', properties: { impact: .i, impact_forced: .f } } } }
`;
  const { emulator, run } = await world(
    {
      "outage.json": '[{"id":"o-1","i":"major","f":"major"},{"id":"o-2","i":"minor","f":"none"}]',
      "map.yaml": text,
      "warn.yaml": `unknownProperties: warn\n${text}`,
    },
    [outage],
  );
  const refused = await run("import outage.json -m map.yaml");
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('blueprint "outage" has no property "impact_forced"');
  expect(refused.stderr).toContain("unknownProperties: warn");
  expect(emulator.store.count("outage")).toBe(0);
  const warned = await run("import outage.json -m warn.yaml --output json");
  expect(JSON.parse(warned.stdout)).toMatchObject({
    exitCode: 0,
    entities: { created: 2 },
    warnings: [{ code: "unknown_property", count: 2 }],
  });
  expect(emulator.store.entity("outage", "o-1")?.properties).toEqual({ impact: "major" });
});

describe("writing/09 words after -- are not flags", () => {
  it("but the identifier that they are", async () => {
    const { emulator, run } = await world({});
    expect((await run("entity merge svc -- -web-01")).code).toBe(0);
    expect(emulator.store.entity("svc", "-web-01")).toBeDefined();
    expect(emulator.store.count("svc")).toBe(1);
    expect(JSON.parse((await run("entity get svc -- -web-01")).stdout)).toMatchObject({
      entity: { identifier: "-web-01" },
    });
  });
});

/** A server that answers every request alike. */
async function answering(status: number, headers: Readonly<Record<string, string>>, body: string): Promise<string> {
  return listening((_request, reply) => reply.writeHead(status, headers).end(body));
}

async function listening(answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each([
  ["a page", 200, { "content-type": "text/html" }, "<!doctype html><title>Sign in</title>", /HTML|page/i],
  ["a redirect", 301, { location: "http://elsewhere.example/v1" }, "", /redirect|elsewhere\.example/i],
] as const)("writing/12 %s in place of the API is named at once", async (_what, status, headers, body, words) => {
  const { run } = await world({ "svc.csv": "id,name,lang,cost,squad\npay,Pay,go,1,\n", "svc.yaml": mapping() });
  const env = {
    PORT_API_URL: `${await answering(status, headers, body)}/v1`,
    PORT_CLIENT_ID: "x",
    PORT_CLIENT_SECRET: "y",
  };
  const ended = await run("import all=svc.csv -m svc.yaml", env);
  expect(ended.code).toBe(3);
  expect(ended.stderr).toMatch(words);
});

it("writing/13 an output that cannot be written is reported before the work, by its flag", async () => {
  const { folder, run } = await world({ "all.csv": "id\na\n", file: "", "map.yaml": mapping() });
  const ended = await run("init all.csv --out file/m.yaml");
  expect([3, 64]).toContain(ended.code);
  expect(ended.stderr).toMatch(/file\/m\.yaml/);
  expect(ended.stderr).not.toContain("internal error");
  expect(await readdir(folder)).not.toContain("m.yaml");
});

it("writing/14 all causes of all columns are reported at once, with a fix that suits the cell", async () => {
  const { folder, run } = await world(
    {
      "tags.csv": `id,tags,link,cost,squad
a,"x,y,z",example.com,"1,000",
b,x;y,http://a b,12 EUR,"r1, r2"
c,x|y,https://ok,$5,R 1
d,x,ftp://f,50%,
e,,,,"  r1"
`,
      "tags.yaml": `source: { blanks: [""] }
resources:
  - kind: tags
    port: { entity: { mappings: { identifier: .id, blueprint: '"svc"', properties: { tags: .tags, link: .link, cost: .cost }, relations: { uses: .squad } } } }
`,
    },
    [squad, { ...svc, schema: { properties: { ...svc.schema.properties, link: { type: "string", format: "url" } } } }],
  );
  const ended = await run("import tags.csv -m tags.yaml --state-dir state --report r.md");
  expect(ended.code).toBe(1);
  for (const fix of ['split(",")', 'split(";")', 'split("|")', "[.]"])
    expect(ended.stderr).toContain(`fix:   write \`| values | ${fix}\` after the expression`);
  const [importId = ""] = (await readdir(join(folder, "state"))).filter((name) => name.startsWith("20"));
  const report = JSON.parse(await readFile(join(folder, "state", importId, "report.json"), "utf8")) as {
    readonly faults: readonly { readonly path: string; readonly count: number }[];
  };
  const counts: Record<string, number> = {};
  for (const { path, count } of report.faults) counts[path] = (counts[path] ?? 0) + count;
  expect(counts).toMatchObject({
    "properties.tags": 4,
    "properties.cost": 4,
    "properties.link": 2,
    "relations.uses": 3,
  });
  const page = await readFile(join(folder, "r.md"), "utf8");
  for (const path of Object.keys(counts)) {
    expect(page).toContain(path);
    expect(ended.stderr).toContain(path);
  }
});

it("writing/16 YAML documents are records", async () => {
  const { run } = await world({
    "catalog.yaml": "metadata:\n  name: pay\n---\nmetadata:\n  name: ship\n",
    "map.yaml":
      "resources:\n  - kind: svc\n    port: { entity: { mappings: { identifier: .metadata.name, blueprint: '\"svc\"' } } }\n",
  });
  const ended = await run("preview svc=catalog.yaml -m map.yaml");
  expect(ended.code).toBe(0);
  const lines = ended.stdout.trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { identifier: string }).identifier)).toEqual(["pay", "ship"]);
});
