import { constants, existsSync } from "node:fs";
import { access, readdir, realpath, stat } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import picomatch from "picomatch";
import { glob, isDynamicPattern } from "tinyglobby";
import { SourceError, UsageError } from "../errors.js";
import type { GivenSource, PathSource, Source } from "../given-source.js";
import { didYouMean } from "../nearest.js";
import { isUrl, nameOf } from "./fetch.js";
import { extensionOf, extensions } from "./format.js";
import { asSourceError } from "./open.js";
import { isWorkbook, sheetNames } from "./xlsx/open-sheet.js";

/** A source that belongs to a kind of the mapping. */
export interface BoundSource {
  /** Ordinal on the command line, from 0, after globs and directories are spread out. */
  readonly index: number;
  readonly kind: string;
  /** Path to open; `-` is stdin, and what a program gave. */
  readonly path: string;
  /** What people see: the path as given, a URL without userinfo and query. */
  readonly name: string;
  /** Of a workbook, where the call names it: `book.xlsx#Servers`. */
  readonly sheet?: string;
  /** What a program gave, which is read in place of a path. */
  readonly given?: GivenSource;
  /** The format, where the call gives it. */
  readonly format?: NonNullable<PathSource["format"]>;
}

/**
 * Binds sources to the kinds of a mapping.
 *
 * `<kind>=<path>` when the part before the first `=` is a kind; else the kind that equals the base name up to its first dot; else, where there is only
 * one kind, that one. A workbook that the call names no kind and no sheet of is bound, sheet by sheet, to the kinds that have a sheet's name or that the mapping
 * names one for. A directory is its files with known extensions (YAML only where it holds no other source), a glob what it matches, both sorted, each
 * real file once.
 *
 * @param args - files, directories, globs, URLs, `-`, each perhaps with `<kind>=` before it; or what a program gave
 * @param kinds - of the mapping, in its order
 * @param ignore - globs of files to leave out of directories and globs; one without a slash fits names in any folder
 * @param sheets - the sheet of a workbook that the mapping names, by kind
 * @returns the sources, and the kinds that got none
 * @throws UsageError when no kind fits, or stdin is named twice
 * @throws SourceError for a path that does not exist, may not be read, or holds no source
 */
export async function bindSources(
  args: readonly Source[],
  kinds: readonly string[],
  ignore: readonly string[] = [],
  sheets: ReadonlyMap<string, string> = new Map(),
): Promise<{ sources: BoundSource[]; unbound: string[] }> {
  const sources: BoundSource[] = [];
  for (const arg of args) {
    if (typeof arg !== "string" && !("path" in arg)) {
      sources.push(bindGiven(arg, sources.length, kinds));
      continue;
    }
    const given = typeof arg === "string" ? kindBefore(arg, kinds) : arg;
    const format = given.format === undefined ? {} : { format: given.format };
    const named = given.kind === undefined ? undefined : knownKind(given.kind, kinds);
    for (const found of await spread(given.path, ignore)) {
      const name = nameOf(found);
      const { path, sheet } = sheetOf(found);
      if (named === undefined && sheet === undefined && kinds.length > 1) {
        const taken = await sheetsTaken({ path, name }, kinds, sheets);
        for (const each of taken)
          sources.push({ ...each, index: sources.length, path, name: `${name}#${each.sheet}`, ...format });
        if (taken.length > 0) continue;
      }
      const kind = named ?? kinds.find((each) => each === sheet) ?? kindOf(path, name, kinds);
      sources.push({ index: sources.length, kind, path, name, ...(sheet !== undefined && { sheet }), ...format });
    }
  }
  if (sources.filter(({ path, given }) => path === "-" && given === undefined).length > 1)
    throw new UsageError("stdin (-) can be read only once");
  return { sources, unbound: kinds.filter((kind) => !sources.some((source) => source.kind === kind)) };
}

function bindGiven(given: GivenSource, index: number, kinds: readonly string[]): BoundSource {
  const only = kinds.length === 1 ? kinds[0] : undefined;
  const named = given.kind ?? kinds.find((kind) => kind === given.name) ?? only;
  if (named === undefined)
    throw new UsageError(`a source that is given must say its kind; the kinds are ${kinds.join(", ")}`, {
      hint: "Give it by its kind: sources: { <kind>: … }.",
    });
  const kind = knownKind(named, kinds);
  return { index, kind, path: "-", name: given.name ?? kind, given };
}

function knownKind(kind: string, kinds: readonly string[]): string {
  if (kinds.includes(kind)) return kind;
  throw new UsageError(`the mapping has no kind ${kind}${didYouMean(kind, kinds)}`, {
    hint: `Its kinds are ${kinds.join(", ")}.`,
  });
}

/** A path, and the kind before it; where the kind is unknown and only what follows it can be a source, it was meant as one. */
function kindBefore(arg: string, kinds: readonly string[]): PathSource {
  const at = arg.indexOf("=");
  const [kind, path] = [arg.slice(0, Math.max(at, 0)), arg.slice(at + 1)];
  if (at <= 0) return { path: arg };
  if (kinds.includes(kind)) return { kind, path };
  const isSource = path === "-" || isUrl(path) || existsSync(sheetOf(path).path);
  return isSource && !existsSync(arg) ? { kind, path } : { path: arg };
}

function kindOf(path: string, name: string, kinds: readonly string[]): string {
  const last = isUrl(path) ? new URL(path).pathname : path;
  const base = basename(last).split(".")[0];
  const kind = kinds.find((each) => each === base) ?? (kinds.length === 1 ? kinds[0] : undefined);
  if (kind !== undefined) return kind;
  const isBook = extensions[extensionOf(path)] === "xlsx";
  throw new UsageError(`no kind of the mapping fits the source ${name}; its kinds are ${kinds.join(", ")}`, {
    hint: `${isBook ? "Name it once for each kind that it has a sheet for" : "Say which"}: ${kinds
      .slice(0, 3)
      .map((each) => `${each}=${path === "-" ? "-" : name}`)
      .join(isBook ? " " : " or ")}.${path === "-" ? "" : ` In a folder, leave it out: --ignore ${basename(last)}`}`,
  });
}

/** The sheets of a workbook that one kind each takes; where several want the same one, the kind with the file's name. */
async function sheetsTaken(
  { path, name }: { readonly path: string; readonly name: string },
  kinds: readonly string[],
  sheets: ReadonlyMap<string, string>,
): Promise<readonly { readonly kind: string; readonly sheet: string }[]> {
  if (path === "-" || isUrl(path) || !(await isWorkbook({ path, name }, {}))) return [];
  const base = basename(path).split(".")[0];
  return (await sheetNames({ path, name })).flatMap((sheet) => {
    const wanting = kinds.filter((kind) => (sheets.get(kind) ?? kind) === sheet);
    const kind = wanting.length > 1 ? wanting.find((each) => each === base) : wanting[0];
    return kind === undefined ? [] : [{ kind, sheet }];
  });
}

/** The sheet that a path names after a #. */
function sheetOf(named: string): { readonly path: string; readonly sheet?: string } {
  const [, path, sheet] = isUrl(named) ? [] : (/^(.+\.xls[xm])#(.+)$/is.exec(named) ?? []);
  return path === undefined || sheet === undefined || existsSync(named) ? { path: named } : { path, sheet };
}

async function spread(path: string, ignore: readonly string[]): Promise<string[]> {
  if (path === "-") return [path];
  if (isUrl(path)) {
    if (URL.canParse(path)) return [path];
    throw new UsageError(`${nameOf(path)} is not an address that can be read`);
  }
  const found = await stat(sheetOf(path).path).catch(() => undefined);
  if (found === undefined && isDynamicPattern(path)) {
    const matches = await glob(path, { absolute: isAbsolute(path), expandDirectories: false });
    const taken = matches.filter((match) => !isIgnored(match, ignore));
    if (taken.length > 0) return eachOnce(taken);
    throw new SourceError(path, "no file matches", { hint: "The pattern is taken from the current directory." });
  }
  try {
    await access(sheetOf(path).path, constants.R_OK);
    return found?.isDirectory() === true ? await filesIn(path, ignore) : [path];
  } catch (error) {
    throw asSourceError(path, error);
  }
}

/** Whether a file of a folder or a pattern is left out: a glob without a slash fits its name, another one the end of its path. */
function isIgnored(path: string, ignore: readonly string[]): boolean {
  return ignore.some((pattern) => {
    const isMatch = picomatch(pattern.includes("/") ? `{**/,}${pattern}` : pattern);
    return isMatch(pattern.includes("/") ? path : basename(path));
  });
}

/** Files by the shortest of the paths that lead to each: links may make loops. */
async function eachOnce(paths: readonly string[]): Promise<string[]> {
  const byFile = new Map<string, string>();
  for (const path of [...paths].sort((a, b) => a.length - b.length)) {
    const real = await realpath(path).catch(() => path);
    if (!byFile.has(real)) byFile.set(real, path);
  }
  return [...byFile.values()].sort();
}

async function filesIn(directory: string, ignore: readonly string[]): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const known = entries
    .filter(
      (entry) => !entry.isDirectory() && !entry.name.startsWith(".") && !isIgnored(join(directory, entry.name), ignore),
    )
    .filter(({ name }) => extensions[extensionOf(name)] !== undefined);
  const tables = known.filter(({ name }) => extensions[extensionOf(name)] !== "yaml");
  const taken = (tables.length > 0 ? tables : known).map(({ name }) => join(directory, name)).sort();
  const files: string[] = [];
  for (const path of taken) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined)
      throw new SourceError(path, "is a link that leads nowhere", {
        hint: `Remove the link, or leave it out: --ignore ${basename(path)}`,
      });
    if (!found.isDirectory()) files.push(path);
  }
  if (files.length > 0) return files;
  throw new SourceError(directory, `the directory holds no source (${Object.keys(extensions).join(" ")})`, {
    hint: `Name the files themselves if their names end otherwise; folders within are taken by a pattern: "${join(directory, "**/*.csv")}".`,
  });
}
