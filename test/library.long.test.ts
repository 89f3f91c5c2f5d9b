import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { blueprintOf, root, startCatalog } from "./support/catalog.js";

const run = promisify(execFile);

/** Imports records of two blueprints, one of which waits for the other, with nothing on disk. */
const program = `import { runImport } from "portload";
const count = Number(process.env.COUNT);
async function* rows() {
  for (let i = 0; i < count; i++) yield { id: "i" + i, group: "g" + (i % 50), note: "x".repeat(500) };
}
const resource = (blueprint, identifier, more) => ({
  kind: "items",
  port: { entity: { mappings: { identifier, blueprint: JSON.stringify(blueprint), ...more } } },
});
const mapping = {
  duplicates: "first",
  resources: [
    resource("item", ".id", { properties: { note: ".note" }, relations: { group: ".group" } }),
    resource("group", ".group", {}),
  ],
};
const { report } = await runImport({ sources: { items: rows() }, mapping, stateDir: false }, { env: process.env });
console.log(JSON.stringify({ exitCode: report.exitCode, created: report.entities.created }));
`;

it("imports 100,000 records from an iterable, a hundred megabytes with their entities, in a heap of 48 MB", async () => {
  const item = blueprintOf("item", {
    schema: { properties: { note: { type: "string" } } },
    relations: { group: { target: "group" } },
  });
  const emulator = await startCatalog({ blueprints: [blueprintOf("group"), item] });
  const flags = ["--max-old-space-size=48", "--input-type=module", "--eval", program];
  const env = { ...emulator.env, COUNT: "100000", PATH: process.env.PATH, HOME: process.env.HOME };
  const { stdout } = await run(process.execPath, flags, { cwd: join(root), env });
  expect(JSON.parse(stdout)).toEqual({ exitCode: 0, created: 100_050 });
}, 600_000);
