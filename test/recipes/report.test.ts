import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runImport } from "../../src/recipes/import.js";
import type { RunContext } from "../../src/recipes/run/connect.js";
import type { Report } from "../../src/report/report.js";
import { version } from "../../src/version.js";
import { blueprintOf, envOf, makeFolder, startCatalog } from "../support/catalog.js";

const mapping = `resources:
  - kind: things
    port: { entity: { mappings: { identifier: .id, blueprint: '"thing"', properties: { size: .size, "note": '.note // .id' } } } }
`;

describe("a report", () => {
  it("reports what the import was made with: version, mapping, target, sources, columns that nothing reads, and how to do it again", async () => {
    const emulator = await startCatalog({
      blueprints: [
        blueprintOf("thing", { schema: { properties: { size: { type: "number" }, note: { type: "string" } } } }),
      ],
    });
    const folder = await makeFolder();
    const source = join(folder, "things.csv");
    const file = join(folder, "map it.yaml");
    await writeFile(source, "id,size,note,Rack unit,owner\na,1,x,3,me\nb,big,y,4,you\nc,large,z,5,us\n");
    await writeFile(file, mapping);
    const context: RunContext = {
      env: envOf(emulator),
      commandLine: ["import", "https://me:secret@example.com/a.csv?sig=secret", "-m", "map it.yaml"],
    };
    const { report, folder: state = "" } = await runImport(
      { sources: [source], mapping: file, stateDir: folder, report: [join(folder, "report.html")] },
      context,
    );
    expect(report).toMatchObject({
      schemaVersion: 2,
      version,
      mapping: file,
      target: emulator.url,
      commandLine: "portload import https://example.com/a.csv -m 'map it.yaml'",
      sources: [{ name: source, bytes: (await stat(source)).size, records: 3 }],
      unmappedColumns: [{ source, columns: ["Rack unit", "owner"] }],
      faults: [{ code: "wrong_type", blueprint: "thing", path: "properties.size", count: 2 }],
      rejects: [
        {
          code: "wrong_type",
          count: 2,
          samples: [
            { source, position: 2, line: 3, value: "big" },
            { source, position: 3, line: 4, value: "large" },
          ],
        },
      ],
    });
    const timeline = report.timeline ?? [];
    const sum = (name: "requests" | "entities") => timeline.reduce((all, point) => all + point[name], 0);
    expect(sum("requests")).toBe(report.requests.total);
    expect(sum("entities")).toBe(1);
    expect(JSON.parse(await readFile(join(state, "report.json"), "utf8")) as Report).toEqual(report);
    const page = await readFile(join(folder, "report.html"), "utf8");
    expect(page).not.toContain("secret");
    expect(page).toContain('<code class="chip">Rack unit</code>');
  });
});
