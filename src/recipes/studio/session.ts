import { link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { resolveApiUrl } from "../../api/addresses.js";
import { createClient } from "../../api/client.js";
import type { Blueprint } from "../../blueprint.js";
import { CredentialsError, MappingError, PortloadError, StateError, UsageError } from "../../errors.js";
import { startJq } from "../../map/jq.js";
import { parseMapping, sourceOptionsFor } from "../../map/mapping-file.js";
import type { StudioOptions } from "../../options/authoring.js";
import { type BoundSource, bindSources } from "../../read/bind.js";
import type { Counts } from "../../report/counts.js";
import { makeWorkingFolder } from "../../state/working-folder.js";
import { proposeMapping } from "../init.js";
import { preview } from "../preview.js";
import { loadBlueprintFolder } from "../run/blueprints.js";
import { clientOptionsOf } from "../run/client-options.js";
import { type Evaluation, evaluate, withMemory } from "./evaluate.js";
import { type Sample, sampleOf } from "./sample.js";

/** The work behind the studio's page; it knows nothing of pages. */
export interface StudioSession {
  readonly start: StudioStart;
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  /** Those of them that are proposed for the sources. */
  readonly proposed: readonly Blueprint[];
  readonly catalog: CatalogFacts;
  /** The beginning of a source as the mapping text has it read. */
  sample(source: number, mapping: string): Promise<Sample>;
  evaluate(source: number, mapping: string, position?: number): Promise<Evaluation>;
  /** Maps and checks the whole of every source. `onCounts` hears the sums as they grow. */
  testAll(mapping: string, signal: AbortSignal, onCounts: (counts: Counts) => void): ReturnType<typeof preview>;
  /** Writes files that are not there yet; one that is there only where it holds what it `was`, or its name is in `overwrite`. @throws {UsageError} naming the first that is */
  save(
    files: readonly { readonly path: string; readonly text: string; readonly was?: string }[],
    overwrite: readonly string[],
  ): Promise<void>;
  /** The mapping text as a file that a command can be given. It is removed with the session. */
  draft(mapping: string): Promise<string>;
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
  options: StudioOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<StudioSession> {
  const { start, sources, proposed } = await beginStudio(options, env);
  const { held, ...catalog } = await askCatalog(options, env);
  const known = options.blueprints === undefined ? held : await loadBlueprintFolder(options.blueprints);
  const blueprints = new Map([...proposed, ...known].map((blueprint) => [blueprint.identifier, blueprint]));
  const engine = withMemory(startJq());
  const folder = await makeWorkingFolder("studio");
  const samples = new Map<string, Promise<Sample>>();
  const sample = (index: number, mapping: string): Promise<Sample> => {
    const source = sources[index];
    if (source === undefined) throw new UsageError(`there is no source ${index + 1}`);
    const read = readOptions(mapping, start.file, source.kind);
    const key = JSON.stringify([index, read]);
    const kept = samples.get(key) ?? sampleOf(source, read);
    // The options of one moment are soon those of the past: only the last one of each source is kept.
    for (const other of samples.keys()) if (other !== key && other.startsWith(`[${index},`)) samples.delete(other);
    samples.set(key, kept);
    return kept;
  };
  const draft = async (mapping: string): Promise<string> => {
    const file = join(folder, basename(start.file));
    await writeFile(file, mapping, { mode: 0o600 });
    return file;
  };
  return {
    start,
    blueprints,
    proposed: proposed.filter(({ identifier }) => !catalog.blueprints.has(identifier)),
    catalog,
    sample,
    draft,
    async draftBlueprints(identifiers) {
      const file = join(folder, "to-create.json");
      const wanted = [...blueprints.values()].filter(({ identifier }) => identifiers.includes(identifier));
      await writeFile(file, JSON.stringify(wanted), { mode: 0o600 });
      return file;
    },
    async evaluate(index, text, position) {
      const own = await sample(index, text);
      return evaluate({
        text,
        file: start.file,
        sample: own,
        engine,
        blueprints,
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
    async save(files, overwrite) {
      for (const { path, text, was } of files) {
        const isOurs = was !== undefined && (await readFile(path, "utf8").catch(() => undefined)) === was;
        await createFile(path, text, isOurs || overwrite.includes(path));
      }
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

/** How the mapping has a kind read; while it has a fault, as if it said nothing. */
function readOptions(text: string, file: string, kind: string) {
  try {
    return sourceOptionsFor(parseMapping(text, file), kind);
  } catch (error) {
    if (error instanceof PortloadError) return {};
    throw error;
  }
}

/**
 * Writes a file whole: it appears by rename, or by a link that fails where the name is taken.
 *
 * @throws {UsageError} when the file is there and may not be overwritten
 * @throws {StateError} when it cannot be written
 */
async function createFile(path: string, text: string, mayOverwrite: boolean): Promise<void> {
  const part = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(part, text);
    if (mayOverwrite) await rename(part, path);
    else await link(part, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST")
      throw new UsageError(`${path} exists`, { hint: "Confirm that it may be overwritten, or give another name." });
    throw new StateError(`${path} cannot be written: ${(cause as Error).message}`, { cause });
  } finally {
    await rm(part, { force: true });
  }
}

/** What a studio begins with. */
export interface StudioStart {
  readonly mapping: string;
  /** Where the mapping is saved unless another name is given. */
  readonly file: string;
  /** True where the mapping is the proposal and lies nowhere yet. */
  readonly isProposed: boolean;
  readonly questions: readonly string[];
  readonly sources: readonly { readonly name: string; readonly kind: string }[];
}

/** What is known of the catalog. */
interface CatalogFacts {
  /** Address of the API. */
  readonly target: string;
  readonly hasCredentials: boolean;
  /** Identifiers of its blueprints; none without credentials. */
  readonly blueprints: ReadonlySet<string>;
}

/** The catalog's blueprints, where there are credentials to ask with. */
async function askCatalog(
  { apiUrl }: StudioOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CatalogFacts & { readonly held: readonly Blueprint[] }> {
  const address = apiUrl === undefined ? {} : { apiUrl };
  const target = resolveApiUrl({ env, ...address });
  try {
    const client = createClient(clientOptionsOf(address, env));
    try {
      const held = await client.listBlueprints();
      const blueprints = new Set(held.map(({ identifier }) => identifier));
      return {
        target,
        hasCredentials: true,
        blueprints,
        held: held.filter(({ identifier }) => !identifier.startsWith("_")),
      };
    } finally {
      await client.close();
    }
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    return { target, hasCredentials: false, blueprints: new Set(), held: [] };
  }
}

/** Reads the mapping, or proposes one, and binds the sources to its kinds. */
async function beginStudio(options: StudioOptions, env: Readonly<Record<string, string | undefined>>) {
  if (options.mapping !== undefined) {
    const mapping = await readFile(options.mapping, "utf8").catch((cause: Error) => {
      throw new UsageError(`-m ${options.mapping}: ${cause.message}`, { cause });
    });
    const sources = await bound(options.sources, kindsOf(mapping, options.mapping));
    return {
      start: { mapping, file: options.mapping, isProposed: false, questions: [], sources },
      sources,
      proposed: [],
    };
  }
  const { mapping, blueprints, questions } = await proposeMapping({ sources: [...options.sources] }, env);
  const sources = await bound(options.sources, kindsOf(mapping, "mapping.yaml"));
  const file = `${sources[0]?.kind ?? "mapping"}.yaml`;
  return { start: { mapping, file, isProposed: true, questions, sources }, sources, proposed: blueprints };
}

async function bound(args: readonly string[], kinds: readonly string[]): Promise<readonly BoundSource[]> {
  return (await bindSources(args, kinds)).sources;
}

/** The kinds of a mapping; of one with faults none, so that sources bind by their own names. */
function kindsOf(text: string, file: string): readonly string[] {
  try {
    return [...new Set(parseMapping(text, file).resources.map(({ kind }) => kind))];
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    return [...new Set([...text.matchAll(/^\s*-?\s*kind:\s*["']?([^"'\s#]+)/gm)].map(([, kind = ""]) => kind))];
  }
}
