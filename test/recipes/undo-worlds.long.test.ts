import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.js";
import { runApply } from "../../src/recipes/apply.js";
import { runImport } from "../../src/recipes/import.js";
import { runPlan } from "../../src/recipes/plan.js";
import type { Finished } from "../../src/recipes/run/finish.js";
import { runSync } from "../../src/recipes/sync.js";
import { runUndo } from "../../src/recipes/undo.js";
import { envOf, makeFolder, readingsOfRun } from "../support/catalog.js";
import { hasAllSeeds } from "../support/long.js";
import {
  blueprints,
  type Case,
  casesOf,
  ids,
  type Settings,
  type Snapshot,
  snapshot,
  writeCase,
} from "../support/worlds.js";

/** A catalog, what it is to become, and how. */
const sequences = fc.record({
  chosen: casesOf(2),
  way: fc.constantFrom("sync", "apply", "import"),
  prunes: fc.boolean(),
  deleteDependents: fc.boolean(),
  createMissing: fc.boolean(),
});
type Sequence = typeof sequences extends fc.Arbitrary<infer T> ? T : never;

/** Enough of everything, and nothing that is rejected: else nothing would be pruned. */
function tidy(chosen: Case): Case {
  const policies = {
    parent: "omit",
    friends: "omit",
    owner: "omit",
    backup: "omit",
    of: undefined,
    by: "omit",
  } as const;
  const worlds = chosen.worlds.map(({ old, given }) => {
    const app = given.app.length > 0 ? given.app : [{ id: ids[0] as string }];
    const run = (given.run.length > 0 ? given.run : [{ id: ids[0] as string }]).map((one, i) => ({
      ...one,
      of: app[i % app.length]?.id,
    }));
    const team = given.team.length > 0 ? given.team : [{ id: ids[0] as string }];
    const more = given.more.length > 0 ? given.more : [{ id: ids[0] as string }];
    return { old, given: { team, app, more, run }, policies };
  });
  return { ...chosen, duplicates: "first", onNull: "omit", updateOnly: false, worlds };
}

const names = blueprints.map(({ identifier }) => identifier);

/** No value is null or absent; targets of none are null, absent or an empty list. */
const valuesOf = (catalog: Snapshot): unknown =>
  Object.fromEntries(
    Object.entries(catalog).map(([blueprint, entities]) => [
      blueprint,
      Object.fromEntries(
        Object.entries(entities).map(([identifier, { properties, relations, ...head }]) => [
          identifier,
          { ...head, properties: withoutEmpty(properties, false), relations: withoutEmpty(relations, true) },
        ]),
      ),
    ]),
  );

function withoutEmpty(values: object, lists: boolean): object {
  const isEmpty = (value: unknown) => value === null || (lists && Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isEmpty(value)));
}

const allowed = { maxDelete: [1_000_000, "100%"], keep: 5, rate: "off" } as const;

async function doIt(
  { way, prunes, ...settings }: Sequence & Settings,
  chosen: Case,
  folder: string,
  emulator: Emulator,
): Promise<Finished> {
  const context = { env: envOf(emulator) };
  const options = { ...(await writeCase(folder, chosen, "given", { ...settings, prunes })), keep: 5 };
  if (way === "import") return runImport({ ...options, keepBefore: true }, context);
  if (way === "sync") return runSync({ ...options, prune: prunes, maxDelete: allowed.maxDelete }, context);
  const { file, discard, ...planned } = await runPlan(
    { ...options, prune: prunes, maxDelete: allowed.maxDelete },
    context,
  );
  if (file === undefined) return planned;
  const plan = join(folder, "tonight.plan");
  await copyFile(file, plan);
  await discard();
  return runApply({ plan, stateDir: folder, keep: 5, rate: "off" }, context);
}

/** Under the others an undo leaves and lists what it cannot put back: undo.test.ts. */
const reversible = { mergeDepth: "key", deletedTarget: "unset" } as const;

/** Does it, takes it back, takes that back; the catalog must be as it was, and then as it had become. */
async function thereAndBack(folder: string, sequence: Sequence): Promise<{ readonly changed: boolean }> {
  const chosen = sequence.prunes ? tidy(sequence.chosen) : sequence.chosen;
  const emulator = await startEmulator({ blueprints, limits: "off", readings: readingsOfRun(reversible) });
  const stateDir = join(folder, "state");
  await rm(stateDir, { recursive: true, force: true });
  try {
    const earlier = await writeCase(folder, chosen, "old");
    await runImport({ ...earlier, stateDir: join(folder, "earlier") }, { env: envOf(emulator) });
    const before = valuesOf(snapshot(emulator, names));
    const done = await doIt(sequence, chosen, folder, emulator);
    if (done.report.command === "plan") return { changed: false };
    const after = valuesOf(snapshot(emulator, names));
    const undo = async (importId: string) => {
      const { counts, finished } = await runUndo({ importId, stateDir: folder, ...allowed }, { env: envOf(emulator) });
      expect(counts.rejected).toBe(0);
      if (finished !== undefined) {
        expect(finished.error).toBeUndefined();
        expect(finished.report).toMatchObject({ command: "undo", exitCode: 0, balanced: true });
      }
      return finished?.report.importId;
    };
    const undone = await undo(done.report.importId);
    expect(valuesOf(snapshot(emulator, names))).toEqual(before);
    if (undone === undefined) return { changed: false };
    await undo(undone);
    expect(valuesOf(snapshot(emulator, names))).toEqual(after);
    return { changed: true };
  } finally {
    await emulator.close();
  }
}

/** Worlds of each seed that a run changes; a failure is made smaller for no longer than this. */
const bounds = { numRuns: 11, interruptAfterTimeLimit: 240_000 };
/** Seeds of the long form, about 300 worlds in all; the short one draws its own, which a failure names. */
const seeds = hasAllSeeds ? Array.from({ length: 15 }, (_, i) => i + 1) : [undefined];

describe("an undo", () => {
  it.each(seeds)(
    "gives the catalog before a sync, an apply or an import that kept it, and an undo of that what it had become (seed %s, 11 worlds)",
    async (seed) => {
      const folder = await makeFolder();
      let changed = 0;
      await fc.assert(
        fc.asyncProperty(sequences, async (sequence) => {
          // A world that a run leaves as it was is looked at, too, and does not count.
          fc.pre((await thereAndBack(folder, sequence)).changed);
          changed++;
        }),
        { ...bounds, ...(seed !== undefined && { seed }) },
      );
      // What was interrupted for want of time is not a pass.
      expect(changed).toBeGreaterThanOrEqual(bounds.numRuns);
    },
    bounds.interruptAfterTimeLimit + 60_000,
  );
});
