import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Emulator, EmulatorOptions } from "../../src/emulator/emulator.js";
import { runImport } from "../../src/recipes/import.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";

const node = blueprintOf("node", { relations: { next: { target: "node" } } });

/** An import of a stdin that has given more than a chunk in few records, so that all of them are on their way, and then neither more nor an end. */
async function imports(emulator: Emulator, signal?: AbortSignal, relations = "") {
  const folder = await makeFolder();
  await writeFile(
    join(folder, "nodes.yaml"),
    `resources:
  - kind: nodes
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id, blueprint: '"node"'${relations} } } }
`,
  );
  const stdin = new PassThrough();
  const note = "x".repeat(20_000);
  stdin.write(`id,next,note\n${Array.from({ length: 60 }, (_, n) => `n${n},n${n + 1},${note}\n`).join("")}`);
  return runImport(
    { sources: ["nodes=-"], mapping: join(folder, "nodes.yaml"), stateDir: folder },
    { env: envOf(emulator), stdin, ...(signal !== undefined && { signal }) },
  );
}

const startNodes = (options: EmulatorOptions = {}) => startCatalog({ blueprints: [node], ...options });

/** Resolves once the emulator has met a bulk request. */
async function bulkMet(emulator: Emulator): Promise<void> {
  while (emulator.stats().families.bulk.accepted === 0) await new Promise((done) => setImmediate(done));
}

describe("an import whose source falls silent", () => {
  it("finishes what is in flight when it is interrupted, and counts it", async () => {
    const emulator = await startNodes({ latencyMs: 300 });
    const stop = new AbortController();
    const running = imports(emulator, stop.signal);
    await bulkMet(emulator);
    stop.abort();
    const { report } = await running;
    expect(report).toMatchObject({ exitCode: 4, balanced: true });
    expect(report.entities.created).toBeGreaterThan(0);
    expect(emulator.store.count("node")).toBe(report.entities.created);
  });

  it("ends at once when targets cannot be looked up", async () => {
    const body = JSON.stringify({ ok: false, error: "missing_permissions", message: "may not search" });
    const emulator = await startNodes({ faults: { faults: [{ route: "search", status: 403, body }] } });
    const { report, error } = await imports(emulator, undefined, ", relations: { next: .next }");
    expect(error).toMatchObject({ name: "ApiError", message: expect.stringContaining("may not search") });
    expect(report).toMatchObject({ exitCode: 3, balanced: true, entities: { created: 0 } });
  });

  it("ends at once when the API refuses, without waiting for more records", async () => {
    const body = JSON.stringify({ ok: false, error: "missing_permissions", message: "may not write" });
    const emulator = await startNodes({ faults: { faults: [{ route: "bulk", status: 403, body }] } });
    const { report, error } = await imports(emulator);
    expect(error).toMatchObject({ name: "ApiError", message: expect.stringContaining("may not write") });
    expect(report).toMatchObject({ exitCode: 3, balanced: true, entities: { created: 0 } });
  });
});
