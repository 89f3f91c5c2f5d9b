import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/emulator.js";
import type { Mode } from "../../src/entity.js";
import type { Report } from "../../src/report/report.js";
import { envOf, startCatalog } from "../support/catalog.js";
import { isLong } from "../support/long.js";
import { catalogOf, type Node, nodeBlueprint, nodeImport, seeded } from "../support/nodes.js";
import { start } from "../support/program.js";

const concurrency = 4;
const perRequest = 20;
/** Kills and their import are made of this. */
const seeds = Array.from({ length: isLong ? 50 : 3 }, (_, i) => i + 1);
const modes: readonly Mode[] = ["merge", "override", "create"];

/** Relations forwards, backwards and round in rings; a few rejects, a few targets that are nowhere. */
function someNodes(random: () => number): readonly Node[] {
  const size = 600 + Math.floor(random() * 600);
  const any = (): string => `n${Math.floor(random() * size * 1.01)}`;
  return Array.from({ length: size }, (_, i) => ({
    id: `n${i}`,
    weight: random() < 0.01 ? "heavy" : i,
    ...(random() < 0.6 && { parent: any() }),
    ...(random() < 0.3 && { friends: [...new Set([any(), any()])] }),
  }));
}

async function folderOf(stateDir: string): Promise<string | undefined> {
  const ids = existsSync(stateDir) ? (await readdir(stateDir)).filter((name) => /^\d{8}T/.test(name)) : [];
  return ids[0] === undefined ? undefined : join(stateDir, ids[0]);
}

/** Runs the program, and kills it once the emulator has answered so many more bulk requests; true when it was killed. */
async function run(emulator: Emulator, args: readonly string[], killAfter?: number): Promise<boolean> {
  const before = emulator.stats().families.bulk.accepted;
  const program = start([...args, "--concurrency", String(concurrency), "--quiet"], envOf(emulator));
  program.stdin.end();
  let isOver = false;
  void program.ended.then(() => {
    isOver = true;
  });
  while (killAfter !== undefined && !isOver && emulator.stats().families.bulk.accepted < before + killAfter)
    await wait(1);
  if (killAfter !== undefined) program.kill("SIGKILL");
  const { code, stderr } = await program.ended;
  if (code !== null) expect([0, 1], stderr).toContain(code);
  return code === null;
}

/** What an import leaves: its catalog, its figures, why what was rejected, and how often entities were written. */
async function leftBy(emulator: Emulator, stateDir: string) {
  const folder = (await folderOf(stateDir)) ?? "";
  const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as Report;
  const reasons = (await readFile(join(folder, "reasons.ndjson"), "utf8")).trimEnd().split("\n");
  const writes = emulator.store
    .entities("node")
    .reduce((sum, e) => sum + emulator.store.writes("node", e.identifier), 0);
  const rejects = await readFile(join(folder, "rejects/nodes.ndjson"), "utf8");
  return {
    catalog: catalogOf(emulator),
    report,
    rejects,
    writes,
    reasons: reasons.map((line) => JSON.stringify({ ...JSON.parse(line), traceId: undefined })).sort(),
  };
}

describe("an import that is killed at a random moment and resumed", () => {
  it.each(seeds)(
    "ends as an untroubled one, and sends again at most what was in flight (seed %i)",
    async (seed) => {
      const random = seeded(seed);
      const nodes = someNodes(random);
      const mode = modes[seed % modes.length] as Mode;
      const blueprints = [nodeBlueprint];
      const given = await nodeImport(nodes);
      const stateOf = (name: string) => join(given.stateDir ?? "", name);
      const importArgs = ["import", ...given.sources, "-m", given.mapping, "--mode", mode];

      const calm = await startCatalog({ blueprints });
      await run(calm, [...importArgs, "--state-dir", stateOf("calm")]);
      const expected = await leftBy(calm, stateOf("calm"));

      const emulator = await startCatalog({ blueprints, latencyMs: 3 });
      const requests = expected.report.requests.byRoute.bulk;
      let kills = 0;
      for (;;) {
        const hasFolder = (await folderOf(stateOf("killed"))) !== undefined;
        const args = hasFolder ? ["resume"] : importArgs;
        // One in three is killed a second time, on its way after the first.
        const isKilled = kills === 0 || (kills === 1 && seed % 3 === 0);
        const killAfter = isKilled ? 1 + Math.floor(random() * requests * 0.8 * (kills === 0 ? 1 : 0.5)) : undefined;
        if (!(await run(emulator, [...args, "--state-dir", stateOf("killed")], killAfter))) break;
        kills++;
      }
      const found = await leftBy(emulator, stateOf("killed"));
      expect(found.catalog).toEqual(expected.catalog);
      expect(found.reasons).toEqual(expected.reasons);
      expect(found.rejects).toBe(expected.rejects);
      expect(found.report.balanced).toBe(true);
      expect(found.report.records).toEqual(expected.report.records);
      const { created, updated, rejected } = expected.report.entities;
      expect(found.report.entities).toMatchObject({ rejected, notAttempted: 0 });
      // What was in flight may have been created before the kill, and is merged then; mode create reads it back.
      expect(found.report.entities.created + found.report.entities.updated).toBe(created + updated);
      if (mode === "create") expect(found.report.entities.created).toBe(created);
      expect(found.writes - expected.writes).toBeLessThanOrEqual(kills * concurrency * perRequest);
    },
    60_000,
  );
});
