import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseMapping } from "../../src/map/mapping-file.js";
import { applyBlueprintFiles } from "../../src/recipes/apply-blueprints.js";
import { runImport } from "../../src/recipes/import.js";
import { proposeMapping } from "../../src/recipes/init.js";
import { lint } from "../../src/recipes/lint.js";
import { envOf, makeFolder, startCatalog } from "./catalog.js";

/** Writes files into a folder of their own. */
export async function filesIn(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await makeFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** A table: its header, and so many rows. */
export const tableOf = (header: string, count: number, row: (index: number) => string): string =>
  [header, ...Array.from({ length: count }, (_, index) => row(index)), ""].join("\n");

/** Proposes for sources, and writes the mapping and the blueprints. */
export async function proposeFor(sources: readonly string[], given: { readonly limit?: number } = {}) {
  const folder = await makeFolder();
  const [out, blueprintsOut] = [join(folder, "mapping.yaml"), join(folder, "blueprints")];
  const proposed = await proposeMapping({ sources: [...sources], out, blueprintsOut, ...given });
  const { resources, ...mapping } = parseMapping(proposed.mapping, "mapping.yaml");
  const entities = Object.fromEntries(resources.map(({ kind, entity }) => [kind, entity]));
  const blueprints = Object.fromEntries(proposed.blueprints.map((blueprint) => [blueprint.identifier, blueprint]));
  return { ...proposed, folder, out, blueprintsOut, parsed: mapping, entities, blueprints };
}

/** Lints what was proposed, of which nothing may be said but that a column is not read, and imports the sources by it into an empty catalog. */
export async function importBy(
  { folder, out, blueprintsOut }: Pick<Awaited<ReturnType<typeof proposeFor>>, "folder" | "out" | "blueprintsOut">,
  sources: readonly string[],
) {
  const alone = await lint({ mappings: [out], blueprints: blueprintsOut });
  const findings = await lint({ mappings: [out], blueprints: blueprintsOut, source: [...sources] });
  const env = envOf(await startCatalog({ blueprints: [] }));
  await applyBlueprintFiles([blueprintsOut], { env });
  const { report } = await runImport({ sources: [...sources], mapping: out, stateDir: join(folder, "state") }, { env });
  const faults = [...alone, ...findings.filter(({ severity }) => severity !== "note")].map(({ code }) => code);
  return { env, report, faults };
}
