import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { envOf, makeFolder, root, startCatalog } from "./support/catalog.js";
import { shownBy, writeFilesOf } from "./support/tutorial.js";

const page = readFileSync(join(root, "docs/tutorial.md"), "utf8");

describe("docs/tutorial.md", () => {
  it("shows what its commands print, one after the other, on the files that it gives", async () => {
    const folder = await makeFolder();
    await writeFilesOf(page, folder);
    const env = envOf(await startCatalog({ blueprints: [] }));
    await expect(await shownBy(page, folder, env)).toMatchFileSnapshot("../docs/tutorial.md");
  }, 240_000);

  it("schedules a command that the program takes", () => {
    const [, line = ""] = /^0 4 .* && portload (.*)$/m.exec(page) ?? [];
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(root, "dist/cli/main.js"), ...line.split(" "), "--help"],
      { encoding: "utf8" },
    );
    expect([status, stderr]).toEqual([0, ""]);
    expect(page).toContain("PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload");
  });
});
