import { readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../support/catalog.js";

/** The source files that a file loads before its first line runs: those it imports, and theirs. */
function loadedBy(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const code = readFileSync(path, "utf8");
  for (const [, names = "", from = ""] of code.matchAll(
    /^(?:import|export) (type )?[^"'();]*?from "(\.[^"]+)\.js";/gm,
  )) {
    if (names !== "") continue;
    loadedBy(`${join(dirname(path), from)}.ts`, seen);
  }
  return seen;
}

const foldersOf = (file: string): readonly string[] =>
  [
    ...new Set(
      [...loadedBy(join(root, "src/cli", file))].map((path) => relative(join(root, "src"), path).split("/")[0] ?? ""),
    ),
  ].sort();

describe("what a short command loads", () => {
  it.each(["program.ts", "catalog.ts", "blueprint.ts", "commands.ts"])(
    "is not a reader, mapping or picture, for %s",
    (file) => {
      expect(
        foldersOf(file).filter((folder) =>
          ["read", "map", "lint", "init", "emulator", "studio", "pages"].includes(folder),
        ),
      ).toEqual([]);
    },
  );

  it("is not a library of schemas, for help and for one request", () => {
    for (const file of ["program.ts", "catalog.ts"]) {
      const loaded = [...loadedBy(join(root, "src/cli", file))];
      expect(loaded.filter((path) => /from "(?:zod|ajv|yaml)/.test(readFileSync(path, "utf8")))).toEqual([]);
    }
  });

  it("leaves the picture of the progress to its first frame", () => {
    for (const file of ["load.ts", "plan.ts", "under-way.ts"])
      expect([...loadedBy(join(root, "src/cli", file))].filter((path) => path.includes("progress-picture"))).toEqual(
        [],
      );
  });
});

it.skipIf(process.platform === "win32")(
  "stays executable through a build (skipped on Windows, which has no such mode)",
  () => {
    expect(statSync(join(root, "dist/cli/main.js")).mode & 0o111).toBe(0o111);
  },
);
