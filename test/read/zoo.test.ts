import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sourceOptions } from "../../src/source-options.js";
import { gather, stdin } from "./read-text.js";

const fixtures = join(import.meta.dirname, "../fixtures");
const page = readFileSync(join(import.meta.dirname, "../../docs/reading.md"), "utf8");
const table = page.slice(page.indexOf("| file | options | outcome |"));

interface Row {
  readonly file: string;
  readonly options: string;
  readonly outcome: string;
}

/** Rows of the page's table: file, options under `source`, outcome. */
const rows: Row[] = [...table.matchAll(/^\| `([^`]+)` \| (?:`([^`]+)`)? ?\| (.+) \|$/gm)].map(
  ([, file = "", options = "", outcome = ""]) => ({ file, options, outcome }),
);
const files = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
  .map(({ name }) => name);

describe("the table of faults in docs/reading.md", () => {
  it("has each file of the fixtures and no other", () => {
    expect([...new Set(rows.map(({ file }) => file))].sort()).toEqual(files.sort());
  });

  it.each(rows)("reports what becomes of $file with $options", async ({ file, options, outcome }) => {
    const outcomeText = await outcomeOf(file, options);
    // Node's own decoder gives what came before the cut, the one for older versions of Node does not.
    expect(/zstd-cut/.test(file) ? outcomeText.replace(/^\d+ records? · /, "") : outcomeText).toBe(outcome);
  });
});

/** What reading a fixture comes to, in a line. */
async function outcomeOf(file: string, options: string): Promise<string> {
  const given = sourceOptions.parse(options === "" ? {} : parse(`{${options}}`));
  const source = { ...stdin, path: join(fixtures, file), name: file };
  const { records, rejects, warnings, error } = await gather(given, {}, source);
  const parts: string[] = [];
  if (records.length + rejects.length > 0) parts.push(records.length === 1 ? "1 record" : `${records.length} records`);
  for (const { code, at } of rejects) {
    parts.push(`reject \`${code}\` at ${at.line === undefined ? `record ${at.position}` : `line ${at.line}`}`);
  }
  for (const { code } of warnings) parts.push(`warning \`${code}\``);
  if (error !== undefined) {
    const { message, hint = "" } = error as { message: string; hint?: string };
    const kind = hint.startsWith("Say which under source") ? "question" : "error";
    parts.push(`${kind}: ${message.slice(file.length + 2).replaceAll("|", "\\|")}`);
  }
  return parts.join(" · ");
}
