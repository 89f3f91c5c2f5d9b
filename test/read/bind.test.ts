import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SourceError, UsageError } from "../../src/errors.js";
import { bindSources } from "../../src/read/bind.js";

const folder = mkdtempSync(join(tmpdir(), "portload-bind-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
for (const name of ["teams.json", "services.2024.csv", "other.csv", "a1.csv", "a2.csv", "odd[1].csv"])
  writeFileSync(at(name), "a\n1\n");
mkdirSync(at("empty"));
mkdirSync(at("many"));
for (const name of ["services.csv", "teams.ndjson", "readme.md", ".hidden.csv"])
  writeFileSync(join(at("many"), name), "x");

const bound = async (args: string[], kinds: string[]) => {
  const { sources, unbound } = await bindSources(args, kinds);
  return { kinds: sources.map(({ kind, path }) => [kind, path.replace(folder, "")]), unbound };
};

describe("binding sources to kinds", () => {
  it.each([
    [
      "the kind before the first =",
      [`teams=${at("other.csv")}`],
      ["services", "teams"],
      [["teams", "/other.csv"]],
      ["services"],
    ],
    [
      "the base name up to its first dot",
      [at("services.2024.csv"), at("teams.json")],
      ["services", "teams"],
      [
        ["services", "/services.2024.csv"],
        ["teams", "/teams.json"],
      ],
      [],
    ],
    ["the only kind there is", [at("other.csv")], ["services"], [["services", "/other.csv"]], []],
    [
      "a glob after the kind, sorted",
      [`teams=${at("a*.csv")}`],
      ["services", "teams"],
      [
        ["teams", "/a1.csv"],
        ["teams", "/a2.csv"],
      ],
      ["services"],
    ],
    [
      "a directory's files with known extensions, sorted",
      [at("many")],
      ["teams", "services"],
      [
        ["services", "/many/services.csv"],
        ["teams", "/many/teams.ndjson"],
      ],
      [],
    ],
    ["a file whose name looks like a glob", [`teams=${at("odd[1].csv")}`], ["teams"], [["teams", "/odd[1].csv"]], []],
    ["stdin", ["teams=-"], ["services", "teams"], [["teams", "-"]], ["services"]],
    [
      "a URL by its last path segment",
      ["https://me:secret@host/x/teams.csv.gz?token=secret"],
      ["services", "teams"],
      [["teams", "https://me:secret@host/x/teams.csv.gz?token=secret"]],
      ["services"],
    ],
  ])("goes by %s", async (_title, args, kinds, expected, unbound) => {
    expect(await bound(args, kinds)).toEqual({ kinds: expected, unbound });
  });

  it("numbers sources in the order they are read", async () => {
    const { sources } = await bindSources([`x=${at("a*.csv")}`, `x=${at("other.csv")}`], ["x"]);
    expect(sources.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it("shows a URL without userinfo and query", async () => {
    const { sources } = await bindSources(["https://me:secret@host:8443/teams.csv?token=secret#f"], ["teams"]);
    expect(sources[0]?.name).toBe("https://host:8443/teams.csv");
  });

  it.each([
    ["no kind fits", [at("other.csv")], "services, teams"],
    ["stdin has no name to go by", ["-"], "services, teams"],
    ["a file of a directory fits none", [folder], "services, teams"],
    ["stdin is named twice", ["teams=-", "services=-"], "stdin"],
  ])("is wrong usage when %s", async (_title, args, said) => {
    const error = await bindSources(args, ["services", "teams"]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(said);
  });

  it.each([
    ["a missing file", "missing.csv", "no such file or directory"],
    [
      "a directory without sources",
      "empty",
      "the directory holds no source (.csv .tsv .json .ndjson .jsonl .yaml .yml .xlsx .xlsm)",
    ],
    ["a glob without a match", "z*.csv", "no file matches"],
  ])("is an error of the source for %s", async (_title, name, said) => {
    const error = await bindSources([at(name)], ["teams"]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ message: `${at(name)}: ${said}`, hint: expect.any(String) });
  });

  it.skipIf(process.getuid?.() === 0)(
    "is an error of the source for a file this user may not read (root may read all)",
    async () => {
      writeFileSync(at("closed.csv"), "a");
      chmodSync(at("closed.csv"), 0);
      await expect(bindSources([at("closed.csv")], ["teams"])).rejects.toMatchObject({ name: "SourceError" });
    },
  );
});
