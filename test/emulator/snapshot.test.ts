import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { startEmulator } from "../../src/emulator/emulator.js";
import { makeFolder } from "../support/catalog.js";
import { type Session, startSession } from "./session.js";

const services = "/v1/blueprints/service/entities";

async function filled(snapshot: string): Promise<Session> {
  const session = await startSession({ snapshot });
  const { call } = session;
  await call("POST", "/v1/blueprints/team/entities", { identifier: "t", title: "Tea", properties: { mail: "m" } });
  await call("POST", services, { identifier: "a", team: "x", properties: { tags: ["é"] }, relations: { team: "t" } });
  await call("POST", services, { identifier: "gone" });
  await call("DELETE", `${services}/gone`);
  await call("POST", services, { identifier: "b", relations: { uses: ["a"] } });
  await call("PATCH", "/v1/blueprints/service", { title: "Changed" });
  return session;
}

describe.each(["catalog.ndjson", "catalog.ndjson.gz"])("a snapshot in %s", (name) => {
  it("brings the catalog of a clean stop back, to the reply and the next identifier", async () => {
    const file = join(await makeFolder(), name);
    const first = await filled(file);
    const query = { combinator: "and", rules: [] };
    const all = (session: Session) => session.call("POST", "/v1/entities/search", query);
    const shown = [(await all(first)).body, (await first.call("GET", "/v1/blueprints")).body];
    const page = await first.call("POST", `${services}/search`, { query, limit: 1 });
    await first.emulator.close();
    const second = await startSession({ snapshot: file });
    expect([(await all(second)).body, (await second.call("GET", "/v1/blueprints")).body]).toEqual(shown);
    const next = await second.call("POST", `${services}/search`, { query, from: page.body.next });
    expect(next.body.entities.map((entity: { identifier: string }) => entity.identifier)).toEqual(["b"]);
    await second.call("POST", services, { identifier: "c" });
    expect(second.emulator.store.entities("service").map(({ id, identifier }) => [id, identifier])).toEqual([
      [2, "a"],
      [4, "b"],
      [5, "c"],
    ]);
  });
});

describe("a snapshot", () => {
  it("is NDJSON, packed when its name ends in .gz", async () => {
    const folder = await makeFolder();
    for (const name of ["a.ndjson", "a.gz"]) {
      const { emulator } = await filled(join(folder, name));
      await emulator.close();
    }
    const plain = await readFile(join(folder, "a.ndjson"), "utf8");
    expect(gunzipSync(await readFile(join(folder, "a.gz"))).toString()).toBe(plain);
    const lines = plain
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect([lines[0], lines.at(-1)]).toEqual([{ portloadSnapshot: 1 }, { end: true, nextId: 5 }]);
    expect(existsSync(join(folder, "a.ndjson.partial"))).toBe(false);
  });

  it.each([
    ["", 0, "it ends before its last line"],
    ["{}\n", 1, "its first line is not that of one"],
    ['{"portloadSnapshot":1}\n{"id":1}\n', 2, "an entity before its blueprint"],
    ['{"portloadSnapshot":1}\n[]\n', 2, "not an object"],
    [
      '{"portloadSnapshot":1}\n{"blueprint":{"identifier":"a","schema":{"properties":{}}}}\n',
      2,
      "it ends before its last line",
    ],
  ])("that is %j is refused at the start", async (text, line, reason) => {
    const file = join(await makeFolder(), "bad.ndjson");
    await writeFile(file, text);
    await expect(startEmulator({ snapshot: file })).rejects.toThrow(
      `${file}, line ${line}: no snapshot of an emulator: ${reason}`,
    );
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it("that is not packed although its name says so is refused", async () => {
    const file = join(await makeFolder(), "bad.gz");
    await writeFile(file, "{}\n");
    await expect(startEmulator({ snapshot: file })).rejects.toThrow("incorrect header check");
  });

  it("that cannot be written leaves the old one and says so", async () => {
    const folder = await makeFolder();
    const emulator = await startEmulator({ snapshot: join(folder, "none", "a.ndjson") });
    await expect(emulator.close()).rejects.toThrow("ENOENT");
  });
});
