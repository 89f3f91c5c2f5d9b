import { readFileSync } from "node:fs";

/** A shell block of a page. */
export interface Script {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  /** The block below it without a language or as `text`: what it prints, as far as the page shows it. */
  readonly shows: string | undefined;
}

/** A block of a page that is a file: its first line is a comment with the name, or the line above it ends with the name in backticks and a colon. */
export interface PageFile {
  readonly name: string;
  readonly text: string;
}

export type Part = { readonly script: Script } | { readonly file: PageFile };

/** Reads what a reader of a Markdown page would run and write, in order. */
export function partsOf(path: string, page: string): readonly Part[] {
  const lines = readFileSync(path, "utf8").split("\n");
  const parts: Part[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, indent, language] = /^(\s*)```(\w*)\s*$/.exec(lines[at] ?? "") ?? [];
    if (language === undefined || indent === undefined) continue;
    const body = bodyFrom(at + 1, indent);
    if (language === "sh") {
      const below = lines.findIndex((text, n) => n > body.end && text.trim() !== "");
      const isShown = /^\s*```(text)?\s*$/.test(lines[below] ?? "");
      const shows = isShown ? bodyFrom(below + 1, indent) : undefined;
      parts.push({ script: { page, line: at + 2, text: body.text, shows: shows?.text } });
      at = shows?.end ?? body.end;
      continue;
    }
    const name = nameOf(body.text, lines.slice(0, at));
    if (name !== undefined) parts.push({ file: { name, text: body.text } });
    at = body.end;
  }
  return parts;

  function bodyFrom(from: number, indent: string): { text: string; end: number } {
    const end = lines.findIndex((text, n) => n >= from && text.trimEnd() === `${indent}\`\`\``);
    if (end < 0) throw new Error(`${page}:${from}: a block that does not end`);
    return { text: `${lines.slice(from, end).join("\n")}\n`, end };
  }
}

const fileName = /[\w./-]+\.(?:ya?ml|json|ndjson|csv|tsv|mjs|ts|sh)/;

function nameOf(text: string, above: readonly string[]): string | undefined {
  const inside = new RegExp(`^(?:#|//) (${fileName.source})\\s*$`, "m").exec(text.split("\n")[0] ?? "");
  if (inside !== null) return inside[1];
  const before = [...above].reverse().find((line) => line.trim() !== "");
  return new RegExp(`\`(${fileName.source})\`:$`).exec(before ?? "")?.[1];
}

/** A printed line without what differs from run to run: times, ids, ports, durations, rates, versions of packages. */
export function withoutChance(line: string): string {
  return line
    .replaceAll(/\d{8}T\d{9}Z-[0-9a-f]{4}/g, "<id>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>")
    .replaceAll(/[\d.,]+ (?:ms|s|min)\b/g, "<time>")
    .replaceAll(/[\d.,]+ (entities|requests|records)\/s\b/g, "<n> $1/s")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** The lines that a page shows and a run did not print, or not in that order; `…` means any. */
export function missingFrom(shown: string, printed: string): readonly string[] {
  const left = printed.split("\n").map(withoutChance);
  const missing: string[] = [];
  for (const line of shown.split("\n").map(withoutChance)) {
    if (line === "" || line === "…") continue;
    const at = left.findIndex((text) => matches(line, text));
    if (at < 0) missing.push(line);
    else left.splice(0, at + 1);
  }
  return missing;
}

function matches(shown: string, printed: string): boolean {
  const parts = shown.split("…").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(printed);
}
