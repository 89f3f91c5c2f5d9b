import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.js";
import type { PlanOptions } from "../../src/options/run.js";
import { runApply } from "../../src/recipes/apply.js";
import { runImport } from "../../src/recipes/import.js";
import { runPlan } from "../../src/recipes/plan.js";
import { runSync } from "../../src/recipes/sync.js";
import type { Report } from "../../src/report/report.js";
import { envOf, readingsOfRun } from "./catalog.js";
import { blueprints, type Case, type Snapshot, snapshot, writeCase } from "./worlds.js";

type Line = Record<string, unknown> & { op?: string; blueprint?: string };

/** A plan, with its lines. */
export async function plan(emulator: Emulator, options: PlanOptions) {
  const { file, discard, ...rest } = await runPlan(options, { env: envOf(emulator) });
  const lines = file === undefined ? [] : (await readFile(file, "utf8")).trimEnd().split("\n");
  await discard();
  return { ...rest, lines: lines.map((line) => JSON.parse(line) as Line), text: `${lines.join("\n")}\n` };
}

const names = blueprints.map(({ identifier }) => identifier);

/** Targets of a relation have no order and count once: how often one is named may depend on whether it had to wait. */
const asSets = (catalog: Snapshot): unknown =>
  JSON.parse(
    JSON.stringify(catalog, (key, value: unknown) =>
      key === "friends" && Array.isArray(value) ? [...new Set(value)].sort() : value,
    ),
  );

/** Brings two catalogs to one state, then one of them to another by a sync, the other by a plan that is applied: all three must say and do the same. */
export async function compareWays(folder: string, chosen: Case): Promise<{ report: Report; catalog: Snapshot }> {
  const [synced, applied] = [
    await startEmulator({ blueprints, limits: "off", readings: readingsOfRun() }),
    await startEmulator({ blueprints, limits: "off", readings: readingsOfRun() }),
  ];
  try {
    const earlier = await writeCase(folder, chosen, "old");
    for (const emulator of [synced, applied]) await runImport(earlier, { env: envOf(emulator) });
    const options = await writeCase(folder, chosen, "given");
    const before = snapshot(applied, names);
    const made = await plan(applied, options);
    expect(snapshot(applied, names)).toEqual(before);
    const { report } = await runSync(options, { env: envOf(synced) });
    expect(made.report.entities).toEqual(report.entities);
    const causes = (of: Report) => of.rejects.map(({ code, count }) => [code, count]);
    expect(causes(made.report)).toEqual(causes(report));
    const file = join(folder, "tonight.plan");
    await writeFile(file, made.text);
    await runApply({ plan: file, stateDir: folder, keep: 2, rate: "off" }, { env: envOf(applied) });
    const catalog = snapshot(synced, names);
    expect(asSets(snapshot(applied, names))).toEqual(asSets(catalog));
    return { report, catalog };
  } finally {
    await synced.close();
    await applied.close();
  }
}
