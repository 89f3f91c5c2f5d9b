import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startEmulator } from "../../src/emulator/emulator.js";
import { runImport } from "../../src/recipes/import.js";
import { envOf, makeFolder, readingsOfRun } from "../support/catalog.js";
import { hasAllSeeds } from "../support/long.js";
import { compareWays, plan } from "../support/ways.js";
import { blueprints, cases, writeCase } from "../support/worlds.js";

/** Times ten catalogs; with few seeds, and under each reading of the API's behaviour in turn, a few. */
const numRuns = hasAllSeeds ? 150 : 3;
/** A failure is reported with its seed, made smaller for no longer than this. */
const bounds = { numRuns, interruptAfterTimeLimit: hasAllSeeds ? 900_000 : 60_000 };
const timeoutMs = bounds.interruptAfterTimeLimit + 60_000;

describe("over random catalogs, inventories and mappings", () => {
  it(
    "a plan straight after an import shows no change except for what was rejected",
    async () => {
      const folder = await makeFolder();
      await fc.assert(
        fc.asyncProperty(cases, async (any) => {
          // Into an empty catalog, nothing would come of it.
          const chosen = { ...any, updateOnly: false };
          const emulator = await startEmulator({ blueprints, limits: "off", readings: readingsOfRun() });
          try {
            const options = await writeCase(folder, chosen, "given");
            const imported = await runImport(options, { env: envOf(emulator) });
            fc.pre(imported.report.exitCode < 2);
            const { lines } = await plan(emulator, options);
            const rejected = imported.report.entities.rejected;
            const ops = lines.filter((line) => line.op !== undefined);
            // What was rejected for a missing target was written without it, or not at all: the plan leaves out what would fail again.
            expect(ops).toEqual([]);
            expect(lines.at(-1)).toMatchObject({ create: 0, update: 0, rejected });
          } finally {
            await emulator.close();
          }
        }),
        bounds,
      );
    },
    timeoutMs,
  );

  it(
    "a plan says what the sync then does, and apply does the same",
    async () => {
      const folder = await makeFolder();
      await fc.assert(
        fc.asyncProperty(cases, async (chosen) => void (await compareWays(folder, chosen))),
        bounds,
      );
    },
    timeoutMs,
  );
});
