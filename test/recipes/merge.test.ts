import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.js";
import type { Entity } from "../../src/entity.js";
import { runImport } from "../../src/recipes/import.js";
import { resumeImport } from "../../src/recipes/resume.js";
import { retryImport } from "../../src/recipes/retry.js";
import { mergedEntities } from "../../src/recipes/stages/merge-duplicates.js";
import { runSync } from "../../src/recipes/sync.js";
import { mergePart } from "../../src/settle/duplicates.js";
import { createKeySet } from "../../src/settle/keys.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { collect, entity, iterate } from "../support/entities.js";
import { catalogOf } from "../support/nodes.js";
import { memoryLedger, memorySpools } from "../support/run.js";

const squad = blueprintOf("squad", {
  schema: {
    properties: { about: { type: "string" }, oncall: { type: "array" }, size: { type: "number" } },
    required: ["about"],
  },
  relations: { lead: { target: "person" } },
});
const person = blueprintOf("person");
const blueprints = [squad, person];

interface Given {
  readonly squads: readonly object[];
  readonly rota: readonly object[];
}

/** Two sources whose resources write one blueprint, in a folder that is the state folder, too. */
async function sourcesOf({ squads, rota }: Given, more = "") {
  const folder = await makeFolder();
  await writeFile(join(folder, "squads.ndjson"), squads.map((one) => `${JSON.stringify(one)}\n`).join(""));
  await writeFile(join(folder, "rota.ndjson"), rota.map((one) => `${JSON.stringify(one)}\n`).join(""));
  await writeFile(
    join(folder, "map.yaml"),
    `${more}
resources:
  - kind: squads
    port: { entity: { mappings: { identifier: .id, title: .name, blueprint: '"squad"', properties: { about: .about, size: .size } } } }
  - kind: rota
    onMissingTarget: { lead: reject }
    port: { entity: { mappings: { identifier: .squad, blueprint: '"squad"', properties: { oncall: .now }, relations: { lead: .lead } } } }
`,
  );
  const sources = ["squads", "rota"].map((name) => join(folder, `${name}.ndjson`));
  return { folder, sources, mapping: join(folder, "map.yaml"), stateDir: folder };
}

const two: Given = {
  squads: [
    { id: "s1", name: "Rivers", about: "water" },
    { id: "s2", name: "Hills", about: "stone" },
  ],
  rota: [
    { squad: "s2", now: ["bo"] },
    { squad: "s1", now: ["ann"] },
    { squad: "s1", now: ["ann"] },
  ],
};
const held = ({ store }: Emulator, id: string) => store.entity("squad", id)?.properties;

describe("an import in which several resources write one blueprint", () => {
  it.each(["merge", "override", "create"] as const)("in mode %s sends one entity of each key", async (mode) => {
    const emulator = await startCatalog({ blueprints });
    const { folder: _ = "", ...given } = await sourcesOf(two);
    const { report } = await runImport({ ...given, mode }, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 0, balanced: true, warnings: [] });
    expect(report.entities).toMatchObject({ mapped: 5, created: 2, duplicate: 3, rejected: 0 });
    expect(emulator.stats().families.bulk.accepted).toBe(1);
    expect([held(emulator, "s1"), held(emulator, "s2")]).toEqual([
      { about: "water", oncall: ["ann"] },
      { about: "stone", oncall: ["bo"] },
    ]);
    const dry = await runImport({ ...given, mode, dryRun: true }, { env: envOf(emulator) });
    expect(dry.report.entities).toMatchObject({ mapped: 5, duplicate: 3 });
  });

  it("keeps to the first where the mapping says so, and to the first of a blueprint that one resource writes", async () => {
    const emulator = await startCatalog({ blueprints });
    const { folder: _ = "", ...given } = await sourcesOf(two, "duplicates: first");
    const { report } = await runImport(given, { env: envOf(emulator) });
    expect(report.entities).toMatchObject({ created: 2, duplicate: 3 });
    expect(held(emulator, "s1")).toEqual({ about: "water" });
    expect(report.warnings).toMatchObject([{ code: "duplicate_differs", count: 3 }]);
  });

  it("rejects both records where they disagree, and gives both back", async () => {
    const emulator = await startCatalog({ blueprints });
    const rota = [...two.rota, { squad: "s1", now: ["cy"] }];
    const { folder: _ = "", ...given } = await sourcesOf({ ...two, rota });
    const { report, folder = "" } = await runImport(given, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 1, balanced: true });
    expect(report.entities).toMatchObject({ mapped: 6, created: 1, duplicate: 3, rejected: 2 });
    expect(report.rejects).toMatchObject([{ code: "duplicate_conflict", path: "properties.oncall", count: 2 }]);
    expect(report.rejects[0]?.message).toMatch(
      /^squad\/s1 has \["ann"\] at .*rota\.ndjson:2 and \["cy"\] at .*rota\.ndjson:4; nothing of it is sent; /,
    );
    expect(held(emulator, "s1")).toBeUndefined();
    const files = await Promise.all(report.rejectFiles.map(({ path }) => readFile(path, "utf8")));
    expect(files.join("").trimEnd().split("\n")).toEqual(
      [two.squads[0], two.rota[1], rota[3]].map((one) => JSON.stringify(one)),
    );
    // Corrected, they come in.
    await writeFile(join(folder, "rejects/rota.ndjson"), '{"squad":"s1","now":["cy"]}\n{"squad":"s1","now":["cy"]}\n');
    const again = await retryImport({ stateDir: given.stateDir }, { env: envOf(emulator) });
    expect(again.report).toMatchObject({ exitCode: 0, entities: { mapped: 3, created: 1, duplicate: 2 } });
    expect(held(emulator, "s1")).toEqual({ about: "water", oncall: ["cy"] });
  });

  it("gives every record back that the API's refusal, or a missing target, concerns", async () => {
    const emulator = await startCatalog({ blueprints });
    const rota = [{ squad: "s1", now: ["ann"], lead: "p1" }];
    const { folder: _ = "", ...given } = await sourcesOf({ ...two, rota });
    const { report } = await runImport(given, { env: envOf(emulator) });
    expect(report.entities).toMatchObject({ mapped: 3, created: 1, duplicate: 1, rejected: 1 });
    expect(report.rejectFiles.map(({ records }) => records)).toEqual([1, 1]);
    await fetch(`${emulator.url}/blueprints/person/entities`, {
      method: "POST",
      headers: { authorization: `Bearer ${await tokenOf(emulator)}`, "content-type": "application/json" },
      body: JSON.stringify({ identifier: "p1", properties: {}, relations: {} }),
    });
    const again = await retryImport({ stateDir: given.stateDir }, { env: envOf(emulator) });
    expect(again.report).toMatchObject({ exitCode: 0, records: { read: 2 }, entities: { created: 1, duplicate: 1 } });
    expect(emulator.store.entity("squad", "s1")).toMatchObject({
      properties: { about: "water", oncall: ["ann"] },
      relations: { lead: "p1" },
    });
  });

  it("does not empty in override what a rejected record would have brought", async () => {
    const emulator = await startCatalog({ blueprints });
    const { folder = "", ...given } = await sourcesOf(two);
    await runImport(given, { env: envOf(emulator) });
    const rota = '{"squad":"s1","now":{"no":"list"}}\n{"squad":"s2","now":["cy"]}\n';
    await writeFile(join(folder, "rota.ndjson"), rota);
    const { report } = await runSync({ ...given, mode: "override" }, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 1, balanced: true });
    expect(report.entities).toMatchObject({ mapped: 4, updated: 1, duplicate: 1, rejected: 2 });
    expect(report.rejects.map(({ code }) => code).sort()).toEqual(["part_rejected", "wrong_type"]);
    expect(held(emulator, "s1")).toEqual({ about: "water", oncall: ["ann"] });
    // A merge takes nothing away, so that the other record may go.
    const merged = await runSync({ ...given, mode: "merge" }, { env: envOf(emulator) });
    expect(merged.report.entities).toMatchObject({ unchanged: 2, duplicate: 1, rejected: 1 });
  });

  it("judges what is required once the entity is whole", async () => {
    const emulator = await startCatalog({ blueprints });
    const { folder: _ = "", ...given } = await sourcesOf({ ...two, rota: [...two.rota, { squad: "s3", now: ["di"] }] });
    const { report } = await runImport({ ...given, mode: "override" }, { env: envOf(emulator) });
    expect(report.entities).toMatchObject({ created: 2, rejected: 1 });
    expect(report.rejects).toMatchObject([{ code: "required_missing", stage: "check", path: "properties.about" }]);
  });
});

async function tokenOf({ url }: Emulator): Promise<string> {
  const reply = await fetch(`${url}/auth/access_token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clientId: "portload", clientSecret: "portload" }),
  });
  return ((await reply.json()) as { accessToken: string }).accessToken;
}

/** Squads in two sources, every seventh of them with a size that is not a number in one. */
function many(count: number, isBad: (i: number) => boolean = () => false): Given {
  const all = Array.from({ length: count }, (_, i) => i);
  return {
    squads: all.map((i) => ({ id: `s${i}`, name: `S ${i}`, about: `about ${i}`, size: isBad(i) ? "big" : i })),
    rota: all.map((i) => ({ squad: `s${(i * 7) % count}`, now: [`p${i}`] })),
  };
}

describe("an import of parts that stopped", () => {
  it("is resumed to the same catalog and the same counts", async () => {
    const calm = await startCatalog({ blueprints });
    const { folder: _folder = "", ...same } = await sourcesOf(many(900));
    const whole = await runImport(same, { env: envOf(calm) });
    const emulator = await startCatalog({ blueprints, latencyMs: 2 });
    const { folder: _ = "", ...given } = await sourcesOf(many(900));
    const stop = new AbortController();
    const look = setInterval(() => emulator.stats().families.bulk.accepted >= 8 && stop.abort(), 1);
    const cut = await runImport({ ...given, concurrency: 2 }, { env: envOf(emulator), signal: stop.signal });
    clearInterval(look);
    expect(cut.report).toMatchObject({ exitCode: 4, balanced: true });
    const { report } = await resumeImport({ stateDir: given.stateDir }, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 0, balanced: true, entities: whole.report.entities });
    expect(catalogOf(emulator)).toEqual(catalogOf(calm));
  });

  it("is retried with its rejects and what it did not attempt, and nothing is sent twice", async () => {
    const emulator = await startCatalog({ blueprints });
    const { folder: _ = "", ...given } = await sourcesOf(many(2000, (i) => i % 100 === 99));
    const { report } = await runImport({ ...given, maxErrors: 10, mode: "create" }, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 2, balanced: true });
    for (const { path } of report.rejectFiles)
      await writeFile(path, (await readFile(path, "utf8")).replaceAll('"big"', "1"));
    const again = await retryImport({ stateDir: given.stateDir, maxErrors: 1000 }, { env: envOf(emulator) });
    expect(again.report.balanced).toBe(true);
    expect(again.report.rejects.map(({ code }) => code)).not.toContain("already_exists");
    const last = await retryImport({ stateDir: given.stateDir }, { env: envOf(emulator) });
    for (const { path } of last.report.rejectFiles)
      await writeFile(path, (await readFile(path, "utf8")).replaceAll('"big"', "1"));
    await retryImport({ stateDir: given.stateDir }, { env: envOf(emulator) });
    expect(emulator.store.count("squad")).toBe(2000);
    expect(emulator.store.entities("squad").filter(({ properties }) => !properties.oncall)).toEqual([]);
  });
});

describe("entities of one key", () => {
  const parts = fc.array(
    fc.record({
      id: fc.constantFrom("a", "b", "c", "d", "e", "f", "g"),
      title: fc.option(fc.constantFrom("A", "B"), { nil: undefined }),
      properties: fc.dictionary(fc.constantFrom("x", "y", "z"), fc.constantFrom(1, null, 2), { noNullPrototype: true }),
    }),
    { maxLength: 40 },
  );

  /** What becomes of entities, on shelves of so many bytes. */
  async function merged(given: readonly Entity[], shelfBytes: number) {
    const { ledger, reasons } = memoryLedger();
    const inputs = {
      aside: memorySpools<Entity>(),
      merge: (a: Entity, b: Entity) => mergePart(a, b, undefined),
      checkWhole: () => [],
      writesWhole: false,
      signal: new AbortController().signal,
    };
    const tally = { read: given.length, mapped: given.length, skipped: 0, rejected: 0 };
    await ledger.takeChunk({ items: given, rejects: [], warnings: [], tally });
    const chunks = iterate(given.map((one) => [one]));
    const step = { index: 0, blueprint: "service" };
    const bytes = { shelfBytes, waitingBytes: shelfBytes };
    const out = (await collect(mergedEntities(chunks, step, inputs, ledger, createKeySet(), bytes))).flat();
    const inOrder = reasons.sort((a, b) => a.at.position - b.at.position);
    return { out, reasons: inOrder, counts: ledger.counts };
  }

  it("are merged alike on many small shelves and on one, in the order of their first, and none is lost", async () => {
    await fc.assert(
      fc.asyncProperty(parts, async (given) => {
        const entities = given.map(({ id, title, properties }, index) =>
          entity(id, { position: index + 1, properties, ...(title !== undefined && { title }) }),
        );
        const [one, small] = [await merged(entities, 1e9), await merged(entities, 100)];
        expect(small.out.map(({ json }) => json)).toEqual(one.out.map(({ json }) => json));
        expect(small.reasons).toEqual(one.reasons);
        expect(small.counts).toEqual(one.counts);
        const { mapped, duplicate, rejected } = one.counts.entities;
        expect(one.out.length + duplicate + rejected).toBe(mapped);
        const order = [...new Set(given.map(({ id }) => id))];
        const ids = one.out.map(({ key }) => key.identifier);
        expect(ids).toEqual(order.filter((id) => ids.includes(id)));
        for (const { key, body } of one.out) {
          // A field has the one value that any record gives it.
          const own = given.filter(({ id }) => id === key.identifier);
          for (const name of ["x", "y", "z"]) {
            const values = own.map(({ properties }) => properties[name]).filter((value) => value != null);
            expect(new Set(values).size).toBeLessThan(2);
            expect(body.properties[name] ?? undefined).toBe(values[0]);
          }
        }
        // Each that is left out has records that disagree.
        const lost = order.filter((id) => !ids.includes(id));
        expect([...new Set(one.reasons.map(({ identifier }) => identifier))].sort()).toEqual(lost.sort());
      }),
    );
  });
});
