import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { envOf, makeFolder, root, startCatalog } from "./support/catalog.js";
import { runsAside } from "./support/tutorial.js";

const page = readFileSync(join(root, "docs/tutorial.md"), "utf8");

describe("docs/tutorial.md", () => {
  it("shows what its commands print, one after the other, on the files that it gives", async () => {
    const folder = await makeFolder();
    for (const [, name = "", text = ""] of page.matchAll(/<!-- file (\S+) -->\n```\w+\n([\s\S]*?)```/g))
      await writeFile(join(folder, name), text);
    const env = envOf(await startCatalog({ blueprints: [] }));
    let shown = "";
    let from = 0;
    for (const block of page.matchAll(/```console\n([\s\S]*?)```/g)) {
      const commands = [...(block[1] as string).matchAll(/^\$ (.*)$/gm)].map(([, command]) => command as string);
      let inside = "";
      for (const command of commands) inside += `$ ${command}\n${await runsAside(command, folder, env)}`;
      shown += `${page.slice(from, block.index)}\`\`\`console\n${inside}\`\`\``;
      from = block.index + block[0].length;
    }
    await expect(shown + page.slice(from)).toMatchFileSnapshot("../docs/tutorial.md");
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
