import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { envOf, makeFolder, root, startCatalog } from "./support/catalog.js";
import { cloneProject, installPackage } from "./support/package.js";
import { missingFrom, type Part, partsOf } from "./support/pages.js";
import { startShell } from "./support/shell.js";

/**
 * Every shell block of README and docs is run, a page from its top to its bottom in one folder, and prints what the page shows below it: in a clone, and in an
 * empty folder in which the packed file was installed.
 */

/** Blocks that are not run, by how they begin. */
const left: readonly (readonly [start: string, why: string])[] = [
  ["npm test", "it runs this test"],
  ["npm install ./portload-", "the folder has the packed file installed; package.long.test.ts runs the demo of it"],
  ["portload emulator", "tutorial.long.test.ts runs that page, with an emulator of its own"],
  ["docker build", "no registry of images is at hand; container.long.test.ts runs the steps"],
];

/** A block of this line alone points at the emulator of that page. */
const pointsAtTutorial =
  "export PORT_API_URL=http://127.0.0.1:4455/v1 PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload";

const pagesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);
const pages = ["README.md", "CONTRIBUTING.md", "samples/README.md", ...pagesIn("docs")]
  .filter((page) => existsSync(join(root, page)))
  .map((page) => ({ page, parts: partsOf(join(root, page), page) }))
  .filter(({ parts }) => parts.some((part) => "script" in part));

/** What only a clone has; a page that uses it is for those who have one. */
const needsClone = /\bnpm (ci|run|link)\b|\b(?:examples|samples)\//;

const places = {
  "a clone": cloneProject,
  "an empty folder with the packed file": async (folder: string) => void (await installPackage(folder)),
};

describe.each(Object.keys(places) as (keyof typeof places)[])("in %s", (place) => {
  const ofHere = pages.flatMap(({ page, parts }) => {
    const kept = parts.filter((part) => !("script" in part && isLeft(part.script.text)));
    const fitting =
      place === "a clone" ? kept : kept.filter((part) => !("script" in part && needsClone.test(part.script.text)));
    return fitting.some((part) => "script" in part) ? [[page, fitting] as const] : [];
  });

  it.each(ofHere)("%s does what it shows", async (page, parts) => {
    const folder = await makeFolder();
    await places[place](folder);
    // A page that does not install continues from where README ends.
    if (place === "a clone" && !parts.some((part) => "script" in part && part.script.text.includes("npm ci")))
      for (const name of ["dist", "node_modules"]) symlinkSync(join(root, name), join(folder, name));
    expect(await play(parts, folder), page).toEqual([]);
  });
});

const isLeft = (text: string): boolean =>
  left.some(([start]) => text.startsWith(start)) || text.trim() === pointsAtTutorial;

/** Does what a page says; gives what came otherwise. */
async function play(parts: readonly Part[], folder: string): Promise<readonly string[]> {
  const emulator = await startCatalog();
  const { PATH = "", HOME = "/" } = process.env;
  const shell = startShell(folder, await makeFolder(), { PATH, HOME, NO_COLOR: "1", ...envOf(emulator) });
  onTestFinished(() => shell.close());
  const wrong: string[] = [];
  for (const part of parts) {
    if ("file" in part) {
      mkdirSync(dirname(join(folder, part.file.name)), { recursive: true });
      writeFileSync(join(folder, part.file.name), part.file.text);
      continue;
    }
    const { page, line, text, shows } = part.script;
    // A placeholder means what the reader knows; here the environment has it.
    const { printed, failed } = await shell.run(text.replaceAll(/^export .*=….*$/gm, ""));
    const missing = shows === undefined ? [] : missingFrom(shows, printed);
    // A page may show how a command fails.
    const isFailure = failed.includes(127) || (failed.length > 0 && shows === undefined);
    if (missing.length > 0 || isFailure)
      wrong.push(
        `${page}:${line} exit codes ${failed.join(" ")}, not printed: ${missing.join(" | ")}; printed:\n${printed}`,
      );
  }
  return wrong;
}
