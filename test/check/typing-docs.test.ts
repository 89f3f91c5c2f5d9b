import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { booleanWords } from "../../src/check/compile-blueprint.js";
import { columnRows } from "../map/columns-table.js";
import { kinds, type Row } from "./typing-table.js";

const page = resolve(import.meta.dirname, "../../docs/typing.md");

/** The page with its blocks made again. `UPDATE_DOCS=1` writes it. */
function rendered(text: string): string {
  return within(within(text, "kinds", kindsTable()), "columns", columnsTable());
}

function within(text: string, name: string, block: string): string {
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const [before = "", rest = ""] = text.split(open);
  return `${before}${open}${block}${close}${rest.split(close)[1] ?? ""}`;
}

function kindsTable(): string {
  const rows = Object.entries(kinds).map(
    ([name, { property, accepts, becomes, refuses, rows: examples }]) =>
      `| ${name} | ${property} | ${accepts} | ${becomes} | ${refuses} | ${examplesOf(examples)} |`,
  );
  return `| kind | property | accepts | becomes | refuses | examples |\n|---|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

/** At most four that are sent and four that are refused. */
function examplesOf(rows: readonly Row[]): string {
  const sent = rows.flatMap(([, value, outcome]) =>
    typeof outcome === "string"
      ? []
      : [`${code(value)} → ${code(outcome.is)}${outcome.warned === undefined ? "" : " (warned)"}`],
  );
  const refused = rows.flatMap(([, value, outcome]) => (typeof outcome === "string" ? [`${code(value)} ✗`] : []));
  return [...new Set(sent)]
    .slice(0, 4)
    .concat([...new Set(refused)].slice(0, 4))
    .join("<br>");
}

function columnsTable(): string {
  const rows = columnRows.map(
    ([format, cell, outcome]) =>
      `| ${code(format)} | ${code(cell)} | ${outcome === "column_invalid" ? "✗" : code(outcome)} |`,
  );
  return `| format | cell | becomes |\n|---|---|---|\n${rows.join("\n")}\n`;
}

function code(value: unknown): string {
  const text = JSON.stringify(value).replaceAll("|", "\\|");
  const short = [...text].length > 60 ? `${[...text].slice(0, 60).join("")}…` : text;
  return `\`${short.replaceAll("\u00A0", "\\u00A0").replaceAll("\u202F", "\\u202F")}\``;
}

describe("docs/typing.md", () => {
  it("has every kind and every column example of the tests (UPDATE_DOCS=1 makes its tables again)", () => {
    const text = readFileSync(page, "utf8");
    if (process.env.UPDATE_DOCS === "1") writeFileSync(page, rendered(text));
    expect(readFileSync(page, "utf8")).toBe(rendered(text));
  });

  it("names every word that is a boolean", () => {
    const words = kinds.boolean?.accepts
      .match(/`[^`]+`/g)
      ?.join(" ")
      .replaceAll("`", "")
      .split(" ");
    expect(words).toEqual([...booleanWords.keys()]);
  });

  it("has an example that is sent for every kind, and one that is refused for every kind that refuses text", () => {
    const taken = Object.values(kinds).map(({ rows }) => rows.some(([, , outcome]) => typeof outcome !== "string"));
    expect(taken.every(Boolean)).toBe(true);
    expect(Object.keys(kinds)).toHaveLength(21);
  });
});
