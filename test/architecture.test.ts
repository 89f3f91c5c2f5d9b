import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const src = resolve(import.meta.dirname, "../src");

/** The words that everything else uses; they import each other and libraries only. */
const words = [
  "blueprint",
  "chunk",
  "clock",
  "decimal",
  "entity",
  "errors",
  "nearest",
  "outcome",
  "pattern",
  "source-options",
  "record",
  "reject",
  "reply",
  "same-value",
  "secrets",
  "shown-value",
  "verdict",
  "warning",
] as const;

/** What a room may import besides the words and itself. `recipes` joins stages, `cli` calls recipes. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  read: [],
  map: [],
  check: [],
  order: [],
  settle: [],
  write: [],
  state: [],
  plan: [],
  api: [],
  report: ["pages"],
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
    "order",
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
const roomOf = (file: string): string => {
  // Options are words, a file for each group.
  if (file.startsWith("options/")) return "words";
  if (file.includes("/")) return file.slice(0, file.indexOf("/"));
  return (words as readonly string[]).includes(file.replace(/\.ts$/, "")) ? "words" : "root";
};
const imports = files.flatMap(importsOf);
const codeOf = (file: string): string => textOf(file).replace(/\/\*\*[\s\S]*?\*\//g, "");
const filesWith = (pattern: RegExp): string[] => files.filter((file) => pattern.test(codeOf(file)));

describe("the layout's rules", () => {
  it("has files to check", () => {
    expect(files.length).toBeGreaterThan(40);
    expect(imports.length).toBeGreaterThan(100);
  });

  it("lets the words import only each other", () => {
    expect(imports.filter(({ from, to }) => roomOf(from) === "words" && roomOf(to) !== "words")).toEqual([]);
  });

  it.each(Object.entries(mayImport))("lets %s import the words, itself and %j", (room, others) => {
    const allowed = ["words", room, ...others];
    expect(imports.filter(({ from, to }) => roomOf(from) === room && !allowed.includes(roomOf(to)))).toEqual([]);
  });

  it("knows every room", () => {
    const rooms = new Set(files.map(roomOf));
    expect([...rooms].filter((room) => !["words", "root", ...Object.keys(mayImport)].includes(room))).toEqual([]);
  });

  it("keeps console, TTY, argv, signals and the exit code in cli", () => {
    expect(
      filesWith(/\bconsole\.|process\.(exit|argv|stdin|stdout|stderr|on\b|once\b)|\.isTTY\b/).filter(
        (file) => roomOf(file) !== "cli",
      ),
    ).toEqual([]);
  });

  it("keeps the exit code in one file of cli", () => {
    expect(filesWith(/process\.exit/)).toEqual(["cli/main.ts"]);
  });

  it("sends API traffic from one file", () => {
    expect(
      filesWith(/from "undici"/).filter((file) => roomOf(file) === "api" && /\brequest\(/.test(textOf(file))),
    ).toEqual(["api/request.ts"]);
    expect(
      filesWith(/from "undici"|\bfetch\(/).filter(
        (file) => !["api", "read"].includes(roomOf(file)) && file !== "studio/page/api.ts",
      ),
    ).toEqual([]);
  });

  it("lets the studio's page take nothing but types from outside its folder", () => {
    const outside = /^import (?!type )[^;]*from "\.\.\//m;
    expect(files.filter((file) => file.startsWith("studio/page/") && outside.test(textOf(file)))).toEqual([]);
  });

  it("opens sources in one file", () => {
    expect(filesWith(/createReadStream/).filter((file) => roomOf(file) === "read")).toEqual(["read/open.ts"]);
  });

  it("keeps decisions pure: no clock, chance or disk in order, settle, map's and check's decisions, and retry", () => {
    const pure = files.filter((file) => ["order", "settle", "plan"].includes(roomOf(file)) || file === "api/retry.ts");
    const impure = /Date\.now|Math\.random|setTimeout|node:fs|undici/;
    expect(pure.filter((file) => impure.test(textOf(file)))).toEqual([]);
  });

  it("keeps files at 250 lines", () => {
    const lines = files.map((file) => [file, textOf(file).split("\n").length - 1] as const);
    expect(lines.filter(([, count]) => count > 250)).toEqual([]);
  });

  it("has no folder that names no stage", () => {
    expect(files.filter((file) => /(^|\/)(utils?|common|helpers|shared|types)(\/|\.ts$)/.test(file))).toEqual([]);
  });
});
