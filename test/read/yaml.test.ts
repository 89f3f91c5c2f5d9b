import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { extractRecords } from "../../src/read/extract.js";
import type { SourceOptions } from "../../src/source-options.js";
import { gather, readText, stdin } from "./read-text.js";

const folder = mkdtempSync(join(tmpdir(), "portload-yaml-"));
afterAll(() => rmSync(folder, { recursive: true }));

const catalog = `# two components
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: pay
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ship
  note: |
    --- is no mark here
`;

async function values(text: string, options: SourceOptions = {}) {
  const { records, rejects, error } = await readText(text, { format: "yaml", ...options });
  if (error !== undefined) throw error;
  return { values: records.map(({ value }) => value), rejects: rejects.map(({ code, at }) => [code, at.line]) };
}

async function extracted(text: string, positions: readonly number[], options: SourceOptions = {}): Promise<string> {
  const path = join(folder, "source.yaml");
  writeFileSync(path, text);
  const parts: Uint8Array[] = [];
  for await (const part of extractRecords(
    { ...stdin, path },
    options,
    positions.map((position) => ({ position })),
  ))
    parts.push(part);
  return Buffer.concat(parts).toString();
}

describe("reading YAML", () => {
  it.each([1, 10, 1000])("gives a record for each document, with its line, in pieces of %i bytes", async (size) => {
    const { records, rejects } = await readText(catalog, { format: "yaml" }, { size });
    expect(rejects).toEqual([]);
    expect(records.map(({ at, value }) => [at.line, (value as { metadata: { name: string } }).metadata.name])).toEqual([
      [2, "pay"],
      [7, "ship"],
    ]);
  });

  it("gives a record for each element of a list, with its line", async () => {
    const { records } = await readText("- id: a\n- id: b\n  n: 1\n- id: c\n", { format: "yaml" });
    expect(records.map(({ at, value }) => [at.line, value])).toEqual([
      [1, { id: "a" }],
      [2, { id: "b", n: 1 }],
      [4, { id: "c" }],
    ]);
  });

  it("takes records at a path of keys, and values under their keys", async () => {
    expect((await values("items:\n  - id: a\n  - id: b\n", { json: { records: "items" } })).values).toEqual([
      { id: "a" },
      { id: "b" },
    ]);
    expect((await values("srv-1: { n: 1 }\nsrv-2: { n: 2 }\n", { json: { keyed: "id" } })).values).toEqual([
      { id: "srv-1", n: 1 },
      { id: "srv-2", n: 2 },
    ]);
  });

  it("keeps digits, texts that look like other types, anchors and merged keys", async () => {
    const text =
      "base: &b { tier: 1 }\nid: 12345678901234567890\nv: 1.10\nzip: '00123'\non: on\nday: 2024-05-01\nsub:\n  <<: *b\n  x: ~\n";
    expect((await values(text)).values).toEqual([
      {
        base: { tier: 1 },
        id: "12345678901234567890",
        v: 1.1,
        zip: "00123",
        on: "on",
        day: "2024-05-01",
        sub: { tier: 1, x: null },
      },
    ]);
  });

  it("costs a broken document its record, with its line, and reads the next", async () => {
    const text = `id: a\n---\nid: [1\n---\nid: c\nid: d\n---\n- 1\n- id: .nan\n---\nid: e\n---\n- &a { b: *a }\n`;
    expect(await values(text)).toMatchObject({
      values: [{ id: "a" }, { id: "e" }],
      rejects: [
        ["bad_yaml", 3],
        ["bad_yaml", 6],
        ["not_an_object", 8],
        ["bad_yaml", 9],
        ["nested_too_deep", 13],
      ],
    });
  });

  it("expands no alias without bound", async () => {
    const levels = Array.from({ length: 12 }, (_, n) => `k${n}: &k${n} [${n === 0 ? "x" : `*k${n - 1},`.repeat(9)}]`);
    expect((await values(`${levels.join("\n")}\n---\nid: b\n`)).rejects).toEqual([["bad_yaml", 1]]);
  });

  it("holds no more than maxRecordBytes of a document", async () => {
    const text = `id: a\n---\nid: ${"x".repeat(500)}\n---\nid: c\n`;
    expect(await values(text, { maxRecordBytes: 100 })).toEqual({
      values: [{ id: "a" }, { id: "c" }],
      rejects: [["record_too_large", 2]],
    });
  });

  it("passes over documents without content", async () => {
    expect(await values("# only a comment\n---\n---\nid: a\n...\n\n")).toEqual({ values: [{ id: "a" }], rejects: [] });
    expect((await readText("# nothing\n", { format: "yaml" })).warnings).toMatchObject([{ code: "no_records" }]);
  });

  it("is known by its extension, and by its content", async () => {
    const path = join(folder, "catalog-info.yaml");
    writeFileSync(path, catalog);
    expect((await gather({}, {}, { ...stdin, path })).records.length).toBe(2);
    expect((await readText("---\nid: a\n")).records.map(({ value }) => value)).toEqual([{ id: "a" }]);
  });

  it("gives back its rejected records as documents that read as they did", async () => {
    expect(await extracted(catalog, [1])).toBe(
      "---\n# two components\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: pay\n",
    );
    expect(await extracted("- id: a\n- id: 12345678901234567890\n", [2])).toBe("---\nid: 12345678901234567890\n");
    expect(await extracted("l:\n  - id: a\n  - id: b\n", [2], { json: { records: "l" } })).toBe("---\nl:\n  - id: b\n");
  });

  it("gives back any part of any list or documents equal", async () => {
    const value = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.oneof(fc.string(), fc.integer(), fc.boolean()), {
      minKeys: 1,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 6 }), fc.boolean(), async (all, isList) => {
        const text = isList ? stringify(all) : all.map((each) => `---\n${stringify(each)}`).join("");
        const read = (await values(text)).values;
        expect(JSON.stringify(read)).toBe(JSON.stringify(all));
        const again = await values(await extracted(text, [all.length]));
        expect(JSON.stringify(again.values)).toBe(JSON.stringify(all.slice(-1)));
      }),
      { numRuns: 100 },
    );
  });
});
