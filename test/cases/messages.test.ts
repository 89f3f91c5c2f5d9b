import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RejectGroup } from "../../src/report/group-causes.js";
import { faultAndFix } from "../../src/report/words.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";
import { runInProcess } from "../support/in-process.js";
import { ofCase } from "./sample.js";

const host = blueprintOf("host", {
  schema: {
    properties: {
      cost: { type: "number" },
      link: { type: "string", format: "url" },
      tags: { type: "array", items: { type: "string" } },
    },
  },
  relations: { uses: { target: "host", many: true, required: false } },
});

/** Previews and imports a CSV, typed; gives what the terminal shows of both and the report. */
async function reported(text: string | Buffer, mappings: Readonly<Record<string, unknown>>) {
  const folder = await makeFolder();
  const emulator = await startCatalog({ blueprints: [host] });
  const [path, mapping] = [join(folder, "hosts.csv"), join(folder, "m.yaml")];
  await writeFile(path, text);
  await writeFile(
    mapping,
    `source: { blanks: [""] }\nresources: [{ kind: hosts, port: { entity: { mappings: ${JSON.stringify({ identifier: ".id", blueprint: '"host"', ...mappings })} } } }]\n`,
  );
  const report = join(folder, "r.json");
  const args = ["import", path, "-m", mapping, "--state-dir", join(folder, "state"), "--no-color"];
  const page = join(folder, "r.md");
  const { code, stderr } = await runInProcess([...args, "--report", report, "--report", page], envOf(emulator));
  expect(code).toBe(1);
  const { rejects, faults } = JSON.parse(await readFile(report, "utf8"));
  return { stderr, rejects: rejects as RejectGroup[], faults, page: await readFile(page, "utf8") };
}

const long = "a".repeat(1001);
const names = ["Prod DB 01", "a b", "srv x", "srv#1", "srv (old)", "srv(", "a&b", long, "..", "ok"];

describe("messages", () => {
  it("reading/35 one message for different faults: each cause of a bad identifier has its own, with its count", async () => {
    const { rejects, stderr } = await reported(`id,name\n${names.map((name) => `${name},x\n`).join("")}`, {});
    const causes = rejects.map((group) => [group.count, faultAndFix(group).fault.replace(/;.*/, "")]);
    expect(causes).toEqual([
      [4, "the identifier holds a space"],
      [1, 'the identifier holds "#"'],
      [1, 'the identifier holds "("'],
      [1, 'the identifier holds "&"'],
      [1, "the identifier is longer than 1000 characters"],
      [1, 'the identifier is "." or ".."'],
    ]);
    for (const [, cause] of causes) expect(stderr).toContain(cause);
    const file = ofCase("35-one-message-for-different-faults", "hosts.csv");
    if (file === undefined) return;
    const own = (await reported(file, {})).rejects;
    expect(own.length).toBeGreaterThan(6);
    expect(own.find(({ message }) => message.includes("holds a space"))?.count).toBeLessThan(5);
  });

  it("reading/35 the same of numbers: a percentage, a unit, thousands and no number at all are told apart", async () => {
    const values = ["NaN", "-", "50%", "16 GB", '"1,000"', "3"];
    const { rejects } = await reported(`id,cost\n${values.map((value, n) => `h${n},${value}\n`).join("")}`, {
      properties: { cost: ".cost" },
    });
    expect(rejects.length).toBe(5);
    expect(rejects.map(({ count }) => count)).toEqual([1, 1, 1, 1, 1]);
  });

  it("writing/14 further faults hidden: all causes of all columns are on the terminal and in every report", async () => {
    const tags =
      'id,tags,link,cost,squad\na,"x,y,z",example.com,"1,000",\nb,x;y,http://a b,12 EUR,"r1, r2"\nc,x|y,https://ok,$5,R 1\nd,x,ftp://f,50%,\n';
    const { stderr, faults, page } = await reported(tags, {
      properties: { tags: ".tags", link: ".link", cost: ".cost" },
      relations: { uses: ".squad" },
    });
    const count = (path: string): number =>
      faults
        .filter((fault: { path: string }) => fault.path === path)
        .reduce((sum: number, { count }: { count: number }) => sum + count, 0);
    expect([count("properties.tags"), count("properties.cost"), count("relations.uses")]).toEqual([4, 4, 2]);
    expect(count("properties.link")).toBeGreaterThanOrEqual(2);
    expect(stderr).toContain("further faults of what failed\n");
    for (const path of ["properties.cost", "properties.link", "relations.uses"])
      expect(stderr.split("further faults of what failed")[1]).toContain(`host ${path}: `);
    expect(page).toContain("## Further faults of what failed");
    for (const separator of [",", ";", "|"]) expect(stderr).toContain(`split("${separator}")`);
  });
});
