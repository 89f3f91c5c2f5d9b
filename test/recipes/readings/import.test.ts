import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { likeliestReadings } from "../../../src/emulator/readings.js";
import { makeFolder } from "../../support/catalog.js";
import {
  deployments,
  eachReading,
  good,
  importInto,
  inventory,
  prepared,
  relationsIn,
  services,
  teams,
} from "./inventory.js";

describe.each(eachReading)("an import with %s read as %j", (_key, _value, changed) => {
  const allowsApostrophe = { ...likeliestReadings, ...changed }.apostrophe;

  it("brings in rings, targets further down and lists, and rejects what is wrong by itself", async () => {
    const emulator = await prepared(changed);
    const report = await importInto(emulator, await inventory({ deployments, services, teams }));
    const rejected = report.rejects.map(({ code, first, count }) => [code, first.position, count]).sort();
    expect(rejected).toEqual(
      [
        ...(allowsApostrophe ? [] : [["refused_by_api", 6, 1]]),
        ["relation_target_missing", 3, 1],
        ["relation_target_missing", 9, 1],
        ["wrong_type", 8, 1],
      ].sort(),
    );
    expect(relationsIn(emulator)).toEqual({
      a: { team: ["core"], parent: ["c"], uses: ["b", "c"] },
      b: { parent: ["a"], uses: ["z"] },
      c: { parent: ["b"], team: ["edge"] },
      self: { parent: ["self"], uses: ["self"] },
      one: { uses: ["a"] },
      ...(allowsApostrophe ? { "o'brien": { parent: ["a"] } } : {}),
      z: {},
      lost: {},
    });
    expect(emulator.store.entity("service", "a")).toMatchObject({
      title: "A",
      team: ["red"],
      properties: { tier: "gold", replicas: 2 },
    });
    expect(
      emulator.store
        .entities("deployment")
        .map(({ identifier }) => identifier)
        .sort(),
    ).toEqual(["d1", "d2"]);
  });

  it("changes the same entities the second time, and creates none of them again in mode create", async () => {
    const emulator = await prepared(changed);
    await importInto(emulator, await inventory(good));
    const before = relationsIn(emulator);
    for (const mode of ["merge", "override"] as const) {
      const report = await importInto(emulator, { ...(await inventory(good)), mode });
      expect(report).toMatchObject({ exitCode: 0, entities: { created: 0, updated: 10, rejected: 0 } });
      expect(relationsIn(emulator)).toEqual(before);
    }
    const again = await importInto(emulator, { ...(await inventory(good)), mode: "create" });
    expect(again).toMatchObject({ exitCode: 1, entities: { created: 0, updated: 0, rejected: 10 } });
    expect(again.rejects.map(({ code }) => code)).toEqual(expect.arrayContaining(["already_exists"]));
    expect(relationsIn(emulator)).toEqual(before);
  });

  it("clears in both modes what a record holds as null", async () => {
    const emulator = await prepared(changed);
    const rows = (row: object) =>
      inventory({ services: [{ id: "z" }, { id: "y", ...row }] }, { more: "onNull: clear\n" });
    const held = { title: "Y", tier: "gold", replicas: 1, tags: ["t"], parent: "z", uses: ["z"], owners: ["red"] };
    const cleared = { title: null, tier: "gold", replicas: null, tags: null, parent: null, uses: null, owners: null };
    for (const mode of ["merge", "override"] as const) {
      await importInto(emulator, { ...(await rows(held)), mode });
      expect(relationsIn(emulator).y).toEqual({ parent: ["z"], uses: ["z"] });
      const report = await importInto(emulator, { ...(await rows(cleared)), mode });
      expect(report.exitCode).toBe(0);
      expect(relationsIn(emulator).y).toEqual({});
      const { properties } = emulator.store.entity("service", "y") ?? {};
      expect([properties?.replicas ?? null, properties?.tags ?? null, properties?.tier]).toEqual([null, null, "gold"]);
    }
  });

  it("changes whom a query in place of an identifier means, and rejects by itself what no query finds", async () => {
    const emulator = await prepared(changed);
    await importInto(emulator, await inventory(good));
    const folder = await makeFolder();
    await writeFile(join(folder, "changes.ndjson"), '{"of":"1","title":"One"}\n{"of":"9"}\n{"of":"2","title":"Two"}\n');
    await writeFile(join(folder, "mapping.yaml"), byVersion);
    const report = await importInto(emulator, {
      sources: [join(folder, "changes.ndjson")],
      mapping: join(folder, "mapping.yaml"),
      stateDir: folder,
    });
    expect(report).toMatchObject({ exitCode: 1, entities: { created: 0, updated: 2, rejected: 1 } });
    expect(report.rejects.map(({ code, first }) => [code, first.position])).toEqual([["refused_by_api", 2]]);
    expect(emulator.store.entities("deployment").map(({ title }) => title)).toEqual(["One", "Two"]);
  });
});

const byVersion = `
resources:
  - kind: changes
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: { combinator: '"and"', rules: [{ property: '"version"', operator: '"="', value: .of }] }
          blueprint: '"deployment"'
          title: .title
`;
