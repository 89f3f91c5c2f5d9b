import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { SourceError, UsageError } from "../errors.js";
import { extensionOf, extensions } from "./format.js";
import { asSourceError } from "./open.js";
import { isUrl, nameOf } from "./source-name.js";

/** A source that belongs to a kind of the mapping. */
export interface BoundSource {
  /** Ordinal on the command line, from 0, after globs and directories are spread out. */
  readonly index: number;
  readonly kind: string;
  /** Path to open; `-` is stdin. */
  readonly path: string;
  /** What people see: the path as given, a URL without userinfo and query. */
  readonly name: string;
}

/**
 * Binds sources to the kinds of a mapping.
 *
 * `<kind>=<path>` when the part before the first `=` is a kind; else the kind that equals the base name up to its first dot; else, where there is only
 * one kind, that one. A directory stands for its files with known extensions, a glob for what it matches, both sorted.
 *
 * @param args - files, directories, globs, URLs, `-`, each perhaps with `<kind>=` before it
 * @param kinds - of the mapping, in its order
 * @returns the sources, and the kinds that got none
 * @throws UsageError when no kind fits, or stdin is named twice
 * @throws SourceError for a path that does not exist, may not be read, or holds no source
 */
export async function bindSources(
  args: readonly string[],
  kinds: readonly string[],
): Promise<{ sources: BoundSource[]; unbound: string[] }> {
  const sources: BoundSource[] = [];
  for (const arg of args) {
    const given = kindBefore(arg, kinds);
    for (const path of await spread(given?.path ?? arg)) {
      const name = nameOf(path);
      sources.push({ index: sources.length, kind: given?.kind ?? kindOf(path, name, kinds), path, name });
    }
  }
  if (sources.filter(({ path }) => path === "-").length > 1) throw new UsageError("stdin (-) can be read only once");
  return { sources, unbound: kinds.filter((kind) => !sources.some((source) => source.kind === kind)) };
}

function kindBefore(arg: string, kinds: readonly string[]): { kind: string; path: string } | undefined {
  const at = arg.indexOf("=");
  const kind = arg.slice(0, Math.max(at, 0));
  return at > 0 && kinds.includes(kind) ? { kind, path: arg.slice(at + 1) } : undefined;
}

function kindOf(path: string, name: string, kinds: readonly string[]): string {
  const last = isUrl(path) ? new URL(path).pathname : path;
  const base = basename(last).split(".")[0];
  const kind = kinds.find((each) => each === base) ?? (kinds.length === 1 ? kinds[0] : undefined);
  if (kind !== undefined) return kind;
  throw new UsageError(`no kind of the mapping fits the source ${name}; its kinds are ${kinds.join(", ")}`, {
    hint: `Say which: <kind>=${name}`,
  });
}

async function spread(path: string): Promise<string[]> {
  if (path === "-") return [path];
  if (isUrl(path)) {
    if (URL.canParse(path)) return [path];
    throw new UsageError(`${nameOf(path)} is not an address that can be read`);
  }
  const found = await stat(path).catch(() => undefined);
  if (found === undefined && isDynamicPattern(path)) {
    const matches = await glob(path, { absolute: isAbsolute(path), expandDirectories: false });
    if (matches.length > 0) return matches.sort();
    throw new SourceError(path, "no file matches", { hint: "The pattern is taken from the current directory." });
  }
  try {
    await access(path, constants.R_OK);
    return found?.isDirectory() === true ? await filesIn(path) : [path];
  } catch (error) {
    throw asSourceError(path, error);
  }
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  const known = names.filter((name) => extensions[extensionOf(name)] !== undefined).sort();
  if (known.length > 0) return known.map((name) => join(directory, name));
  throw new SourceError(directory, `the directory holds no source (${Object.keys(extensions).join(" ")})`, {
    hint: `Name the files themselves if their names end otherwise; folders within are taken by a pattern: "${join(directory, "**/*.csv")}".`,
  });
}
