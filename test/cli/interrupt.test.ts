import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/emulator.js";
import { envOf, startCatalog } from "../support/catalog.js";
import { nodeBlueprint, nodeImport } from "../support/nodes.js";
import { runProgram, start } from "../support/program.js";

const nodes = Array.from({ length: 1500 }, (_, i) => ({ id: `n${i}`, weight: i, parent: `n${(i * 7) % 1500}` }));

/** Starts an import by the program and waits until so many bulk requests were answered. */
async function begin(options: EmulatorOptions, after = 5) {
  const emulator = await startCatalog({ blueprints: [nodeBlueprint], ...options });
  const given = await nodeImport(nodes);
  const stateDir = join(given.stateDir ?? "", "my state");
  // A request that hangs is sent again soon.
  const flags = ["--state-dir", stateDir, "--concurrency", "2", "--timeout", "2s"];
  const program = start(["import", ...given.sources, "-m", given.mapping, ...flags], envOf(emulator));
  program.stdin.end();
  while (emulator.stats().families.bulk.accepted < after) await wait(1);
  const resume = () => runProgram(["resume", ...flags], envOf(emulator));
  return { emulator, program, stateDir, resume };
}

describe("an import that gets a signal", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "%s finishes what is in flight, prints the resume command and exits with 4",
    async (signal) => {
      const { emulator, program, stateDir } = await begin({ latencyMs: 10 });
      program.kill(signal);
      const { code, stderr } = await program.ended;
      expect(code).toBe(4);
      const [id] = (await readdir(stateDir)).filter((name) => /^\d{8}T/.test(name));
      const command = `portload resume ${id} --state-dir '${stateDir}'`;
      expect(stderr).toContain(`resume with: ${command}`);
      const report = JSON.parse(await readFile(join(stateDir, id ?? "", "report.json"), "utf8"));
      expect(report).toMatchObject({ exitCode: 4, balanced: true });
      expect(report.entities.notAttempted).toBeGreaterThan(0);
      const resumed = await runProgram(["resume", id ?? "", "--state-dir", stateDir], envOf(emulator));
      expect([resumed.code, emulator.store.count("node")]).toEqual([0, 1500]);
      expect(resumed.stderr).toContain("Finished: 1,500 created");
      for (const { id: node } of nodes) expect(emulator.store.writes("node", node)).toBeLessThanOrEqual(2);
    },
  );

  it("ends at once at the second one, and is resumed all the same", async () => {
    // What is in flight hangs.
    const faults = { faults: [{ route: "bulk" as const, requests: [6, 7], delayMs: 60_000 }] };
    const { emulator, program, resume } = await begin({ faults });
    program.kill("SIGINT");
    await wait(1);
    program.kill("SIGINT");
    const again = setInterval(() => program.kill("SIGINT"), 50);
    const { code } = await program.ended;
    clearInterval(again);
    expect(code).toBe(4);
    const resumed = await resume();
    expect([resumed.code, emulator.store.count("node")]).toEqual([0, 1500]);
  });
});
