import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { resolveApiUrl } from "../../addresses.js";
import { createClient } from "../../api/client.js";
import type { Blueprint } from "../../blueprint.js";
import { CredentialsError, MappingError, UsageError } from "../../errors.js";
import { parseMapping } from "../../map/mapping-file.js";
import type { StudioOptions } from "../../options/authoring.js";
import { type BoundSource, bindSources } from "../../read/bind.js";
import { extensionOf, extensions } from "../../read/format.js";
import { quoted } from "../../reject.js";
import { proposeMapping } from "../init.js";
import { clientOptionsOf } from "../run/client-options.js";

/** What a studio begins with. */
export interface StudioStart {
  readonly mapping: string;
  /** Where the mapping is saved unless another name is given. */
  readonly file: string;
  /** True where the mapping is the proposal and is not saved yet. */
  readonly isProposed: boolean;
  readonly questions: readonly string[];
  readonly sources: readonly { readonly name: string; readonly kind: string }[];
}

/** What a studio is opened with. */
export type StudioGiven = Picked & Pick<StudioOptions, "blueprints" | "apiUrl">;

/** What is known of the catalog. */
export interface CatalogFacts {
  /** Address of the API. */
  readonly target: string;
  readonly hasCredentials: boolean;
  /** Identifiers of its blueprints; none without credentials. */
  readonly blueprints: Set<string>;
}

/** The catalog's blueprints, where there are credentials to ask with. */
export async function askCatalog(
  { apiUrl }: StudioGiven,
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
export async function beginStudio(options: StudioGiven, env: Readonly<Record<string, string | undefined>>) {
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

/** Sources, and the mapping they are read through; without one it is proposed. */
export interface Picked {
  readonly sources: readonly string[];
  readonly mapping?: string;
}

/** Source files and mappings of a folder, to choose among. */
export interface Offers {
  readonly sources: readonly string[];
  readonly mappings: readonly string[];
  /** The one that was named. */
  readonly mapping?: string;
}

/** Most files that are offered, and largest mapping that is read. */
const maxOffered = 200;
const maxBytes = 1024 * 1024;

/** Files of projects that are not inventory. */
const others = /^(?:package(?:-lock)?|tsconfig.*|jsconfig|biome|composer|deno)\.json$/i;

/**
 * Looks for what the studio can start with where no source is named: in this folder, its folders, and the mapping's.
 *
 * @param mapping - file that was named
 * @returns the sources at once where there is nothing to choose: a mapping with the files of its kinds beside it, or a single source
 * @throws {UsageError} when there is no source
 */
export async function findStart(mapping: string | undefined): Promise<Picked | { readonly offers: Offers }> {
  const folders = [".", ...(await foldersOf("."))];
  if (mapping !== undefined && !folders.includes(dirname(mapping))) folders.push(dirname(mapping));
  const files = (await Promise.all(folders.map(filesOf))).flat();
  const sources = files.filter(isSource).slice(0, maxOffered);
  const mappings = await kindsOfMappings(mapping === undefined ? files.filter(isYaml).slice(0, maxOffered) : [mapping]);
  const [named, ...further] = mappings;
  if (sources.length === 0)
    throw new UsageError("no source is named, and none lies here", {
      hint: `Name one: portload studio <source>${named === undefined ? "" : ` -m ${quoted(named.file)}`}. It may be a file (${Object.keys(extensions).join(", ")}), an address, or several.`,
    });
  if (named !== undefined && further.length === 0) {
    const own = sources.filter((path) => named.kinds.includes(basename(path).split(".")[0] ?? ""));
    const isOnly = named.kinds.length === 1 && sources.length === 1;
    if (own.length > 0 || isOnly) return { sources: own.length > 0 ? own : sources, mapping: named.file };
  }
  if (named === undefined && sources.length === 1) return { sources };
  return { offers: { sources, mappings: mappings.map(({ file }) => file), ...(mapping !== undefined && { mapping }) } };
}

async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const isLeftOut = (name: string): boolean =>
    /^\./.test(name) || ["node_modules", "blueprints", "dist"].includes(name);
  return entries.flatMap((entry) => (entry.isDirectory() && !isLeftOut(entry.name) ? [entry.name] : [])).sort();
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .flatMap((entry) => (entry.isFile() && !entry.name.startsWith(".") ? [join(folder, entry.name)] : []))
    .sort();
}

const isYaml = (path: string): boolean => /\.ya?ml$/i.test(path);

function isSource(path: string): boolean {
  return extensionOf(path) in extensions && !isYaml(path) && !others.test(basename(path));
}

/** Those of the files that are mappings, with their kinds; one with faults has none. */
async function kindsOfMappings(files: readonly string[]): Promise<{ file: string; kinds: readonly string[] }[]> {
  const found: { file: string; kinds: readonly string[] }[] = [];
  for (const file of files) {
    const { size = Number.POSITIVE_INFINITY } = (await stat(file).catch(() => undefined)) ?? {};
    const text = size > maxBytes ? "" : await readFile(file, "utf8").catch(() => "");
    if (/^resources:/m.test(text)) found.push({ file, kinds: kindsOf(text, file) });
  }
  return found;
}

/** The kinds of a mapping; of one with faults, those that its lines name. */
export function kindsOf(text: string, file: string): readonly string[] {
  try {
    return [...new Set(parseMapping(text, file).resources.map(({ kind }) => kind))];
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    return [...new Set([...text.matchAll(/^\s*-?\s*kind:\s*["']?([^"'\s#]+)/gm)].map(([, kind = ""]) => kind))];
  }
}
