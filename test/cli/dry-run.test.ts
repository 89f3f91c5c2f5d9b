import { describe, expect, it } from "vitest";
import { envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess as runProgram } from "../support/in-process.js";

describe("portload import --dry-run", () => {
  it("says that nothing was written, and what was not checked", async () => {
    const emulator = await startCatalog();
    const sources = ["samples/teams.json", "samples/services.csv", "samples/deployments.ndjson"];
    const args = [
      "import",
      ...sources,
      "-m",
      "mappings/organisation.yaml",
      "--dry-run",
      "--state-dir",
      await makeFolder(),
    ];
    const { code, stdout, stderr } = await runProgram([...args, "--output", "json"], envOf(emulator));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ command: "import", dryRun: true, exitCode: 0, rejects: [] });
    expect(stderr).toContain("dry run: nothing was written, the figures say what an import would do");
    expect(stderr).toContain("could not check the entity");
  });
});
