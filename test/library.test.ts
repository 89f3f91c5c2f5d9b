import { getEventListeners } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import * as portload from "../src/index.js";
import { blueprintOf, envOf, makeFolder, root, startCatalog } from "./support/catalog.js";

const { HookError, UsageError } = portload;
const sources = [join(root, "samples/teams.json")];
const mapping = join(root, "mappings/organisation.yaml");

const item = blueprintOf("item", {
  schema: { properties: { size: { type: "number" }, at: { type: "string", format: "date-time" } } },
});
/** A mapping of one kind, as an object. */
const items = {
  resources: [
    {
      kind: "items",
      port: {
        entity: {
          mappings: {
            identifier: ".id",
            blueprint: '"item"',
            title: ".name",
            properties: { size: ".size", at: ".at" },
          },
        },
      },
    },
  ],
} satisfies portload.MappingObject;
const startItems = () => startCatalog({ blueprints: [item] });
const some = (count: number): readonly object[] =>
  Array.from({ length: count }, (_, i) => ({ id: `i${i}`, name: `item ${i}`, size: i, at: null }));
async function* streamed<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values;
}
/** The code of the error that a call ends with. */
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    ({ code }) => code,
  );

describe("the library", () => {
  it("has these names, and no other", () => {
    const functions = Object.entries(portload).filter(([, value]) => !/^class /.test(String(value)));
    expect(functions.map(([name]) => name).sort()).toEqual([
      "applyBlueprintFiles",
      "errorCodes",
      "explain",
      "exportEntities",
      "lint",
      "lintCodes",
      "loadBlueprintFiles",
      "loadBlueprintFolder",
      "preview",
      "proposeMapping",
      "rejectCodes",
      "resume",
      "retry",
      "runApply",
      "runImport",
      "runPlan",
      "runSync",
      "startEmulator",
      "undo",
      "warningCodes",
    ]);
  });

  it("refuses options that do not fit as wrong usage, each by its name", async () => {
    const wrong = { sources: [], mapping, limit: -1 };
    const message = "sources must be given at least once\nlimit must be a whole number from 0";
    for (const run of [portload.runImport, portload.runSync, portload.runPlan])
      await expect(run(wrong)).rejects.toThrow(new UsageError(message));
    await expect(portload.preview(wrong, { emit: async () => true })).rejects.toThrow(new UsageError(message));
    await expect(portload.explain({ source: "a", mapping, record: 0 })).rejects.toThrow(UsageError);
    await expect(portload.lint({ mappings: [] })).rejects.toThrow(UsageError);
    await expect(portload.proposeMapping({ sources: [] })).rejects.toThrow(UsageError);
    await expect(portload.resume({ keep: 0 })).rejects.toThrow(UsageError);
    await expect(portload.retry({ keep: 0 })).rejects.toThrow(UsageError);
    await expect(portload.runApply({ plan: "" })).rejects.toThrow(UsageError);
    await expect(portload.exportEntities({ blueprints: [] }, { emit: async () => true })).rejects.toThrow(UsageError);
  });

  it("takes milliseconds and ratios as well as text", async () => {
    const emulator = await startCatalog();
    const stateDir = join(await makeFolder(), "state");
    const options = { sources, mapping, stateDir, timeout: 30_000, quotaShare: 0.5, maxErrors: { share: 0.05 } };
    const { report } = await portload.runImport(options, { env: envOf(emulator) });
    expect(report).toMatchObject({ exitCode: 0, entities: { created: 20 } });
  });

  it("exports entities as text", async () => {
    const emulator = await startCatalog();
    const env = envOf(emulator);
    await portload.runImport({ sources, mapping, stateDir: false }, { env });
    let text = "";
    const { entities } = await portload.exportEntities(
      { blueprints: ["team"] },
      {
        env,
        emit: (part) => {
          text += part;
        },
      },
    );
    expect([entities, text.trim().split("\n").length]).toEqual([20, 20]);
  });

  it("throws no error of a library that it uses, whatever it is given", async () => {
    const wrong: unknown[] = [
      { sources: { items: some(1) }, mapping: { resources: [] } },
      { sources: { items: some(1) }, mapping: { resources: [{ kind: 1 }], source: { csv: { quote: "''" } } } },
      { sources: { items: some(1) }, mapping: { size: 1n } },
      { sources: { items: some(1) }, mapping: [] },
      { sources: { items: "" }, mapping: items },
      { sources: { others: some(1) }, mapping: items },
      { sources: some(2), mapping: items },
      { sources: streamed(some(2)), mapping: items },
      { sources: { items: { text: "a" } }, mapping: items },
      { sources: 5, mapping: items },
      { mapping: items },
    ];
    for (const options of wrong) {
      const given = options as portload.PreviewOptions;
      const error: unknown = await portload.preview(given).catch((cause: unknown) => cause);
      expect(error, JSON.stringify((error as Error).message)).toBeInstanceOf(portload.PortloadError);
    }
    await expect(portload.startEmulator({ faults: { faults: [{ times: -1 }] } })).rejects.toThrow(UsageError);
  });

  it("gives each error the code of its class", () => {
    const at = { method: "GET", url: "http://port/v1", attempts: 1 };
    const errors = [
      new portload.UsageError(""),
      new portload.MappingError("", []),
      new portload.ExpressionError(""),
      new portload.SourceError("", ""),
      new portload.BlueprintError(""),
      new portload.ApiError("", at),
      new portload.AuthError("", at),
      new portload.CredentialsError(""),
      new portload.PaceError(""),
      new portload.GuardError(""),
      new portload.PlanError(""),
      new portload.EnvironmentError(""),
      new portload.StateError(""),
      new portload.HookError("onReject", new Error("")),
      new portload.InternalError(""),
    ];
    const special = ["source_in_doubt", "source_read_once"];
    expect([...errors.map(({ code }) => code), ...special].sort()).toEqual(Object.keys(portload.errorCodes).sort());
  });
});

describe("sources that a program gives", () => {
  it.each([
    ["an array", () => ({ items: some(3) })],
    ["an iterable", () => ({ items: new Set(some(3)) })],
    ["a generator", () => ({ items: streamed(some(3)) })],
    ["a stream of objects", () => ({ items: Readable.from(some(3)) })],
    ["records with a name", () => [{ kind: "items", records: some(3), name: "stock" }]],
    ["records of the only kind", () => [{ records: streamed(some(3)) }]],
    [
      "text",
      () => ({ items: { text: "id,name,size\ni0,item 0,0\ni1,item 1,1\ni2,item 2,2\n", format: "csv" as const } }),
    ],
    [
      "chunks of text that end within a character",
      () => ({
        items: {
          text: ['[{"id":"i0","name":"\ud83d', '\ude00"},{"id":"i1"}', ',{"id":"i2"}]'],
          format: "json" as const,
        },
      }),
    ],
    [
      "bytes of a stream",
      () => ({
        items: {
          text: Readable.from([Buffer.from('{"id":"i0"}\n{"id"'), Buffer.from(':"i1"}\n{"id":"i2"}')]),
          format: "ndjson" as const,
        },
      }),
    ],
  ] as [string, () => portload.Sources][])("may be %s", async (_, given) => {
    const emulator = await startItems();
    const mapped = { ...items, source: { optionalColumns: ["at"] } };
    const { report } = await portload.runImport(
      { sources: given(), mapping: mapped, stateDir: false },
      { env: emulator.env },
    );
    expect(report).toMatchObject({ exitCode: 0, records: { read: 3, mapped: 3 }, entities: { created: 3 } });
  });

  it("are read as JSON has them: dates, bytes, maps, sets and long integers", async () => {
    const record = {
      ...{ date: new Date(0), bytes: Buffer.from("hi"), map: new Map([["a", 1]]), set: new Set([1, 2]) },
      ...{ small: 12n, long: 2n ** 60n, left: undefined, none: null },
    };
    const mapped = {
      resources: [
        {
          kind: "any",
          port: { entity: { mappings: { identifier: '"x"', blueprint: '"x"', properties: { all: "." } } } },
        },
      ],
    };
    const found: portload.PreviewedEntity[] = [];
    await portload.preview({ sources: { any: [record] }, mapping: mapped }, { onEntity: (each) => found.push(each) });
    expect(found[0]?.properties?.all).toEqual({
      ...{ date: "1970-01-01T00:00:00.000Z", bytes: "aGk=", map: { a: 1 }, set: [1, 2] },
      ...{ small: 12, long: "1152921504606846976", none: null },
    });
  });

  it("reject what is not a record, by its number, and continue; the rejects file holds the records", async () => {
    const emulator = await startItems();
    const stateDir = await makeFolder();
    const round: Record<string, unknown> = { id: "round" };
    round.self = round;
    const records = [{ id: "a" }, { id: "b", size: Number.NaN }, round, 5, { id: "c", size: "big" }, { id: "d" }];
    const rejects: portload.RejectNotice[] = [];
    const { report } = await portload.runImport(
      { sources: { items: streamed(records as object[]) }, mapping: items, stateDir },
      { env: emulator.env, onReject: (reject) => rejects.push(reject) },
    );
    expect(report).toMatchObject({ exitCode: 1, balanced: true, entities: { created: 2 } });
    expect(rejects.map(({ source, position, line, code }) => [source, position, line, code])).toEqual([
      ["items", 2, undefined, "bad_json"],
      ["items", 3, undefined, "not_an_object"],
      ["items", 4, undefined, "not_an_object"],
      ["items", 5, undefined, "wrong_type"],
    ]);
    expect(rejects[1]?.message).toContain("circular");
    expect(report.rejectFiles).toMatchObject([{ source: "items", records: 4 }]);
    const path = report.rejectFiles[0]?.path ?? "";
    expect(path).toMatch(/rejects\/items\.ndjson$/);
    expect((await readFile(path, "utf8")).split("\n")[3]).toBe('{"id":"c","size":"big"}');

    // Corrected, the file is imported as any rejects file, through the mapping that must be given again.
    await writeFile(path, '{"id":"c","size":7}\n');
    expect(await codeOf(portload.retry({ stateDir }, { env: emulator.env }))).toBe("state");
    const again = await portload.retry(
      { stateDir, mapping: { ...items, source: { format: "csv" } } },
      { env: emulator.env },
    );
    expect(again.report).toMatchObject({ exitCode: 0, entities: { created: 1 } });
  });

  it("hold no record and are not a fault", async () => {
    const emulator = await startItems();
    for (const none of [[], streamed([])]) {
      const { report } = await portload.runSync(
        { sources: { items: none }, mapping: items, stateDir: false },
        { env: emulator.env },
      );
      expect(report).toMatchObject({ exitCode: 0, records: { read: 0 }, warnings: [{ code: "no_records" }] });
    }
  });

  it("report a failure of the iterable, and account for what came before", async () => {
    const emulator = await startItems();
    async function* broken() {
      yield* some(250);
      throw new Error("connection terminated");
    }
    const { report, error, ending } = await portload.runImport(
      { sources: { items: broken() }, mapping: items, stateDir: false },
      { env: emulator.env },
    );
    expect([ending, report.exitCode, report.balanced, report.records.read]).toEqual(["failed", 3, true, 250]);
    expect(error).toMatchObject({ code: "source", source: "items", cause: new Error("connection terminated") });
    expect((error as Error).message).toBe("items: cannot be read: connection terminated");
  });

  it("say what a column lacks: a fault where the columns are known, a warning where the first records lack it", async () => {
    const emulator = await startItems();
    const records = [{ id: "a", nam: "A", size: 1, at: null }];
    const fault = portload.runImport(
      { sources: { items: { records, columns: ["id", "nam", "size", "at"] } }, mapping: items, stateDir: false },
      { env: emulator.env },
    );
    await expect(fault).rejects.toMatchObject({ code: "mapping", issues: [{ path: expect.stringMatching(/title$/) }] });
    expect(emulator.store.count("item")).toBe(0);
    const { report } = await portload.runImport(
      { sources: { items: records }, mapping: items, stateDir: false },
      { env: emulator.env },
    );
    expect(report.warnings).toMatchObject([
      { code: "column_missing", message: 'items has no column "name" in its first record; did you mean .nam?' },
    ]);
  });

  it("are read once: a used-up generator is reported, not taken for an empty one", async () => {
    const emulator = await startItems();
    const records = streamed(some(2));
    const options = { sources: { items: records }, mapping: items, stateDir: false } as const;
    await portload.runImport(options, { env: emulator.env });
    const { error } = await portload.runImport(options, { env: emulator.env });
    expect(error).toMatchObject({ code: "source_read_once", hint: expect.stringContaining("again") });
  });

  it("are asked for only as fast as they are taken, and ended when the run is", async () => {
    const emulator = await startItems();
    let asked = 0;
    let ended = false;
    async function* endless() {
      try {
        for (;;) yield { id: `i${asked}`, name: "x".repeat(1000), size: asked++, at: null };
      } finally {
        ended = true;
      }
    }
    const { report } = await portload.runImport(
      { sources: { items: endless() }, mapping: items, stateDir: false, limit: 20 },
      { env: emulator.env },
    );
    expect([report.exitCode, report.records.read, ended]).toEqual([0, 20, true]);
    expect(asked).toBeLessThan(500);
  });

  it("end with a signal, though the next record never comes", async () => {
    const emulator = await startItems();
    const stop = new AbortController();
    async function* stuck() {
      yield* some(5);
      queueMicrotask(() => stop.abort());
      await new Promise(() => undefined);
    }
    const { ending, report } = await portload.runImport(
      { sources: { items: stuck() }, mapping: items, stateDir: false },
      { env: emulator.env, signal: stop.signal },
    );
    expect([ending, report.exitCode, report.balanced]).toEqual(["interrupted", 4, true]);
  });

  it("may be synced, planned, previewed, explained, linted and proposed from", async () => {
    const emulator = await startItems();
    const { env } = emulator;
    const rows = () => ({ items: streamed(some(2)) });
    const { file, discard, report } = await portload.runPlan(
      { sources: rows(), mapping: items, stateDir: false },
      { env },
    );
    expect(report.entities.created).toBe(2);
    const { report: applied } = await portload.runApply({ plan: file ?? "", stateDir: false }, { env });
    await discard();
    expect(applied.entities.created).toBe(2);
    const synced = await portload.runSync({ sources: rows(), mapping: items, stateDir: false }, { env });
    expect(synced.report.entities).toMatchObject({ unchanged: 2, updated: 0 });
    const found: unknown[] = [];
    await portload.preview(
      { sources: rows(), mapping: items },
      { onEntity: ({ identifier }) => found.push(identifier) },
    );
    expect(found).toEqual(["i0", "i1"]);
    const source = { kind: "items", records: streamed(some(2)) };
    const explanation = await portload.explain({ source, mapping: items, record: 2 }, { env });
    expect(explanation.candidates).toHaveLength(1);
    const findings = await portload.lint({ mappings: [items], source: [{ kind: "items", records: [{ id: "a" }] }] });
    expect(findings.map(({ code, line }) => [code, line])).toContainEqual(["missing_field", undefined]);
    const { mappingObject, blueprints } = await portload.proposeMapping({ sources: { parts: streamed(some(20)) } });
    expect(blueprints.map(({ identifier }) => identifier)).toEqual(["part"]);
    expect(mappingObject.resources[0]?.kind).toBe("parts");
    const proposed: unknown[] = [];
    await portload.preview(
      { sources: { parts: some(3) }, mapping: mappingObject },
      { onEntity: (one) => proposed.push(one) },
    );
    expect(proposed).toHaveLength(3);
  });

  it("resume where they were read to their end, and else with the same again; gone ones are reported by a code", async () => {
    const emulator = await startItems();
    const { env } = emulator;
    const stateDir = await makeFolder();
    const rows = some(60).map((each, i) => ({ ...each, size: i === 30 ? "many" : i }));
    async function* cut() {
      yield* rows.slice(0, 40);
      throw new Error("gone");
    }
    const first = await portload.runImport({ sources: { items: cut() }, mapping: items, stateDir }, { env });
    expect(first.ending).toBe("failed");
    expect(await codeOf(portload.resume({ stateDir, mapping: items }, { env }))).toBe("source_read_once");
    const others = { items: streamed([{ id: "other" }]) };
    const other = await portload.resume({ stateDir, mapping: items, sources: others }, { env });
    expect(other.error).toMatchObject({
      code: "source",
      message: expect.stringContaining("is not what the import read before"),
    });
    const { report } = await portload.resume({ stateDir, mapping: items, sources: { items: streamed(rows) } }, { env });
    expect(report).toMatchObject({ exitCode: 1, records: { read: 60 }, entities: { created: 59, rejected: 1 } });
    for (const { id } of rows as readonly { id?: string }[])
      expect(emulator.store.writes("item", id ?? "")).toBeLessThanOrEqual(1);
  });
});

describe("what a run reports to its caller", () => {
  it("is each outcome, each reject and how far it is", async () => {
    const emulator = await startItems();
    const outcomes: portload.OutcomeNotice[] = [];
    const progress: portload.Progress[] = [];
    const records = [{ id: "a" }, { id: "a" }, { id: "b", size: "big" }, { id: "c" }];
    await portload.runImport(
      { sources: { items: records }, mapping: items, stateDir: false },
      { env: emulator.env, onOutcome: (one) => outcomes.push(one), onProgress: (one) => progress.push(one) },
    );
    expect(outcomes.map(({ is, identifier, source, position }) => [is, identifier, source, position])).toEqual([
      ["duplicate", "a", "items", 2],
      ["created", "a", "items", 1],
      ["created", "c", "items", 4],
    ]);
    expect(progress.at(-1)).toMatchObject({ read: 4, written: 2, rejected: 1 });
  });

  it("is awaited: a slow hook slows the run", async () => {
    const emulator = await startItems();
    let inside = 0;
    let most = 0;
    const { report } = await portload.runImport(
      { sources: { items: some(100) }, mapping: items, stateDir: false, concurrency: 1 },
      {
        env: emulator.env,
        onOutcome: async () => {
          most = Math.max(most, ++inside);
          await Promise.resolve();
          inside--;
        },
      },
    );
    expect([report.entities.created, most]).toEqual([100, 1]);
  });

  it.each(["onReject", "onOutcome", "onProgress"] as const)(
    "stops the run where %s throws, and says so",
    async (name) => {
      const emulator = await startItems();
      const cause = new Error("no more");
      const { ending, error, report } = await portload.runImport(
        { sources: { items: [{ id: "a", size: "big" }, { id: "b" }] }, mapping: items, stateDir: false },
        {
          env: emulator.env,
          [name]: () => {
            throw cause;
          },
        },
      );
      expect([ending, report.exitCode]).toEqual(["failed", 3]);
      expect(error).toBeInstanceOf(HookError);
      expect(error).toMatchObject({ code: "hook", cause, message: `${name} threw: no more` });
    },
  );
});

describe("stateDir: false", () => {
  it("keeps nothing on disk, however the run ends", async () => {
    const emulator = await startItems();
    const folder = await makeFolder();
    const env = { ...emulator.env, PORTLOAD_STATE: join(folder, "state") };
    const before = process.env.TMPDIR;
    // Nothing else may be left in the folder for temporary files, either.
    process.env.TMPDIR = folder;
    try {
      const stop = new AbortController();
      stop.abort();
      const aborted = await portload.runImport(
        { sources: { items: streamed(some(50)) }, mapping: items, stateDir: false },
        { env, signal: stop.signal },
      );
      const rejected = await portload.runImport(
        { sources: { items: [{ id: "a", size: "big" }] }, mapping: items, stateDir: false },
        { env },
      );
      expect([aborted.ending, rejected.report.exitCode]).toEqual(["interrupted", 1]);
      expect([aborted.folder, rejected.folder, rejected.report.rejectFiles]).toEqual([undefined, undefined, []]);
      expect(await readdir(folder)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });

  it("is refused with what needs a state", async () => {
    const given = { sources: { items: some(1) }, mapping: items, stateDir: false } as const;
    const env = { PORT_CLIENT_ID: "a", PORT_CLIENT_SECRET: "b", PORT_API_URL: "http://127.0.0.1:1/v1" };
    expect(await codeOf(portload.runSync({ ...given, prune: true }, { env }))).toBe("usage");
    expect(await codeOf(portload.runImport({ ...given, keepBefore: true }, { env }))).toBe("usage");
    expect(await codeOf(portload.undo({ stateDir: false as unknown as string }, { env }))).toBe("usage");
  });
});

describe("50 calls in one process", () => {
  it("leave no listener, socket, file, timer or thread", async () => {
    const emulator = await startItems();
    const { env } = emulator;
    const { signal } = new AbortController();
    const folder = await makeFolder();
    await writeFile(join(folder, "items.csv"), "id,name,size,at\na,A,1,\n");
    const calls: readonly (() => Promise<unknown>)[] = [
      () =>
        portload.runImport(
          { sources: { items: streamed(some(30)) }, mapping: items, stateDir: false },
          { env, signal, onProgress: () => undefined },
        ),
      () =>
        portload.runSync({ sources: [join(folder, "items.csv")], mapping: items, stateDir: folder }, { env, signal }),
      () =>
        portload
          .runPlan({ sources: { items: some(3) }, mapping: items, stateDir: false }, { env, signal })
          .then(({ discard }) => discard()),
      () => portload.preview({ sources: { items: some(3) }, mapping: items }, { signal }),
      () => codeOf(portload.runImport({ sources: ["nowhere.csv"], mapping: items, stateDir: false }, { env, signal })),
    ];
    /** What the process holds; what is on its way out is let go first. */
    const held = async () => {
      await new Promise((done) => setImmediate(done));
      const files = existsSync("/proc/self/fd") ? await readdir("/proc/self/fd") : [];
      const resources = process.getActiveResourcesInfo();
      return {
        listeners: Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)])),
        onSignal: getEventListeners(signal, "abort").length,
        of: (kind: RegExp) => resources.filter((name) => kind.test(name)).length,
        files: files.length,
      };
    };
    for (const call of calls) await call();
    const before = await held();
    for (let round = 0; round < 10; round++) for (const call of calls) await call();
    const after = await held();
    expect(after.onSignal).toBe(0);
    expect(after.listeners).toEqual(before.listeners);
    for (const kind of [/^Timeout/, /^TCP/, /Worker|MessagePort/, /^FS/])
      expect([kind, after.of(kind)]).toEqual([kind, expect.toSatisfy((count) => count <= before.of(kind))]);
    expect(after.files).toBeLessThanOrEqual(before.files);
  });
});
