import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./support/catalog.js";

/** Turns of phrase that stop a reader, with what reads better. */
const dialect: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:is|are) no (?:text|number|boolean|list|object|address|e-?mail|ipv[46]|url|date(?:-time)?|mapping|JSON|YAML|language|token|folder|file of|form|verdict|identifiers?)\b/,
    "is not a …",
  ],
  [/\bgot text that is none\b/, "is not a number"],
  [/\bexpects an? [^,.;]*, as \w/, "such as"],
  [/\bRelations end right\b|\bround a cycle\b/, "Relations are set correctly, even in a cycle"],
  [/\btalk to stderr\b/, "messages to stderr"],
  [/, and at once\b/, "and in one burst"],
  [/\bthat Port has otherwise\b/, "that differ from Port's"],
  [/\bis no text to jq but\b/, "to jq … is a function"],
  [/\bas the number format, with\b|\bbetween thousands says\b/, "does not match the number format"],
  [/\bnobody's to\b/, "is left alone"],
  [/\btold as\b|\b(?:is|are) told (?:at once|with|by|in)\b/, "is reported"],
  [/\bwants? a person\b/, "somebody should look"],
  [/\blapses\b/, "expires"],
  [/\bfor want of\b/, "because … is missing"],
  [/\bbut for (?:what|those|the)\b/, "except"],
];

function pages(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "api" ? [] : pages(path);
    // The emulator's page speaks Port's words; the library's pages follow its source.
    return /\.md$/.test(entry.name) && !["emulator.md", "library.md"].includes(entry.name) ? [path] : [];
  });
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "emulator" ? [] : sources(path);
    return /\.ts$/.test(entry.name) ? [path] : [];
  });
}

/** The texts of a source file: what is between quotes, without comments. */
const texts = (code: string): string =>
  code
    .replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, "")
    .split("\n")
    .map((line) => [...line.matchAll(/"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`?/g)].map(([text]) => text).join(" "))
    .join("\n");

const found = (name: string, text: string): readonly string[] =>
  text.split("\n").flatMap((line, index) =>
    dialect.flatMap(([words, better]) => {
      const [said] = words.exec(line) ?? [];
      return said === undefined ? [] : [`${name}:${index + 1}: "${said}"; better: ${better}`];
    }),
  );

describe("read aloud, no sentence stops a reader", () => {
  it("in README and docs", () => {
    const read = ["README.md", ...pages("docs")];
    expect(read.flatMap((name) => found(name, readFileSync(join(root, name), "utf8")))).toEqual([]);
  });

  it("in the program's messages and help", () => {
    expect(sources("src").flatMap((name) => found(name, texts(readFileSync(join(root, name), "utf8"))))).toEqual([]);
  });
});
