import { getEventListeners } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as portload from "../src/index.js";
import { envOf, makeFolder, root, startCatalog } from "./support/catalog.js";

const { UsageError } = portload;
const sources = [join(root, "samples/teams.json")];
const mapping = join(root, "mappings/organisation.yaml");

describe("the library", () => {
  it("has these names, and no other", () => {
    const functions = Object.entries(portload).filter(([, value]) => !/^class /.test(String(value)));
    expect(functions.map(([name]) => name).sort()).toEqual([
      "applyBlueprintFiles",
      "errorCodes",
      "explain",
      "exportEntities",
      "lint",
      "loadBlueprintFiles",
      "loadBlueprintFolder",
      "preview",
      "proposeMapping",
      "rejectCodes",
      "resume",
      "retry",
      "runApply",
      "runImport",
      "runPlan",
      "runSync",
      "startEmulator",
      "undo",
      "warningCodes",
    ]);
  });

  it("refuses options that do not fit as wrong usage, each by its name", async () => {
    const wrong = { sources: [], mapping, limit: -1 };
    const message = "sources must be given at least once\nlimit must be a whole number from 0";
    for (const run of [portload.runImport, portload.runSync, portload.runPlan])
      await expect(run(wrong)).rejects.toThrow(new UsageError(message));
    await expect(portload.preview(wrong, { emit: async () => true })).rejects.toThrow(new UsageError(message));
    await expect(portload.explain({ source: "a", mapping, record: 0 })).rejects.toThrow(UsageError);
    await expect(portload.lint({ mappings: [] })).rejects.toThrow(UsageError);
    await expect(portload.proposeMapping({ sources: [] })).rejects.toThrow(UsageError);
    await expect(portload.resume({ keep: 0 })).rejects.toThrow(UsageError);
    await expect(portload.retry({ keep: 0 })).rejects.toThrow(UsageError);
    await expect(portload.runApply({ plan: "" })).rejects.toThrow(UsageError);
    await expect(portload.exportEntities({ blueprints: [] }, { emit: async () => true })).rejects.toThrow(UsageError);
  });

  it("takes milliseconds and ratios as well as text", async () => {
    const emulator = await startCatalog();
    const stateDir = join(await makeFolder(), "state");
    const options = { sources, mapping, stateDir, timeout: 30_000, quotaShare: 0.5, maxErrors: { share: 0.05 } };
    const { report } = await portload.runImport(options, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 20 } });
  });

  it("leaves no listener on a signal that it is given, however often it is called", async () => {
    const emulator = await startCatalog();
    const { signal } = new AbortController();
    const stateDir = join(await makeFolder(), "state");
    const context = { env: envOf(emulator), signal };
    for (let call = 0; call < 15; call++) await portload.runSync({ sources, mapping, stateDir }, context);
    await portload.preview({ sources, mapping }, { ...context, emit: async () => true });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("exports entities as text", async () => {
    const emulator = await startCatalog();
    const env = envOf(emulator);
    await portload.runImport({ sources, mapping, stateDir: join(await makeFolder(), "state") }, { env });
    let text = "";
    const { entities } = await portload.exportEntities(
      { blueprints: ["team"] },
      {
        env,
        emit: async (part) => {
          text += part;
          return true;
        },
      },
    );
    expect([entities, text.trim().split("\n").length]).toEqual([20, 20]);
  });
});
