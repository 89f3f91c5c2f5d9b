/** A generated inventory for benchmarks: records of 20 columns and about 300 bytes, a blueprint and a mapping for them. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Blueprint } from "../src/blueprint.js";

/** Names of the columns. */
export const columns = Array.from({ length: 20 }, (_, i) => `c${i}`);

/** The blueprint: text, numbers, booleans. */
export const thing: Blueprint = {
  identifier: "thing",
  title: "Thing",
  schema: {
    properties: Object.fromEntries(
      columns.slice(2).map((name, i) => [name, { type: i % 6 === 4 ? "number" : i % 6 === 5 ? "boolean" : "string" }]),
    ),
  },
};

/** The mapping, paths only. */
export const mappingText = `resources:
  - kind: things
    selector: { query: "true" }
    port:
      entity:
        mappings:
          identifier: .c0
          title: .c1
          blueprint: '"thing"'
          properties:
${columns
  .slice(2)
  .map((name) => `            ${name}: .${name}\n`)
  .join("")}`;

/** Kinds of expressions that `mappings/` has, by the column that each takes the place of. */
const expressions: Readonly<Record<string, string>> = {
  c2: '.c2 | values + "T00:00:00Z"',
  c3: '.c3 | values | split("-") | first',
  c4: '.c4 // "none" | ascii_downcase',
  c5: '"https://example.com/" + .c0',
  c8: 'if .c8 == "x" then "one" else .c8 end',
};

/** The mapping with five expressions: as they are, or each with an end that jq alone knows. */
export function expressionsText(by: "closures" | "jq"): string {
  return Object.entries(expressions).reduce((text, [column, expression]) => {
    const leaf = by === "jq" ? `${expression} | limit(1; .)` : expression;
    return text.replace(` ${column}: .${column}\n`, ` ${column}: '${leaf}'\n`);
  }, mappingText);
}

/** Writes a CSV of so many records. */
export async function writeThings(path: string, records: number): Promise<void> {
  const file = createWriteStream(path);
  file.write(`${columns.join(",")}\n`);
  for (let start = 0; start < records; start += 1000) {
    let text = "";
    for (let n = start; n < Math.min(records, start + 1000); n++) text += `${row(n).join(",")}\n`;
    if (!file.write(text)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

/** The cells of a record. */
export function row(n: number): string[] {
  return columns.map((_, i) => {
    if (i === 0) return `thing-${n}`;
    if (i >= 2 && (i - 2) % 6 === 4) return String(n * 7 + i);
    if (i >= 2 && (i - 2) % 6 === 5) return n % 3 === 0 ? "true" : "false";
    return `${n}-${i}-abcdefgh-text`;
  });
}
