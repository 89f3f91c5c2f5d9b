import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder, root } from "../support/catalog.js";

const mapping = `resources:
  - kind: things
    selector: { query: "true" }
    port: { entity: { mappings: { identifier: .id, blueprint: '"thing"', properties: { name: .name } } } }
`;

async function preview(text: string, ...flags: string[]) {
  const folder = await makeFolder();
  await writeFile(join(folder, "m.yaml"), mapping);
  await writeFile(join(folder, "things.csv"), text);
  const args = [join(root, "dist/cli/main.js"), "preview", "things.csv", "-m", "m.yaml", ...flags];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", input: "" });
}

describe("the command line", () => {
  it("says on stderr how a source is read, unless it is to be quiet", async () => {
    const { stdout, stderr, status } = await preview("id,name\n1,a\n");
    expect(status).toBe(0);
    expect(stdout).toBe('{"blueprint":"thing","identifier":"1","properties":{"name":"a"},"relations":{}}\n');
    expect(stderr.split("\n")[0]).toBe(
      'things.csv: CSV, UTF-8, delimiter ",", quote ", header in line 1: id, name (2 columns)',
    );
    expect((await preview("id,name\n1,a\n", "--quiet")).stderr).toBe("");
  });

  it("stops with exit code 3 and the lines for the mapping where a source is in doubt and nobody can be asked", async () => {
    const { stdout, stderr, status } = await preview("id;name\n1;a\n");
    expect({ stdout, stderr, status }).toEqual({
      stdout: "",
      stderr: `portload: things.csv: by the delimiter "," its header has 1 column, by ";" 2 columns
  Say which under source (or sources.<kind>) in the mapping:
    csv: { delimiter: ";" }   # 2 columns
    csv: { delimiter: "," }   # 1 column
`,
      status: 3,
    });
  });
});
