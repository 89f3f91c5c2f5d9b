import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lint } from "../../src/recipes/lint.js";
import { makeFolder } from "../support/catalog.js";

/** Milliseconds of this process's CPU that a lint takes of a mapping of so many resources, each with expressions of its own. */
async function cpuOf(resources: number): Promise<number> {
  const file = join(await makeFolder(), "mapping.yaml");
  const one = (i: number) => `  - kind: k${i}
    selector: { query: '.state${i} != "gone"' }
    port: { entity: { mappings: { identifier: '.id + "-${i}"', title: .name, blueprint: '"svc${i % 200}"', properties: { lang: .lang, cost: .cost } } } }
`;
  await writeFile(file, `resources:\n${Array.from({ length: resources }, (_, i) => one(i)).join("")}`);
  const before = process.cpuUsage();
  const findings = await lint({ mappings: [file] });
  const { user, system } = process.cpuUsage(before);
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  return (user + system) / 1000;
}

it("a lint of 8,000 resources takes seconds, and four times as long as one of 2,000", async () => {
  await cpuOf(500);
  const small = await cpuOf(2000);
  const large = await cpuOf(8000);
  expect(large).toBeLessThan(30_000);
  expect(large / small).toBeLessThan(8);
  process.stderr.write(
    `lint: 2,000 resources ${Math.round(small)} ms, 8,000 resources ${Math.round(large)} ms of CPU\n`,
  );
});
