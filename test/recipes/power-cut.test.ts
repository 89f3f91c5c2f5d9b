import { existsSync } from "node:fs";
import { readdir, readFile, rm, truncate } from "node:fs/promises";
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

/** Each mode in turn; of every third one the lock is left without a byte. */
const seeds = Array.from({ length: isLong ? 60 : 4 }, (_, i) => i + 1);
const modes: readonly Mode[] = ["create", "merge", "override", "create"];

function someNodes(random: () => number): readonly Node[] {
  const size = 400 + Math.floor(random() * 400);
  const any = (): string => `n${Math.floor(random() * size * 1.01)}`;
  return Array.from({ length: size }, (_, i) => ({
    id: `n${i}`,
    weight: random() < 0.01 ? "heavy" : i,
    ...(random() < 0.6 && { parent: any() }),
    ...(random() < 0.3 && { friends: [...new Set([any(), any()])] }),
  }));
}

/** Runs the program, and kills it once the emulator has answered so many bulk requests; true when it was killed. */
async function run(emulator: Emulator, args: readonly string[], killAfter?: number): Promise<boolean> {
  const before = emulator.stats().families.bulk.accepted;
  const program = start([...args, "--concurrency", "4", "--quiet"], envOf(emulator));
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

async function folderIn(stateDir: string): Promise<string> {
  const ids = existsSync(stateDir) ? await readdir(stateDir) : [];
  return join(stateDir, ids.find((name) => /^\d{8}T/.test(name)) ?? "");
}

/**
 * Leaves of the files what a power cut may leave: of the journal all up to the last line that is synced before its request leaves, and of what follows, and of the
 * other files, any beginning.
 */
async function cutPower(stateDir: string, random: () => number, tearLock: boolean): Promise<void> {
  const folder = await folderIn(stateDir);
  const journal = await readFile(join(folder, "journal.ndjson"));
  const synced = Math.max(
    journal.indexOf(0x0a) + 1,
    ...["sent", "before", "delete"].map((kind) => {
      const at = journal.lastIndexOf(`{"line":"${kind}"`);
      return at < 0 ? 0 : journal.indexOf(0x0a, at) + 1;
    }),
  );
  await truncate(join(folder, "journal.ndjson"), synced + Math.floor(random() * (journal.length - synced + 1)));
  const reasons = join(folder, "reasons.ndjson");
  if (existsSync(reasons)) await truncate(reasons, Math.floor(random() * (await readFile(reasons)).length));
  await rm(join(folder, "spool"), { recursive: true, force: true });
  const lock = (await readdir(stateDir)).find((name) => name.endsWith(".lock")) ?? "";
  if (tearLock) await truncate(join(stateDir, lock), 0);
}

describe("an import whose machine loses power at a random moment, resumed", () => {
  it.each(seeds)(
    "ends with the catalog of an untroubled one (seed %i)",
    async (seed) => {
      const random = seeded(seed);
      const nodes = someNodes(random);
      const mode = modes[seed % modes.length] as Mode;
      const given = await nodeImport(nodes);
      const stateOf = (name: string) => join(given.stateDir ?? "", name);
      const args = ["import", ...given.sources, "-m", given.mapping, "--mode", mode];

      const calm = await startCatalog({ blueprints: [nodeBlueprint] });
      await run(calm, [...args, "--state-dir", stateOf("calm")]);
      const calmReport = JSON.parse(
        await readFile(join(await folderIn(stateOf("calm")), "report.json"), "utf8"),
      ) as Report;

      const emulator = await startCatalog({ blueprints: [nodeBlueprint], latencyMs: 3 });
      const requests = calmReport.requests.byRoute.bulk;
      const isKilled = await run(
        emulator,
        [...args, "--state-dir", stateOf("cut")],
        2 + Math.floor(random() * requests * 0.8),
      );
      if (isKilled) {
        await cutPower(stateOf("cut"), random, seed % 4 === 3);
        await run(emulator, ["resume", "--state-dir", stateOf("cut")]);
      }
      const report = JSON.parse(await readFile(join(await folderIn(stateOf("cut")), "report.json"), "utf8")) as Report;
      expect(catalogOf(emulator)).toEqual(catalogOf(calm));
      expect(report).toMatchObject({ balanced: true, records: calmReport.records });
      // What was sent is known, so that mode create takes none of its own for somebody else's.
      if (mode === "create") expect(report.entities).toEqual(calmReport.entities);
      expect(report.entities.rejected).toBe(calmReport.entities.rejected);
    },
    120_000,
  );
});
