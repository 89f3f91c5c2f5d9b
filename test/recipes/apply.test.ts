import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.js";
import { GuardError } from "../../src/errors.js";
import type { PlanOptions } from "../../src/options/run.js";
import { runApply } from "../../src/recipes/apply.js";
import { runImport } from "../../src/recipes/import.js";
import { runPlan } from "../../src/recipes/plan.js";
import { blueprintOf, envOf, makeFolder, type OnDisk, startCatalog } from "../support/catalog.js";

const item = blueprintOf("item", {
  schema: { properties: { size: { type: "number" }, note: { type: "string" }, origin: { type: "string" } } },
  relations: { parent: { target: "item" } },
});

/** Writes records and a mapping that owns what it writes. */
async function items(folder: string, records: readonly object[]): Promise<OnDisk<PlanOptions>> {
  await writeFile(join(folder, "items.ndjson"), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  await writeFile(
    join(folder, "items.yaml"),
    `resources:
  - kind: items
    prune: { where: { property: origin, value: inventory } }
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"item"'
          properties: { size: .size, origin: '"inventory"' }
          relations: { parent: .parent }
`,
  );
  return { sources: [join(folder, "items.ndjson")], mapping: join(folder, "items.yaml"), stateDir: folder };
}

const old = Array.from({ length: 30 }, (_, i) => ({ id: `i${i}`, size: i, parent: "i0" }));
// i1 and i2 change, i28 and i29 go, x comes.
const next = [...old.slice(0, 28).map((one, i) => (i === 1 || i === 2 ? { ...one, size: -1 } : one)), { id: "x" }];

/** A catalog with the old records, and a plan that brings the next ones. */
async function planned() {
  const emulator = await startCatalog({ blueprints: [item] });
  const folder = await makeFolder();
  await runImport(await items(folder, old), { env: envOf(emulator) });
  const options = { ...(await items(folder, next)), prune: true };
  const { file, discard, report } = await runPlan(options, { env: envOf(emulator) });
  const plan = join(folder, "tonight.plan");
  const text = await readFile(file ?? "", "utf8");
  await writeFile(plan, text);
  await discard();
  const apply = () => runApply({ plan, stateDir: folder }, { env: envOf(emulator) });
  return { emulator, folder, plan, text, report, apply, options };
}

/** Changes an entity past the program, as someone else would. */
async function change(emulator: Emulator, method: string, path: string, body?: object): Promise<void> {
  const token = await fetch(`${emulator.url}/auth/access_token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clientId: "portload", clientSecret: "portload" }),
  });
  const { accessToken } = (await token.json()) as { accessToken: string };
  const reply = await fetch(`${emulator.url}/blueprints/item/entities${path}`, {
    method,
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(reply.status).toBeLessThan(300);
}

const state = (emulator: Emulator) =>
  emulator.store
    .entities("item")
    .map(({ identifier, properties, relations }) => structuredClone([identifier, properties, relations]));

describe("a plan with deletions", () => {
  it("says what goes, and apply does it", async () => {
    const { text, apply, emulator } = await planned();
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ op }) => op === "delete").map(({ before }) => before.identifier)).toEqual(["i28", "i29"]);
    expect(lines.find(({ op }) => op === "update")).toMatchObject({
      entity: { identifier: "i1" },
      changes: [{ path: "properties.size", before: 1, after: -1 }],
    });
    expect(lines.at(-1)).toEqual({ line: "end", create: 1, update: 2, delete: 2, unchanged: 26, rejected: 0 });
    const { report, error } = await apply();
    expect(error).toBeUndefined();
    expect(report).toMatchObject({
      exitCode: 0,
      entities: { created: 1, updated: 2, deleted: 2 },
      requests: { byRoute: { bulk: 1, delete: 1 } },
    });
    expect(emulator.store.count("item")).toBe(29);
  });

  it("refuses what the guard refuses, and prints it", async () => {
    const { emulator, folder } = await planned();
    const options = { ...(await items(folder, next.slice(0, 10))), prune: true };
    const { report, error, file } = await runPlan(options, { env: envOf(emulator) });
    expect([report.exitCode, file]).toEqual([6, undefined]);
    expect(String(error)).toMatch(/item: 20 of 30 \(66\.7%\)/);
  });
});

describe("an apply", () => {
  it("is refused after any drift, and then writes nothing", async () => {
    const drift = fc.constantFrom<[what: string, method: string, path: string, body?: object]>(
      ["a planned update's field changed", "PATCH", "/i1", { properties: { size: 77 } }],
      ["a planned update's field was emptied", "PATCH", "/i2", { properties: { size: null } }],
      ["a planned update's relation changed", "PATCH", "/i1", { relations: { parent: "i3" } }],
      ["a planned update is gone", "DELETE", "/i2?delete_dependents=false"],
      ["a planned creation came", "POST", "", { identifier: "x" }],
      ["a planned deletion changed", "PATCH", "/i28", { properties: { note: "keep me" } }],
      ["a planned deletion was renamed", "PATCH", "/i29", { title: "Keep me" }],
      ["a planned deletion is gone", "DELETE", "/i28?delete_dependents=false"],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(drift, { minLength: 1, maxLength: 3, selector: ([, , path]) => path.split("?")[0] }),
        async (drifts) => {
          const { emulator, apply } = await planned();
          for (const [, method, path, body] of drifts) await change(emulator, method, path, body);
          const before = state(emulator);
          const error: unknown = await apply().catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(GuardError);
          expect(String(error)).toMatch(/nothing is applied: the catalog drifted/);
          expect(state(emulator)).toEqual(before);
        },
      ),
      { numRuns: 12 },
    );
  });

  it("does not mind what happened to entities and fields that the plan does not touch", async () => {
    const { emulator, apply } = await planned();
    await change(emulator, "PATCH", "/i1", { properties: { note: "another's" } });
    await change(emulator, "PATCH", "/i9", { properties: { size: 900 } });
    expect((await apply()).report).toMatchObject({ exitCode: 0, entities: { created: 1, updated: 2, deleted: 2 } });
    expect(emulator.store.entity("item", "i1")?.properties).toMatchObject({ note: "another's", size: -1 });
  });

  it.each<[string, (plan: Awaited<ReturnType<typeof planned>>) => Promise<void>, RegExp]>([
    [
      "whose source changed",
      ({ folder }) => writeFile(join(folder, "items.ndjson"), '{"id":"other"}\n'),
      /items\.ndjson changed since/,
    ],
    [
      "whose mapping changed",
      async ({ options, folder }) =>
        writeFile(join(folder, "items.yaml"), `${await readFile(options.mapping, "utf8")}\n# more\n`),
      /items\.yaml changed since/,
    ],
    [
      "that is cut off",
      ({ plan, text }) => writeFile(plan, text.slice(0, text.lastIndexOf('{"line":"end"'))),
      /cut off/,
    ],
    [
      "that lost a line",
      ({ plan, text }) => writeFile(plan, text.replace(/\n\{"op":"delete".*/, "")),
      /does not agree/,
    ],
    [
      "of another catalog",
      ({ plan, text }) => writeFile(plan, text.replace(/"target":"[^"]*"/, '"target":"https://api.port.io/v1"')),
      /was made for https:\/\/api\.port\.io/,
    ],
    [
      "of another format",
      ({ plan, text }) => writeFile(plan, text.replace('"format":1', '"format":2')),
      /is a plan of format 2/,
    ],
    ["that is something else", ({ plan }) => writeFile(plan, "identifier,title\na,A\n"), /is not a line of a plan/],
  ])("refuses a plan %s", async (_what, spoil, refusal) => {
    const made = await planned();
    await spoil(made);
    const before = state(made.emulator);
    await expect(made.apply()).rejects.toThrow(refusal);
    expect(state(made.emulator)).toEqual(before);
  });
});
