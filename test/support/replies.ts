import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { writeConformance } from "./conformance-table.js";

const root = resolve(import.meta.dirname, "../..");
const description = join(root, "../shared/openapi/port-openapi.yaml");

/**
 * Makes the folder in which all processes of a run of the suite note what emulators replied, and looks at it in the end: the run fails when a program that a test
 * spawned got a reply that breaks Port's API description. With `PORTLOAD_CONFORMANCE=1` the end writes the table of docs/emulator.md.
 */
export default async function watchReplies(): Promise<() => Promise<void>> {
  const folder = join(root, "node_modules/.cache/portload", `replies-${process.pid}`);
  await mkdir(folder, { recursive: true });
  process.env.PORTLOAD_REPLIES = folder;
  // As JSON, because every process reads it and reading the YAML takes half a second.
  if (existsSync(description)) {
    const document: unknown = parse(await readFile(description, "utf8"), { maxAliasCount: -1 });
    await writeFile(join(folder, "description.json"), JSON.stringify(document));
  }
  return async () => {
    const notes = async (kind: string): Promise<string[]> => {
      const names = (await readdir(folder)).filter((name) => name.startsWith(`${kind}-`));
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
      return [...new Set(texts.flatMap((text) => text.split("\n")).filter((line) => line !== ""))].sort();
    };
    const [cells, breaches] = [await notes("cells"), await notes("breaches")];
    if (process.env.PORTLOAD_CONFORMANCE === "1") await writeConformance(join(root, "docs/emulator.md"), folder, cells);
    await rm(folder, { recursive: true, force: true });
    if (breaches.length > 0) throw new Error(`replies that break Port's API description:\n${breaches.join("\n")}`);
  };
}
