import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const src = resolve(import.meta.dirname, "../src");

/** The core types that everything else uses; they import each other and libraries only. */
const coreTypes = [
  "addresses",
  "blueprint",
  "chunk",
  "entity",
  "errors",
  "given-source",
  "mapping-object",
  "nearest",
  "order",
  "outcome",
  "pattern",
  "source-options",
  "record",
  "reject",
  "reply",
  "run-commands",
  "same-value",
  "secrets",
  "verdict",
  "warning",
] as const;

/** What a folder may import besides the core types and itself. `recipes` joins stages, `cli` calls recipes. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  read: [],
  map: [],
  check: [],
  settle: [],
  write: [],
  state: [],
  plan: [],
  api: [],
  report: ["pages", "plan"],
  pages: [],
  emulator: ["pages"],
  // The page on which a mapping is made; its front end takes types alone.
  studio: ["recipes", "report", "lint", "pages", "root"],
  // Authoring a mapping: beside the way of a record, looking at its parts.
  authoring: ["map"],
  "mapping-test": ["map", "authoring"],
  lint: ["map", "check", "authoring", "mapping-test"],
  init: ["check", "authoring"],
  recipes: [
    "read",
    "map",
    "check",
    "settle",
    "write",
    "state",
    "plan",
    "api",
    "report",
    "authoring",
    "lint",
    "mapping-test",
    "init",
    "root",
  ],
  cli: ["recipes", "plan", "report", "emulator", "lint", "mapping-test", "authoring", "studio", "root"],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => /\.m?[jt]s$/.test(file));
const textOf = (file: string): string => readFileSync(join(src, file), "utf8");
const importsOf = (file: string): Import[] =>
  [...textOf(file).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path]) => ({
    from: file,
    to: relative(src, resolve(src, dirname(file), path as string)).replace(/\.js$/, ".ts"),
  }));
const folderOf = (file: string): string => {
  // Options belong to the core types, a file for each group.
  if (file.startsWith("options/")) return "coreTypes";
  if (file.includes("/")) return file.slice(0, file.indexOf("/"));
  return (coreTypes as readonly string[]).includes(file.replace(/\.ts$/, "")) ? "coreTypes" : "root";
};
const imports = files.flatMap(importsOf);
const codeOf = (file: string): string => textOf(file).replace(/\/\*\*[\s\S]*?\*\//g, "");
const filesWith = (pattern: RegExp): string[] => files.filter((file) => pattern.test(codeOf(file)));

/** Files outside the reader and the state folder that read or write a file piece by piece: what hashes, copies or compares. */
const streamsFiles: readonly string[] = [
  "emulator/snapshot.ts",
  "output-file.ts",
  "recipes/init/sources.ts",
  "recipes/plan-writer.ts",
  "recipes/resume/folder.ts",
];

/** Files that import each other, straight or by others: the names of each circle, sorted. */
function circles(): string[] {
  const targets = new Map(files.map((file) => [file, importsOf(file).map(({ to }) => to)]));
  const reached = new Map<string, Set<string>>();
  const reach = (file: string): Set<string> => {
    const known = reached.get(file);
    if (known !== undefined) return known;
    const found = new Set<string>();
    reached.set(file, found);
    const open = [...(targets.get(file) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop())
      if (!found.has(next)) {
        found.add(next);
        open.push(...(targets.get(next) ?? []));
      }
    return found;
  };
  const round = files.filter((file) => reach(file).has(file));
  return [
    ...new Set(
      round.map((file) => round.filter((other) => reach(file).has(other) && reach(other).has(file)).join(" ")),
    ),
  ];
}

describe("the layout's rules", () => {
  it("has files to check", () => {
    expect(files.length).toBeGreaterThan(40);
    expect(imports.length).toBeGreaterThan(100);
  });

  it("lets the core types import only each other", () => {
    expect(imports.filter(({ from, to }) => folderOf(from) === "coreTypes" && folderOf(to) !== "coreTypes")).toEqual(
      [],
    );
  });

  it.each(Object.entries(mayImport))("lets %s import the core types, itself and %j", (folder, others) => {
    const allowed = ["coreTypes", folder, ...others];
    expect(imports.filter(({ from, to }) => folderOf(from) === folder && !allowed.includes(folderOf(to)))).toEqual([]);
  });

  it("knows every folder", () => {
    const folders = new Set(files.map(folderOf));
    expect([...folders].filter((folder) => !["coreTypes", "root", ...Object.keys(mayImport)].includes(folder))).toEqual(
      [],
    );
  });

  it("keeps console, TTY, argv, signals and the exit code in cli", () => {
    expect(
      filesWith(/\bconsole\.|process\.(exit|argv|stdin|stdout|stderr|on\b|once\b)|\.isTTY\b/).filter(
        (file) => folderOf(file) !== "cli",
      ),
    ).toEqual([]);
  });

  it("keeps the exit code in one file of cli", () => {
    expect(filesWith(/process\.exit/)).toEqual(["cli/main.ts"]);
  });

  it("sends API traffic from one file", () => {
    expect(filesWith(/\brequests\.request\(/)).toEqual(["api/request.ts"]);
    expect(filesWith(/"undici"|"node:https?"/).filter((file) => folderOf(file) === "api")).toEqual([
      "api/connection.ts",
    ]);
    expect(
      filesWith(/"undici"|\bfetch\(/).filter(
        (file) => !["api", "read"].includes(folderOf(file)) && file !== "studio/page/api.ts",
      ),
    ).toEqual([]);
  });

  it("lets the studio's page take nothing but types from outside its folder", () => {
    const outside = /^import (?!type )[^;]*from "\.\.\//m;
    expect(files.filter((file) => file.startsWith("studio/page/") && outside.test(textOf(file)))).toEqual([]);
  });

  it("opens sources in one file", () => {
    expect(filesWith(/createReadStream/).filter((file) => folderOf(file) === "read")).toEqual(["read/open.ts"]);
  });

  it("keeps decisions pure: no clock, chance, network or disk in order, settle, plan, map, check and retry", () => {
    const folders = ["settle", "plan", "map", "check"];
    const pure = files.filter(
      (file) => folders.includes(folderOf(file)) || ["order.ts", "api/retry.ts"].includes(file),
    );
    const impure = /Date\.now|Math\.random|setTimeout|setInterval|node:(fs|http|os|child_process)|undici/;
    // The engine's thread measures how long an expression takes: one that never ends is ended.
    expect(pure.filter((file) => impure.test(textOf(file)))).toEqual(["map/jq-thread.ts"]);
  });

  it("opens files on the floor that joins stages, in the state folder, in the reader, and in few places more", () => {
    const folders = ["cli", "recipes", "state", "read", "report", "emulator", "studio", "root"];
    expect(files.filter((file) => /node:fs/.test(textOf(file)) && !folders.includes(folderOf(file)))).toEqual([]);
    const streams = /createReadStream|createWriteStream|import \{[^}]*\bopen\b[^}]*\} from "node:fs\/promises"/;
    const outside = filesWith(streams).filter((file) => !["read", "state"].includes(folderOf(file)));
    expect(outside.sort()).toEqual(streamsFiles);
  });

  it("has no circle of imports, types included", () => {
    expect(circles()).toEqual([]);
  });

  it("lets nothing that every import needs import what resume and retry add", () => {
    const adds = imports.filter(({ to }) => to.startsWith("recipes/resume/")).map(({ from }) => from);
    const allowed = ["recipes/resume.ts", "recipes/retry.ts"];
    expect(adds.filter((file) => !file.startsWith("recipes/resume/") && !allowed.includes(file))).toEqual([]);
  });

  it("declares a type's name once", () => {
    const declared = new Map<string, string[]>();
    for (const file of files)
      for (const [, name = ""] of textOf(file).matchAll(/^(?:export )?(?:abstract )?(?:interface|type|class) (\w+)/gm))
        declared.set(name, [...(declared.get(name) ?? []), file]);
    expect([...declared].filter(([, at]) => at.length > 1)).toEqual([]);
  });

  it("keeps files at 250 lines", () => {
    const lines = files.map((file) => [file, textOf(file).split("\n").length - 1] as const);
    expect(lines.filter(([, count]) => count > 250)).toEqual([]);
  });

  it("folds a folder of fewer than three files into its neighbour", () => {
    const sizes = new Map<string, number>();
    for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
    expect([...sizes].filter(([, count]) => count < 3)).toEqual([]);
  });

  it("has no folder that names no stage", () => {
    expect(files.filter((file) => /(^|\/)(utils?|common|helpers|shared|types)(\/|\.ts$)/.test(file))).toEqual([]);
  });
});
