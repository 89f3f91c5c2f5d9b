import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StateError } from "../../src/errors.js";
import { openJournal, readJournal, readJournalHeader } from "../../src/state/journal.js";
import {
  decodeJournalLine,
  type EntityProgress,
  encodeJournalLine,
  type JournalHeader,
  type JournalLine,
  type JournalReply,
  sealLine,
} from "../../src/state/journal-lines.js";
import { collect } from "../support/entities.js";
import { makeFolder } from "./folder.js";

const header: JournalHeader = {
  line: "import",
  format: 1,
  importId: "20261122T033012417Z-7f3a",
  command: "import",
  startedAt: "2026-11-22T03:30:12.417Z",
  options: { mode: "merge", only: ["service"] },
  fingerprints: {
    mapping: "ab12",
    target: "https://api.port.io/v1",
    sources: [
      { name: "services.csv", kind: "service", bytes: 12, modifiedAt: "2026-11-21T00:00:00.000Z" },
      { name: "-" },
    ],
  },
};

const reply: JournalReply = {
  line: "reply",
  settled: [
    { at: { source: 0, position: 1 }, resource: 0, item: 0, is: "created" },
    { at: { source: 0, position: 2 }, resource: 1, item: 4, is: "deferred", first: "updated" },
    { at: { source: 0, position: 3 }, resource: 1, item: 0, is: "deferred" },
  ],
};

async function startJournal(): Promise<string> {
  const path = join(await makeFolder(), "journal.ndjson");
  await writeFile(path, `${sealLine(encodeJournalLine(header))}\n`);
  return path;
}

describe("journal", () => {
  it("reads back its header and its replies in order", async () => {
    const path = await startJournal();
    const journal = await openJournal(path);
    const second: JournalReply = { line: "reply", settled: [] };
    await Promise.all([journal.append(reply), journal.append(second)]);
    await journal.close();
    expect(await collect(readJournal(path))).toEqual([header, reply, second] satisfies JournalLine[]);
    expect(await readJournalHeader(path)).toEqual(header);
  });

  it("writes what a reply settled as short tuples", () => {
    expect(encodeJournalLine(reply)).toBe(
      '{"line":"reply","settled":[[0,1,0,0,"c","o"],[0,2,1,4,"u","f"],[0,3,1,0,"m","f"]]}',
    );
  });

  it("reads back any reply", () => {
    const place = fc.record({
      at: fc.record({ source: fc.nat(), position: fc.nat() }),
      resource: fc.nat(),
      item: fc.nat(),
    });
    const progress = fc.constantFrom<EntityProgress>(
      ...(["created", "updated", "rejected", "deferred"] as const).map((is) => ({ is })),
      { is: "deferred", first: "created" },
      { is: "deferred", first: "updated" },
    );
    const settled = fc.tuple(place, progress).map(([at, how]) => ({ ...at, ...how }));
    fc.assert(
      fc.property(fc.array(settled), (all) => {
        const any: JournalReply = { line: "reply", settled: all };
        expect(decodeJournalLine(encodeJournalLine(any))).toEqual(any);
      }),
    );
  });

  it("reads replies as earlier versions wrote them, with a status and the ordinal of the write", () => {
    const text = '{"line":"reply","status":207,"settled":[[0,1,0,0,"c","o"],[0,2,0,0,"m","o"],[0,3,0,0,"u","f"]]}';
    const at = (position: number) => ({ at: { source: 0, position }, resource: 0, item: 0 });
    expect(decodeJournalLine(text)).toEqual({
      line: "reply",
      settled: [
        { ...at(1), is: "created" },
        { ...at(2), is: "deferred" },
        { ...at(3), is: "deferred", first: "updated" },
      ],
    });
  });

  it("leaves out a last line that is torn at any byte", async () => {
    const path = await startJournal();
    const whole = await readFile(path, "utf8");
    const line = sealLine(encodeJournalLine(reply));
    for (let cut = 1; cut <= line.length; cut += 7) {
      await writeFile(path, whole + line.slice(0, cut));
      expect(await collect(readJournal(path))).toEqual([header]);
    }
  });

  it("names the line that is damaged elsewhere", async () => {
    const path = await startJournal();
    await appendFile(path, `${sealLine(encodeJournalLine(reply))}\n{"line":"re\n`);
    await expect(collect(readJournal(path))).rejects.toThrow(`${path}:3: a line of the journal is not JSON`);
  });

  it("notices any flipped bit, and names file and line", async () => {
    const path = await startJournal();
    const journal = await openJournal(path);
    for (let n = 0; n < 3; n++) await journal.append(reply);
    await journal.close();
    const whole = await readFile(path);
    const ends = [...whole].flatMap((byte, at) => (byte === 0x0a ? [at] : []));
    await fc.assert(
      fc.asyncProperty(fc.nat((ends.at(-2) ?? 0) - 1), fc.nat(7), async (at, bit) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        await writeFile(path, damaged);
        const error = await collect(readJournal(path)).then(
          () => undefined,
          (cause: unknown) => cause,
        );
        expect(error).toBeInstanceOf(StateError);
        const line = ends.filter((end) => end < at).length + 1;
        // A line end that is gone makes one line of two, a new one two of one.
        expect([line, line - 1, line + 1].map((n) => `${path}:${n}:`)).toContain(
          String((error as StateError).message).slice(0, path.length + 3),
        );
        expect((error as StateError).hint).toMatch(/restore|version/i);
      }),
      { numRuns: 300 },
    );
  });

  it("reads a journal without checksums, and one that continues with them", async () => {
    const path = join(await makeFolder(), "journal.ndjson");
    await writeFile(path, `${encodeJournalLine(header)}\n${encodeJournalLine(reply)}\n`);
    const journal = await openJournal(path);
    await journal.append(reply);
    await journal.close();
    expect(await collect(readJournal(path))).toEqual([header, reply, reply]);
  });

  it("refuses a line without a checksum where the header has one", async () => {
    const path = join(await makeFolder(), "journal.ndjson");
    await writeFile(path, `${sealLine(encodeJournalLine(header))}\n${encodeJournalLine(reply)}\n`);
    await expect(collect(readJournal(path))).rejects.toThrow(`${path}:2: a line of the journal is damaged`);
  });

  it("makes what is noted before a request last a power cut before the request is sent", async () => {
    const path = await startJournal();
    const synced: string[] = [];
    const sync = async () => void synced.push(await readFile(path, "utf8"));
    const journal = await openJournal(path, { sync, later: () => () => undefined });
    const sent = { line: "sent", entities: [[0, 1, 0, 0]] } as const;
    await journal.append(reply);
    expect(synced).toEqual([]);
    await Promise.all([journal.append(sent), journal.append(sent), journal.append(sent)]);
    expect(synced.length).toBeLessThanOrEqual(2);
    expect(synced.at(-1)?.split('"sent"').length).toBe(4);
    await journal.close();
  });

  it.each([
    ["no line", ""],
    ["a torn header", '{"line":"import"'],
    ["a reply first", `${encodeJournalLine(reply)}\n`],
    ["a later format", `${JSON.stringify({ ...header, format: 2 })}\n`],
    ["a second header", `${encodeJournalLine(header)}\n${encodeJournalLine(header)}\n`],
    ["a line of another kind", `${encodeJournalLine(header)}\n{"line":"later"}\n`],
    ["a line that is no object", `${encodeJournalLine(header)}\n12\n`],
  ])("refuses a journal with %s", async (_title, text) => {
    const path = join(await makeFolder(), "journal.ndjson");
    await writeFile(path, text);
    await expect(collect(readJournal(path))).rejects.toThrow(StateError);
  });
});
