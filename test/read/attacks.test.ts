import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bindSources } from "../../src/read/bind.js";
import { readSource } from "../../src/read/read.js";
import { gather, stdin } from "./read-text.js";

const folder = mkdtempSync(join(tmpdir(), "portload-attacks-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a source that changes while it is read", () => {
  const rows = Array.from({ length: 40_000 }, (_, n) => `${n},name ${n}\n`).join("");
  it.each([
    ["is truncated", (path: string) => truncateSync(path, 200_003)],
    ["grows", (path: string) => appendFileSync(path, "x,name x\n")],
    ["is rewritten", (path: string) => writeFileSync(path, `id,name\n${rows.replaceAll("name", "NAME")}`)],
  ])("is an error where it %s, without a torn record", async (_title, change) => {
    const path = join(folder, "changing.csv");
    writeFileSync(path, `id,name\n${rows}`);
    const seen: (readonly string[])[] = [];
    const reading = (async () => {
      for await (const { items } of readSource({ ...stdin, path, name: "changing.csv" }, {})) {
        if (seen.length === 0) change(path);
        seen.push(...items.map(({ cells }) => cells as readonly string[]));
      }
    })();
    await expect(reading).rejects.toMatchObject({
      name: "SourceError",
      message: expect.stringContaining("changed while it was read"),
    });
    for (const [id, name] of seen) expect(name?.toLowerCase()).toBe(`name ${id}`);
  });

  it("may be replaced by a file that is renamed into its place", async () => {
    const path = join(folder, "replaced.csv");
    writeFileSync(path, `id,name\n${rows}`);
    let count = 0;
    for await (const { items } of readSource({ ...stdin, path }, {})) {
      if (count === 0) {
        rmSync(path);
        writeFileSync(path, "id,name\n");
      }
      count += items.length;
    }
    expect(count).toBe(40_000);
  });
});

describe("a FIFO", () => {
  it("without a writer ends with the signal", async () => {
    const path = join(folder, "fifo");
    execFileSync("mkfifo", [path]);
    const controller = new AbortController();
    const reading = gather({}, { signal: controller.signal }, { ...stdin, path });
    controller.abort(new Error("enough"));
    expect((await reading).error).toEqual(new Error("enough"));
  });

  it("is read to its end once a writer comes, and copied", async () => {
    const path = join(folder, "late");
    execFileSync("mkfifo", [path]);
    const reading = gather({}, { copyTo: join(folder, "late.copy") }, { ...stdin, path });
    const writer = spawn("sh", ["-c", `printf 'id,name\\n1,a\\n2,b' > ${path}`]);
    await once(writer, "exit");
    const { records, error } = await reading;
    expect([records.map(({ cells }) => cells), error]).toEqual([
      [
        ["1", "a"],
        ["2", "b"],
      ],
      undefined,
    ]);
  });
});

describe("a folder of sources", () => {
  const kinds = ["teams", "hosts"];
  function make(name: string): string {
    const path = join(folder, name);
    mkdirSync(join(path, "sub"), { recursive: true });
    for (const file of ["teams.csv", "hosts.json", "sub/hosts.csv"]) writeFileSync(join(path, file), "id\n1\n");
    return path;
  }
  const names = async (arg: string, ignore: readonly string[] = []): Promise<string[]> =>
    (await bindSources([arg], kinds, ignore)).sources.map(({ path }) => path.slice(folder.length + 1));

  it("leaves out what --ignore names, in itself and in patterns", async () => {
    const path = make("ignoring");
    writeFileSync(join(path, "notes.csv"), "x\n");
    await expect(names(path)).rejects.toMatchObject({ hint: expect.stringContaining("--ignore notes.csv") });
    expect(await names(path, ["notes.*"])).toEqual(["ignoring/hosts.json", "ignoring/teams.csv"]);
    expect(await names(`${path}/**/*.csv`, ["notes.csv", "teams.*"])).toEqual(["ignoring/sub/hosts.csv"]);
  });

  it("takes YAML only where nothing else is", async () => {
    const path = make("yaml");
    writeFileSync(join(path, "hosts.yaml"), "a: 1\n");
    expect(await names(path)).toEqual(["yaml/hosts.json", "yaml/teams.csv"]);
    expect(await names(path, ["*.csv", "*.json"])).toEqual(["yaml/hosts.yaml"]);
  });

  it("with a link that leads nowhere is an error that names it", async () => {
    const path = make("dangling");
    symlinkSync("nowhere", join(path, "hosts.csv"));
    await expect(names(path)).rejects.toMatchObject({
      name: "SourceError",
      message: expect.stringContaining("dangling/hosts.csv: is a link that leads nowhere"),
    });
    expect((await names(path, ["hosts.csv"])).length).toBe(2);
  });

  it("with links that make loops gives each real file once", async () => {
    const path = make("loops");
    symlinkSync("..", join(path, "sub", "loop"));
    symlinkSync("sub", join(path, "again"));
    expect(await names(`${path}/**/*.csv`)).toEqual(["loops/sub/hosts.csv", "loops/teams.csv"]);
  });
});
