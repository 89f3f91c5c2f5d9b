import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Blueprint } from "../../blueprint.js";
import { UsageError } from "../../errors.js";
import { lintUnderstood } from "../../lint/lint-mapping.js";
import { parseTolerant, type Understood } from "../../lint/parse-tolerant.js";
import { startJq } from "../../map/jq.js";
import { sourceOptionsFor } from "../../map/mapping-file.js";
import type { Counts } from "../../report/counts.js";
import { makeWorkingFolder } from "../../state/working-folder.js";
import { preview } from "../preview.js";
import { askCatalog, beginStudio, type CatalogFacts, type StudioGiven } from "./begin.js";
import { type Evaluation, evaluate, withMemory } from "./evaluate.js";
import { type Sample, sampleOf } from "./sample.js";
import { openWork, type Work } from "./work.js";

/** The work behind the studio's page; it knows nothing of pages. */
export interface StudioSession {
  /** Questions of the proposal. */
  readonly questions: readonly string[];
  readonly sources: readonly { readonly name: string; readonly kind: string }[];
  /** The mapping and the blueprints, and their files on disk. */
  readonly work: Work;
  readonly catalog: CatalogFacts;
  /** Asks the catalog again which blueprints it has. */
  askAgain(): Promise<void>;
  /** The beginning of a source as the mapping text has it read. */
  sample(source: number, mapping: string): Promise<Sample>;
  evaluate(source: number, mapping: string, position?: number): Promise<Evaluation>;
  /** Errors that lint finds in the mapping. */
  countErrors(mapping: string): Promise<number>;
  /** Maps and checks the whole of every source. `onCounts` gets the sums as they grow. */
  testAll(mapping: string, signal: AbortSignal, onCounts: (counts: Counts) => void): ReturnType<typeof preview>;
  /** The mapping text as a file that a command can be given: the one it was saved as, or one that is removed with the session. */
  draft(mapping: string): Promise<string>;
  /** A text without the names of working files: the mapping is named by the file it is saved as. */
  tidy(text: string): string;
  /** Blueprints as a file that a command can be given. */
  draftBlueprints(identifiers: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens a studio's session: binds the sources, reads the mapping or proposes one, and gets the blueprints.
 *
 * @throws {UsageError | SourceError | MappingError | BlueprintError | ApiError} as the commands would, before a page is shown
 */
export async function openStudio(
  options: StudioGiven,
  env: Readonly<Record<string, string | undefined>>,
): Promise<StudioSession> {
  const { start, sources, proposed } = await beginStudio(options, env);
  const { held, ...catalog } = await askCatalog(options, env);
  const work = await openWork(start, { proposed, held, inCatalog: catalog.blueprints, folder: options.blueprints });
  const { blueprints } = work;
  const engine = withMemory(startJq());
  const folder = await makeWorkingFolder("studio");
  const samples = new Map<string, Promise<Sample>>();
  let last: { readonly text: string; readonly file: string; readonly understood: Understood } | undefined;
  /** The mapping text, parsed; what was parsed last is kept. */
  const understand = (text: string): Understood => {
    const { file } = work;
    if (last?.text !== text || last.file !== file) last = { text, file, understood: parseTolerant(text, file) };
    return last.understood;
  };
  const sample = (index: number, mapping: string): Promise<Sample> => {
    const source = sources[index];
    if (source === undefined) throw new UsageError(`there is no source ${index + 1}`);
    const read = readOptions(understand(mapping), source.kind);
    const key = JSON.stringify([index, read]);
    const kept = samples.get(key) ?? sampleOf(source, read);
    // The options of one moment are soon those of the past: only the last one of each source is kept.
    for (const other of samples.keys()) if (other !== key && other.startsWith(`[${index},`)) samples.delete(other);
    samples.set(key, kept);
    return kept;
  };
  const draft = async (mapping: string): Promise<string> => {
    if (await work.isOnDisk(mapping)) return work.file;
    const file = join(folder, basename(work.file));
    await writeFile(file, mapping, { mode: 0o600 });
    return file;
  };
  return {
    questions: start.questions,
    sources: start.sources,
    work,
    catalog,
    async askAgain() {
      for (const name of (await askCatalog(options, env)).blueprints) catalog.blueprints.add(name);
    },
    sample,
    draft,
    tidy: (text) => text.replaceAll(join(folder, basename(work.file)), work.file).replaceAll(join(folder, "/"), ""),
    async countErrors(text) {
      const compile = (expression: string) => engine.compile(expression);
      const findings = await lintUnderstood(understand(text), work.file, {
        compile,
        ...(blueprints.size > 0 && { blueprints }),
      });
      return findings.filter(({ severity }) => severity === "error").length;
    },
    async draftBlueprints(identifiers) {
      const file = join(folder, "to-create.json");
      const wanted = [...blueprints.values()].filter(({ identifier }) => identifiers.includes(identifier));
      await writeFile(file, JSON.stringify(wanted), { mode: 0o600 });
      return file;
    },
    async evaluate(index, text, position) {
      const own = await sample(index, text);
      return evaluate({
        understood: understand(text),
        file: work.file,
        sample: own,
        engine,
        blueprints,
        proposed: new Set(work.proposed.filter((name) => !catalog.blueprints.has(name))),
        ...(position !== undefined && { position }),
      });
    },
    async testAll(mapping, signal, onCounts) {
      const dir = await blueprintFolder(folder, blueprints);
      return preview(
        {
          sources: sources.map(({ kind, path }) => `${kind}=${path}`),
          mapping: await draft(mapping),
          ...(dir !== undefined && { blueprints: dir }),
        },
        {
          env,
          signal,
          onCounts,
          emit: async () => !signal.aborted,
        },
      );
    },
    async close() {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function blueprintFolder(
  folder: string,
  blueprints: ReadonlyMap<string, Blueprint>,
): Promise<string | undefined> {
  if (blueprints.size === 0) return undefined;
  const dir = await mkdtemp(join(folder, "blueprints-"));
  await writeFile(join(dir, "blueprints.json"), JSON.stringify([...blueprints.values()]), { mode: 0o600 });
  return dir;
}

/** How the mapping has a kind read; while it has a fault, the defaults. */
function readOptions({ issues, mapping }: Understood, kind: string) {
  return mapping === undefined || issues.length > 0 ? {} : sourceOptionsFor(mapping, kind);
}
