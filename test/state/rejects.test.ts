import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StateError } from "../../src/errors.js";
import type { Reject } from "../../src/reject.js";
import { collectRejectedRecords, nameRejectsFiles, openRejects } from "../../src/state/rejects.js";
import { iterate } from "../support/entities.js";
import { makeFolder } from "./folder.js";

const full: Reject = {
  code: "not_in_enum",
  stage: "check",
  at: { source: 1, position: 7, line: 9 },
  span: { start: 100, end: 120 },
  resource: 2,
  item: 3,
  blueprint: "service",
  identifier: "shop",
  path: "properties.tier",
  message: "gold is none of the enum's",
  value: "gold",
  status: 422,
  traceId: "abc",
  also: [{ code: "wrong_type", message: "no number", path: "properties.cpu" }],
};

describe("openRejects", () => {
  it("writes a line with every field of the contract, before it resolves", async () => {
    const folder = await makeFolder();
    const rejects = openRejects(folder, ["teams.json", "services.csv"]);
    await rejects.add([full, { code: "bad_json", stage: "read", at: { source: 0, position: 1 }, message: "no JSON" }]);
    const path = join(folder, "reasons.ndjson");
    const lines = (await readFile(path, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      {
        code: "not_in_enum",
        stage: "check",
        blueprint: "service",
        identifier: "shop",
        source: "services.csv",
        position: 7,
        line: 9,
        path: "properties.tier",
        message: "gold is none of the enum's",
        status: 422,
        traceId: "abc",
        value: "gold",
        resource: 2,
        item: 3,
        also: [{ code: "wrong_type", message: "no number", path: "properties.cpu" }],
      },
      { code: "bad_json", stage: "read", source: "teams.json", position: 1, message: "no JSON" },
    ]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect([...rejects.rejectedRecords(1)]).toEqual([{ position: 7, span: { start: 100, end: 120 } }]);
    await rejects.close();
  });

  it("makes no file where nothing was rejected", async () => {
    const folder = await makeFolder();
    const rejects = openRejects(folder, []);
    await rejects.add([]);
    await rejects.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it("writes rejects files of sources with one base name side by side, for their owner alone", async () => {
    const folder = await makeFolder();
    const rejects = openRejects(folder, []);
    const write = (name: string, text: string) =>
      rejects.writeRejectsFile(
        { name, extension: "csv" },
        iterate([Buffer.from(text.slice(0, 1)), Buffer.from(text.slice(1))]),
      );
    const first = await write("a/teams.csv", "one");
    const second = await write("b/teams.csv", "two");
    expect([first, second]).toEqual([join(folder, "rejects/teams.csv"), join(folder, "rejects/2/teams.csv")]);
    expect(await readFile(first, "utf8")).toBe("one");
    expect(await readFile(second, "utf8")).toBe("two");
    expect((await stat(second)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "rejects"))).mode & 0o777).toBe(0o700);
    await rejects.close();
  });

  it("leaves no half rejects file when its bytes end in an error, and passes that error on", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("half");
      throw new RangeError("source gone");
    }
    // Many at once: the file may be opened only after the fault.
    const folders = await Promise.all(Array.from({ length: 40 }, makeFolder));
    await Promise.all(
      folders.map((folder) =>
        expect(openRejects(folder, []).writeRejectsFile({ name: "a.csv", extension: "csv" }, broken())).rejects.toThrow(
          RangeError,
        ),
      ),
    );
    expect((await Promise.all(folders.map((folder) => readdir(join(folder, "rejects"))))).flat()).toEqual([]);
  });

  it("reports a folder that cannot be written as a StateError", async () => {
    const rejects = openRejects(join(await makeFolder(), "gone"), []);
    await expect(rejects.add([full])).rejects.toThrow(StateError);
  });
});

describe("nameRejectsFiles", () => {
  it.each([
    ["a path", "inventory/teams.csv", "teams.csv"],
    ["stdin", "-", "stdin.ndjson"],
    ["stdin by its name", "stdin", "stdin.ndjson"],
    ["an address", "https://host/files/teams%20eu.csv", "teams eu.csv"],
    ["an address with a hidden slash", "https://host/..%2F..%2Fetc", ".._.._etc"],
    ["an address without a name", "https://host/", "source.ndjson"],
    ["a name that is a folder", "https://host/%2e%2e", "source.ndjson"],
    ["a name with control characters", "a\u001bb.csv", "a_b.csv"],
    ["a wrong escape", "https://host/100%.csv", "100%.csv"],
  ])("names the file of %s", (_title, name, file) => {
    expect(nameRejectsFiles()({ name, extension: "ndjson" })).toBe(file);
  });

  it("needs no extension", () => {
    expect(["-", "https://host/"].map((name) => nameRejectsFiles()({ name }))).toEqual(["stdin", "source"]);
  });

  it("takes names that differ only in case as one", () => {
    const nameFile = nameRejectsFiles();
    expect(["a/T.csv", "b/t.csv", "c/T.csv"].map((name) => nameFile({ name, extension: "csv" }))).toEqual([
      "T.csv",
      "2/t.csv",
      "3/T.csv",
    ]);
  });
});

describe("collectRejectedRecords", () => {
  it("gives each record once in source order, with its span where one was given, whatever the order of the rejects", () => {
    const at = fc.record({ source: fc.nat(2), position: fc.integer({ min: 1, max: 60 }) });
    fc.assert(
      fc.property(fc.array(fc.tuple(at, fc.boolean()), { maxLength: 120 }), (rejects) => {
        const records = collectRejectedRecords();
        const spanOf = (position: number) => ({ start: position * 10, end: position * 10 + 9 });
        for (const [place, known] of rejects) records.add(place, known ? spanOf(place.position) : undefined);
        for (const source of [0, 1, 2]) {
          const own = rejects.filter(([place]) => place.source === source);
          const positions = [...new Set(own.map(([place]) => place.position))].sort((a, b) => a - b);
          const expected = positions.map((position) =>
            own.some(([place, known]) => known && place.position === position)
              ? { position, span: spanOf(position) }
              : { position },
          );
          expect([...records.of(source)]).toEqual(expected);
        }
      }),
    );
  });

  it("keeps a span that starts at byte 0 and one beyond 4 GiB", () => {
    const records = collectRejectedRecords();
    records.add({ source: 0, position: 1 }, { start: 0, end: 5 });
    records.add({ source: 0, position: 2 }, { start: 5e9, end: 5e9 + 1 });
    expect([...records.of(0)]).toEqual([
      { position: 1, span: { start: 0, end: 5 } },
      { position: 2, span: { start: 5e9, end: 5e9 + 1 } },
    ]);
  });
});
