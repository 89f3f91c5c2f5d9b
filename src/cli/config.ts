import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../errors.js";
import { didYouMean } from "../nearest.js";
import { quoted } from "../reject.js";
import { type AnyCommand, everyCommand, type Values } from "./command.js";
import { say, type Terminal } from "./terminal.js";

const files = ["portload.config.yaml", "portload.config.yml"] as const;

/** What the file may set, and the option that each is. */
const settings = {
  mapping: "mapping",
  sources: "sources",
  blueprints: "blueprints",
  report: "report",
  share: "quotaShare",
  prune: "prune",
  maxDelete: "maxDelete",
  stateDir: "stateDir",
  quiet: "quiet",
} as const;

/**
 * Lays what the folder's `portload.config.yaml`, or the key `portload` of its package.json, sets under what the command line gives, and says so. Commands
 * that read sources through a mapping take all of it, and the studio where no source is named; those that look for an earlier run where its folder is.
 *
 * @throws {UsageError} for a file that cannot be read as one, and where it is missed
 */
export async function withConfig(command: AnyCommand, given: Values, terminal: Terminal): Promise<Values> {
  const readsMapping = command.options.mapping?.need === "required";
  const takesAll = readsMapping || (command.name === "studio" && sourcesIn(given).length === 0);
  if (!takesAll && command.options.stateDir === undefined) return given;
  const found = await readConfig();
  if (found === undefined) {
    if (readsMapping && given.mapping === undefined && sourcesIn(given).length === 0)
      throw new UsageError(
        `source and --mapping are missing, and there is no ${files[0]} in ${process.cwd()} that names them`,
        { hint: `See portload ${command.name} --help.` },
      );
    return given;
  }
  const { file, config } = found;
  const values: Record<string, unknown> = {};
  const taken: string[] = [];
  for (const [key, value] of Object.entries(config)) {
    if (!(key in settings))
      throw new UsageError(`${file}: there is no setting "${key}"${didYouMean(key, Object.keys(settings))}`, {
        hint: `It may set ${Object.keys(settings).join(", ")}.`,
      });
    const name = settings[key as keyof typeof settings];
    const option = command.options[name] ?? (name === "quiet" ? everyCommand.quiet : undefined);
    const isOver = name in given || (name === "stateDir" && terminal.env.PORTLOAD_STATE !== undefined);
    if (option === undefined || isOver || !(takesAll || name === "stateDir")) continue;
    values[name] = option.isList && !Array.isArray(value) ? [value] : value;
    taken.push(key);
  }
  const all = { ...values, ...given };
  if (taken.length > 0 && all.quiet !== true) await say(terminal, `from ${file}: ${taken.join(", ")}\n`);
  return all;
}

async function readConfig(): Promise<{ readonly file: string; readonly config: object } | undefined> {
  for (const file of files) {
    const text = await textOf(file);
    if (text === undefined) continue;
    const { parseDocument } = await import("yaml");
    const document = parseDocument(text);
    const [broken] = document.errors;
    if (broken !== undefined) throw new UsageError(`${file}: ${broken.message}`);
    return { file, config: settingsIn(document.toJS(), file) };
  }
  const text = await textOf("package.json");
  // Most have no such key, and some are not JSON.
  if (text?.includes('"portload"') !== true) return undefined;
  try {
    const { portload } = JSON.parse(text) as { readonly portload?: unknown };
    return portload === undefined ? undefined : { file: "package.json", config: settingsIn(portload, "package.json") };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function settingsIn(value: unknown, file: string): object {
  if (value === null || value === undefined) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value;
  throw new UsageError(`${file}: the settings must be a map, such as "mapping: inventory.yaml"`);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

const isYaml = (path: string): boolean => /\.ya?ml$/i.test(path);
const isData = (path: string): boolean => /\.(?:csv|tsv|ndjson|jsonl|xlsx|gz|zst|zip)$/i.test(path);

/**
 * Looks at a command line that names no mapping, or a source in its place, and says how it is meant, as a line to paste.
 *
 * @throws {UsageError} where mapping and source are swapped, the mapping is among the sources, or there is none
 */
export async function refuseWithoutMapping(command: AnyCommand, values: Values): Promise<void> {
  if (command.options.mapping?.need !== "required") return;
  const sources = sourcesIn(values);
  const { mapping } = values;
  const line = (given: readonly string[], file: string): string =>
    ["portload", command.name, ...given.map(quoted), "-m", quoted(file)].join(" ");
  if (typeof mapping === "string") {
    const [first, ...others] = sources;
    if (first !== undefined && isData(mapping) && isYaml(pathOf(first)) && (await isMapping(pathOf(first))))
      throw new UsageError(`${mapping} is not a mapping, and ${first} is one: they are swapped`, {
        hint: line([mapping, ...others], first),
      });
    return;
  }
  const among: string[] = [];
  for (const source of sources) if (isYaml(pathOf(source)) && (await isMapping(pathOf(source)))) among.push(source);
  const rest = sources.filter((source) => !among.includes(source));
  if (among[0] !== undefined)
    throw new UsageError(`${among[0]} is a mapping, and is among the sources`, {
      hint: line(rest.length === 0 ? ["<source>"] : rest, among[0]),
    });
  const beside = (await Promise.all(sources.slice(0, maxSources).map(mappingsBeside))).flat();
  const [nearest] = beside;
  if (nearest !== undefined)
    throw new UsageError("--mapping is missing", {
      hint: `There is a mapping beside the source: ${line(sources, nearest)}`,
    });
  if (sources.length > 0)
    throw new UsageError("--mapping is missing", {
      hint: `Name the mapping file with -m; portload init ${sources.map(quoted).join(" ")} --out mapping.yaml proposes one.`,
    });
}

/** Most sources whose folders are looked at, and files of a folder that are opened. */
const maxSources = 5;
const maxOpened = 50;
const maxBytes = 1024 * 1024;

function sourcesIn({ sources, source }: Values): readonly string[] {
  if (Array.isArray(sources)) return sources as readonly string[];
  return typeof source === "string" ? [source] : [];
}

/** A source's path, without the kind it is bound to. */
function pathOf(source: string): string {
  return /^[\w.-]+=(.+)$/.exec(source)?.[1] ?? source;
}

/** Mappings near a source, that of its own name first. */
async function mappingsBeside(source: string): Promise<readonly string[]> {
  const path = pathOf(source);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [];
  const folder = found.isDirectory() ? path : dirname(path);
  const name = basename(path).split(".")[0];
  const places = [folder, join(folder, "mappings"), join(folder, "..", "mappings")];
  const files: string[] = [];
  for (const place of places) {
    const names = await readdir(place).catch(() => []);
    files.push(...names.filter(isYaml).map((each) => join(place, each)));
  }
  const own = (file: string): number => (basename(file).split(".")[0] === name ? 0 : 1);
  const mappings: string[] = [];
  for (const file of files.toSorted((a, b) => own(a) - own(b)).slice(0, maxOpened))
    if (await isMapping(file)) mappings.push(file);
  return mappings;
}

async function isMapping(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true || found.size > maxBytes) return false;
  return /^resources:/m.test(await readFile(path, "utf8").catch(() => ""));
}
