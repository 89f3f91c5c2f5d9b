import { entityAddress } from "../addresses.js";
import type { Blueprint } from "../blueprint.js";
import { mappingJsonSchema } from "../lint/json-schema.js";
import { graphSvg } from "../pages/graph.js";
import { applyBlueprintFiles } from "../recipes/apply-blueprints.js";
import { runImport } from "../recipes/import.js";
import type { RunContext } from "../recipes/run/connect.js";
import { applyEdit } from "../recipes/studio/fixes.js";
import { insertionOf } from "../recipes/studio/insert.js";
import type { Sample } from "../recipes/studio/sample.js";
import type { StudioSession } from "../recipes/studio/session.js";
import type { Counts } from "../report/counts.js";
import { formatHtml } from "../report/forms/html.js";
import { formatLive } from "../report/forms/html-sections.js";
import type { Progress } from "../report/progress.js";
import { endingSentence, type Report } from "../report/report.js";
import type { SampleFacts, StudioCalls, StudioFacts, StudioStreams } from "./calls.js";

/** What the page can ask for; each takes and gives JSON. */
export interface StudioActions {
  readonly calls: {
    readonly [K in keyof StudioCalls]: (body: StudioCalls[K]["takes"]) => Promise<StudioCalls[K]["gives"]>;
  };
  /** Those that take long: events until they are done, or the page goes away. */
  readonly streams: {
    readonly [K in keyof StudioStreams]: (
      body: StudioStreams[K]["takes"],
      signal: AbortSignal,
    ) => AsyncIterable<StudioStreams[K]["gives"]>;
  };
  /** The page of the last dry run's or import's report. */
  reportPage(): string | undefined;
  /** What the page gets, without the names of working files. */
  tidy(text: string): string;
}

/** What the actions need beside the session. */
export interface StudioWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly sources: readonly string[];
  /** Address of the API where it was given by a flag. */
  readonly apiUrl?: string;
  readonly stateDir?: string;
  /** Folder of blueprint files that was given. */
  readonly blueprints?: string;
}

/** Milliseconds between two reports of progress to the page. */
const progressMs = 250;

/** The page's actions over a session: each is what the command of its name does. */
export function studioActions(session: StudioSession, world: StudioWorld): StudioActions {
  const { work, catalog } = session;
  const { target, hasCredentials, blueprints: inCatalog } = catalog;
  let last: Report | undefined;
  /** The mapping by which all of the sources was imported last: what it makes is known to be in the catalog. */
  let imported: string | undefined;
  const missing = (): string[] => [...work.blueprints.keys()].filter((name) => !inCatalog.has(name));
  const facts = async (): Promise<StudioFacts> => {
    const { mapping, file, isProposed, folder, hasUnsavedBlueprints, known, proposed } = work;
    const blueprints = [...work.blueprints.values()];
    return {
      ...{ mapping, file, isProposed, folder, hasUnsavedBlueprints, target, hasCredentials, blueprints },
      ...(world.blueprints !== undefined && { blueprintFolder: world.blueprints }),
      ...{ questions: session.questions, sources: session.sources, schema: mappingJsonSchema() },
      files: known,
      changed: await work.changed(),
      proposed: proposed.filter((name) => !inCatalog.has(name)),
      graph: graphOf(blueprints),
      missing: missing(),
    };
  };
  return {
    reportPage: () => (last === undefined ? undefined : session.tidy(formatHtml(last))),
    tidy: session.tidy,
    calls: {
      async start() {
        // Somebody may have created them meanwhile; where the catalog does not answer, what is known of it stays.
        if (hasCredentials && missing().length > 0) await session.askAgain().catch(() => undefined);
        return facts();
      },
      async settle({ isTaken }) {
        await work.settle(isTaken);
        return facts();
      },
      sample: async ({ source, mapping }) => factsOf(await session.sample(source, mapping)),
      async evaluate({ source, mapping, position }) {
        const evaluation = await session.evaluate(source, mapping, position);
        const addresses = (evaluation.traced?.payloads ?? []).map(({ blueprint, body }) => {
          const name = (body as { readonly identifier?: unknown } | undefined)?.identifier;
          const isThere = mapping === imported && typeof name === "string";
          return (isThere ? entityAddress(target, blueprint, name) : undefined) ?? "";
        });
        const { reading } = await session.sample(source, mapping);
        const lacking = hasCredentials ? evaluation.writes.filter((name) => !inCatalog.has(name)) : [];
        return { ...evaluation, addresses, reading, missing: lacking };
      },
      edit: async ({ mapping, edit }) => ({ mapping: applyEdit(mapping, edit) }),
      insert: async ({ mapping, ...column }) => insertionOf(mapping, column, work.blueprints),
      async save(request) {
        const errors = await session.countErrors(request.mapping);
        const result = await work.save(request);
        return "taken" in result ? result : { ...result, errors, changed: await work.changed() };
      },
      async editBlueprint({ edit, mapping }) {
        const renamed = work.edit(edit, mapping);
        return { ...(await facts()), ...(renamed && { renamed }) };
      },
      async createBlueprints() {
        const wanted = missing();
        if (wanted.length === 0) return { created: [] };
        const file = await session.draftBlueprints(wanted);
        const applied = await applyBlueprintFiles([file], {
          env: world.env,
          ...(world.apiUrl !== undefined && { apiUrl: world.apiUrl }),
        });
        for (const { identifier } of applied) inCatalog.add(identifier);
        return { created: applied.map(({ identifier }) => identifier) };
      },
    },
    streams: {
      async *testAll({ mapping }, signal) {
        let latest: Counts | undefined;
        const result = session.testAll(mapping, signal, (counts) => (latest = counts));
        for await (const { records, entities } of meanwhile(result, () => latest))
          yield { progress: { records, entities } };
        yield await result;
      },
      async *run({ mapping, mode, dryRun }, signal) {
        let seen: (() => Progress) | undefined;
        let soFar: (() => Report) | undefined;
        const context: RunContext = {
          ...{ env: world.env, signal },
          commandLine: [
            ...["import", ...world.sources, "--mapping", work.file, "--mode", mode],
            ...(world.apiUrl === undefined ? [] : ["--api-url", world.apiUrl]),
            ...(world.stateDir === undefined ? [] : ["--state-dir", world.stateDir]),
            ...(dryRun ? ["--dry-run"] : []),
          ],
          onStart: ({ progress }) => (seen = progress),
          onReport: (report) => (soFar = report),
        };
        const options = {
          ...{ sources: [...world.sources], mapping: await session.draft(mapping), mode, dryRun },
          ...(world.apiUrl !== undefined && { apiUrl: world.apiUrl }),
          ...(world.stateDir !== undefined && { stateDir: world.stateDir }),
        };
        const result = runImport(options, context);
        for await (const now of meanwhile(result, () => seen?.()))
          yield { progress: now, ...(soFar && { live: session.tidy(formatLive(soFar())) }) };
        const { report, folder = "", error } = await result;
        last = report;
        if (!dryRun && report.exitCode === 0) imported = mapping;
        const why = error instanceof Error ? ` ${error.message}` : "";
        const { tone, sentence } = endingSentence(report);
        yield { exitCode: report.exitCode, folder, tone, verdict: session.tidy(`${sentence}${why}`) };
      },
    },
  };
}

/** Gives what is seen four times a second until the work is done; where it fails, whoever awaits it learns why. */
async function* meanwhile<T>(work: Promise<unknown>, see: () => T | undefined): AsyncGenerator<T> {
  let isDone = false;
  const done = work.then(
    () => undefined,
    () => undefined,
  );
  void done.then(() => (isDone = true));
  while (!isDone) {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([done, new Promise((wake) => (timer = setTimeout(wake, progressMs)))]);
    clearTimeout(timer);
    const seen = see();
    if (seen !== undefined && !isDone) yield seen;
  }
}

function factsOf({ reading, receipt, fault, isTabular, surveyed, columns, records, rejects }: Sample): SampleFacts {
  const all = [
    ...records.map(({ at, columns: names, cells, value }) => ({
      position: at.position,
      ...(at.line !== undefined && { line: at.line }),
      value: cells === undefined ? value : Object.fromEntries((names ?? []).map((name, index) => [name, cells[index]])),
    })),
    ...rejects.map(({ at, message }) => ({
      position: at.position,
      ...(at.line !== undefined && { line: at.line }),
      refused: message,
    })),
  ];
  return {
    reading,
    receipt,
    ...(fault && { fault }),
    isTabular,
    surveyed,
    columns,
    records: all.sort((a, b) => a.position - b.position),
  };
}

/** The relations of blueprints as SVG; targets that are not known are boxes of their own. */
function graphOf(blueprints: readonly Blueprint[]): string {
  const edges = blueprints.flatMap(({ identifier, relations = {} }) =>
    Object.entries(relations).map(([name, { target, required = false, many = false }]) => ({
      ...{ from: identifier, to: target, name, required, many },
    })),
  );
  const known = new Map(
    blueprints.map(({ identifier, title, schema }) => {
      const count = Object.keys(schema.properties).length;
      const note = `${count} ${count === 1 ? "property" : "properties"}`;
      return [
        identifier,
        { id: identifier, title: title ?? identifier, note, label: `${title ?? identifier}, ${note}` },
      ] as const;
    }),
  );
  for (const { to } of edges)
    if (!known.has(to)) known.set(to, { id: to, title: to, note: "not known here", label: `${to}, not known here` });
  return graphSvg([...known.values()], edges).text;
}
