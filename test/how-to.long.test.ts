import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { envOf, makeFolder, root, startCatalog } from "./support/catalog.js";
import { shownBy, writeFilesOf } from "./support/tutorial.js";

const pages = [...readdirSync(join(root, "docs/how-to")).map((name) => `how-to/${name}`), "blueprints.md"];

describe("docs: ", () => {
  it.each(pages)("%s shows what its commands print, one after the other, on the files that it gives", async (name) => {
    const page = readFileSync(join(root, "docs", name), "utf8");
    const folder = await makeFolder();
    await writeFilesOf(page, folder);
    const env = envOf(await startCatalog({ blueprints: [] }));
    await expect(await shownBy(page, folder, env)).toMatchFileSnapshot(`../docs/${name}`);
  });
});
