import { createHash } from "node:crypto";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { resumeImport } from "../../src/recipes/resume.js";
import { envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { interrupted, nodeBlueprint, nodeImport, nodes } from "../support/nodes.js";

// Takes as long as the lock of another host holds, in real time; `test/state/lock.test.ts` has the rules of that by a clock of its own.
it("continues where its folder was copied to, with the lock of another host", async () => {
  const given = await nodeImport(nodes(1000));
  const emulator = await startCatalog({ blueprints: [nodeBlueprint], latencyMs: 5 });
  const { folder = "", report } = await interrupted(emulator, given, 10);
  // As if it had been killed on another machine: a lock, no report.
  await rm(join(folder, "report.json"));
  const header = JSON.parse((await readFile(join(folder, "journal.ndjson"), "utf8")).split("\n")[0] ?? "{}");
  const { mapping, target } = header.fingerprints;
  const lock = `${createHash("sha256").update(`${mapping}\n${target}`).digest("hex").slice(0, 16)}.lock`;
  const { importId, startedAt } = report;
  const holder = { importId, pid: process.pid, host: "elsewhere", startedAt, space: "another-boot/1" };
  const elsewhere = await makeFolder();
  await cp(given.stateDir ?? "", elsewhere, { recursive: true });
  await writeFile(join(elsewhere, lock), JSON.stringify(holder));
  await rm(given.stateDir ?? "", { recursive: true });
  const moved = { sources: [join(elsewhere, "nodes.ndjson")], mapping: join(elsewhere, "nodes.yaml") };
  const resumed = await resumeImport({ ...moved, stateDir: elsewhere }, { env: envOf(emulator) });
  expect(resumed.report).toMatchObject({ exitCode: 1, importId: report.importId, entities: { mapped: 1000 } });
  expect((await readdir(elsewhere)).filter((name) => name.endsWith(".lock"))).toEqual([]);
  expect(resumed.report.warnings).toMatchObject([{ code: "state_unclean" }]);
}, 60_000);
