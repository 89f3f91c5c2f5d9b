import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import {
  entityDeleteAllOptions,
  entityDeleteOptions,
  entityGetOptions,
  entityWriteOptions,
} from "../../../src/options/catalog.js";
import { parseOptions } from "../../../src/options/option.js";
import { deleteAllEntities, deleteByName } from "../../../src/recipes/entity/delete.js";
import { getEntity } from "../../../src/recipes/entity/get.js";
import { writeEntity } from "../../../src/recipes/entity/write.js";
import { envOf } from "../../support/catalog.js";
import { eachReading, good, importInto, inventory, prepared } from "./inventory.js";

describe.each(eachReading)("single operations with %s read as %j", (key, value, changed) => {
  it("create, refuse to create again, merge, override and read", async () => {
    const io = { env: envOf(await prepared(changed)) };
    const fields = { blueprint: "service", identifier: "x" };
    const write = (mode: "create" | "merge" | "override", given: object) =>
      writeEntity(mode, parseOptions(entityWriteOptions, { ...fields, ...given }), io);
    const read = async () => {
      const { replies } = await getEntity(parseOptions(entityGetOptions, fields), io);
      return (replies[0] as { entity: { properties: object } }).entity.properties;
    };
    expect((await write("create", { property: ["replicas=2", "tags=a", "tags=b"] })).refused).toBeUndefined();
    expect((await write("create", {})).refused).toMatchObject({ message: expect.stringContaining("409") });
    expect((await write("merge", { property: ["replicas=3"] })).refused).toBeUndefined();
    expect(await read()).toMatchObject({ replicas: 3, tags: ["a", "b"] });
    expect((await write("override", { property: ["replicas=4"] })).refused).toBeUndefined();
    const { tags = null, ...rest } = (await read()) as { readonly tags?: unknown };
    expect(tags).toBeNull();
    expect(rest).toMatchObject({ replicas: 4 });
    const tried = await write("merge", { property: ["replicas=5"], dryRun: true });
    expect(tried.refused).toBeUndefined();
    expect(await read()).toMatchObject({ replicas: 4 });
  });

  it("delete a list, with what went along with another, and name what was never there", async () => {
    const emulator = await prepared(changed);
    const many = Array.from({ length: 150 }, (_, n) => ({ id: `s${n}`, parent: n === 0 ? null : "s0" }));
    await importInto(emulator, await inventory({ services: many }));
    const stdin = Readable.from([...many.map(({ id }) => `${id}\n`), "nobody\n"]);
    const options = { blueprint: "service", identifiers: ["-"], deleteDependents: true, maxDelete: ["100%", 1000] };
    const { refused, notes } = await deleteByName(parseOptions(entityDeleteOptions, options), {
      env: envOf(emulator),
      stdin,
    });
    expect(refused).toBeUndefined();
    expect(notes).toEqual(["not in the catalog, so nothing to delete: nobody"]);
    expect(emulator.store.count("service")).toBe(0);
  });

  it("delete all of a blueprint and wait for the end, or explain by the required relations why not", async () => {
    const emulator = await prepared(changed);
    await importInto(emulator, await inventory(good));
    const io = { env: envOf(emulator), ask: async () => true };
    const outcome = (blueprint: string) =>
      deleteAllEntities(parseOptions(entityDeleteAllOptions, { blueprint, yes: true }), io);
    const fails = key === "migrationEnds" && value !== undefined;
    for (const blueprint of ["service", "deployment", "team"]) {
      const { refused } = await outcome(blueprint);
      if (fails && refused?.message.endsWith(`ended as ${value}`)) {
        expect(refused.hint).toBe("Some entities may be left.");
        expect(emulator.store.count(blueprint)).toBeGreaterThan(0);
        continue;
      }
      expect(emulator.store.count(blueprint) === 0).toBe(refused === undefined);
      // Where any relation counts, services prevent the deletion of teams as long as there are some.
      if (refused !== undefined) expect(refused.hint).toMatch(/deployment\.service → service|service\.team → team/);
    }
    // A migration that ends otherwise than COMPLETED deletes nothing.
    if (fails) expect(emulator.store.count("deployment")).toBe(2);
    else if (value !== "any") expect(emulator.store.count("team")).toBe(0);
  });
});
