import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Blueprint } from "../../blueprint.js";
import { UsageError } from "../../errors.js";
import { blueprintFiles, loadBlueprintFiles, loadBlueprintFolder } from "../run/blueprints.js";
import type { StudioStart } from "./begin.js";
import { type BlueprintEdit, editBlueprint, type Renamed, retargeted } from "./blueprint-edit.js";
import {
  type FilePrints,
  type FileToSave,
  fingerprintOf,
  fingerprintOnDisk,
  type SaveResult,
  saveFiles,
} from "./files.js";
import { applyEdit } from "./fixes.js";

/** What is made in the studio, and its files on disk. */
export interface Work {
  /** The mapping as it was read or saved last. */
  readonly mapping: string;
  /** Where it is saved unless another name is given. */
  readonly file: string;
  /** True where the mapping is the proposal and is not saved yet. */
  readonly isProposed: boolean;
  /** Where the proposed blueprints are saved unless another folder is given; empty for nowhere. */
  readonly folder: string;
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  /** Identifiers of the blueprints that only the studio has proposed. */
  readonly proposed: readonly string[];
  /** What the files held when they were read or saved here. */
  readonly known: FilePrints;
  /** Files that were changed since, and that are still undecided here. */
  changed(): Promise<readonly string[]>;
  /** Takes what the changed files hold now, or keeps what there is here. @throws {BlueprintError} when one of them has faults; nothing is taken then */
  settle(isTaken: boolean): Promise<void>;
  /** Writes the mapping, and the proposed blueprints where a folder is named: all files, or none. */
  save(given: SaveRequest): Promise<SaveResult>;
  /** Changes a blueprint that only the studio has proposed; where that renames it, relations of the other proposed ones follow. @throws {UsageError} for another one, a name that is taken, or a mapping that cannot follow */
  edit(edit: BlueprintEdit, mapping: string): Renamed | undefined;
  /** Whether a blueprint was changed that is not saved since. */
  readonly hasUnsavedBlueprints: boolean;
  /** Whether the mapping's file holds just this text. */
  isOnDisk(mapping: string): Promise<boolean>;
}

/** What is to be saved, and what it may overwrite. */
export interface SaveRequest {
  readonly mapping: string;
  readonly file: string;
  readonly blueprints?: string;
  /** What the asking page knows of the files. */
  readonly known: FilePrints;
  /** What was agreed to be lost. */
  readonly agreed: FilePrints;
}

/** Opens the work: the mapping that was read or proposed, and the blueprints of the proposal, of the catalog or of a folder in its place. */
export async function openWork(
  start: StudioStart,
  given: {
    readonly proposed: readonly Blueprint[];
    readonly held: readonly Blueprint[];
    readonly inCatalog: ReadonlySet<string>;
    /** Folder of blueprint files. */
    readonly folder: string | undefined;
  },
): Promise<Work> {
  let { mapping, file, isProposed } = start;
  const known: Record<string, string> = isProposed ? {} : { [file]: fingerprintOf(mapping) };
  /** What was decided to be kept apart from, by file. */
  const left: Record<string, string | undefined> = {};
  const others = given.folder === undefined ? given.held : await loadBlueprintFolder(given.folder);
  const blueprints = new Map(others.map((blueprint) => [blueprint.identifier, blueprint]));
  const free = given.proposed.filter(
    ({ identifier }) => !blueprints.has(identifier) && !given.inCatalog.has(identifier),
  );
  let proposed: readonly string[] = free.map(({ identifier }) => identifier);
  for (const blueprint of given.proposed)
    if (!blueprints.has(blueprint.identifier)) blueprints.set(blueprint.identifier, blueprint);
  /** The proposed blueprints as they were proposed, saved or taken last, and the files that they were taken from. */
  const asSaved = new Map(free.map((blueprint) => [blueprint.identifier, JSON.stringify(blueprint)]));
  const fileOf = new Map<string, string>();
  /** Files beside the saved blueprints, which are neither read nor written here while they stay as they are. */
  let beside: FilePrints = {};
  let folder = proposed.length > 0 ? "blueprints" : "";
  const inFolder = async (): Promise<string[]> => (given.folder === undefined ? [] : blueprintFiles(given.folder));
  for (const path of await inFolder()) known[path] = (await fingerprintOnDisk(path)) ?? "";
  /** Files whose content differs from what is known; those of the folder also where they were added or removed. */
  const differing = async (): Promise<{ path: string; now: string | undefined }[]> => {
    const own = [...(await inFolder()), ...(await jsonFiles(folder, fileOf))];
    const paths = [...new Set([...Object.keys(known), ...own])];
    const all = await Promise.all(paths.map(async (path) => ({ path, now: await fingerprintOnDisk(path) })));
    // A mapping that is gone is written again when it is saved.
    return all.filter(({ path, now }) => now !== (known[path] ?? beside[path]) && (now !== undefined || path !== file));
  };
  return {
    get mapping() {
      return mapping;
    },
    get file() {
      return file;
    },
    get isProposed() {
      return isProposed;
    },
    get folder() {
      return folder;
    },
    blueprints,
    get proposed() {
      return proposed;
    },
    known,
    async changed() {
      return (await differing()).filter(({ path, now }) => left[path] !== (now ?? "gone")).map(({ path }) => path);
    },
    async settle(isTaken) {
      const files = await differing();
      if (!isTaken) {
        for (const { path, now = "gone" } of files) left[path] = now;
        return;
      }
      const paths = files.map(({ path }) => path);
      const text = paths.includes(file) ? await readFile(file, "utf8") : mapping;
      const ours = paths.filter(
        (path) => path !== file && !(given.folder !== undefined && isWithin(path, given.folder)),
      );
      const read = given.folder === undefined ? [] : await loadBlueprintFolder(given.folder);
      const there = files.flatMap(({ path, now }) => (now !== undefined && ours.includes(path) ? [path] : []));
      const own = await Promise.all(there.map(async (path) => [path, await loadBlueprintFiles([path])] as const));
      const gone = [...fileOf].filter(([, path]) => ours.includes(path)).map(([name]) => name);
      for (const name of gone) {
        blueprints.delete(name);
        fileOf.delete(name);
      }
      proposed = proposed.filter((name) => !gone.includes(name));
      for (const [path, made] of own)
        for (const blueprint of made) {
          const { identifier } = blueprint;
          blueprints.set(identifier, blueprint);
          fileOf.set(identifier, path);
          asSaved.set(identifier, JSON.stringify(blueprint));
          if (!proposed.includes(identifier)) proposed = [...proposed, identifier];
        }
      if (given.folder !== undefined)
        for (const name of blueprints.keys()) if (!proposed.includes(name)) blueprints.delete(name);
      for (const blueprint of read) blueprints.set(blueprint.identifier, blueprint);
      mapping = text;
      for (const { path, now } of files)
        if (now === undefined) delete known[path];
        else known[path] = now;
    },
    async save(request) {
      const made = request.blueprints === undefined ? [] : proposed.flatMap((name) => blueprints.get(name) ?? []);
      const names = new Map(made.map((one) => [one.identifier, pathIn(request.blueprints ?? "", one, fileOf)]));
      const files = filesOf(request, made, names);
      const result = await saveFiles(files, request.known, request.agreed);
      if ("taken" in result) return result;
      if (request.file !== file) delete known[file];
      if (request.blueprints !== undefined) {
        for (const path of fileOf.values()) delete known[path];
        fileOf.clear();
        for (const [name, path] of names) fileOf.set(name, path);
        for (const blueprint of made) asSaved.set(blueprint.identifier, JSON.stringify(blueprint));
      }
      Object.assign(known, result.written);
      ({ mapping, file } = request);
      folder = request.blueprints ?? "";
      isProposed = false;
      if (folder !== "") beside = await printsOf(await jsonFiles(folder, fileOf));
      return result;
    },
    edit(edit, text) {
      const blueprint = blueprints.get(edit.blueprint);
      if (blueprint === undefined || !proposed.includes(edit.blueprint) || given.inCatalog.has(edit.blueprint))
        throw new UsageError(`${edit.blueprint} is not only proposed: it cannot be edited here`, {
          hint: "Change it where it comes from: its file, or the catalog.",
        });
      const made = editBlueprint(blueprint, edit);
      const [from, to] = [edit.blueprint, made.identifier];
      if (from !== to && (blueprints.has(to) || given.inCatalog.has(to)))
        throw new UsageError(`there is a blueprint ${to} already`, { hint: `Give ${from} another identifier.` });
      if (from !== to) applyEdit(text, { kind: "renameBlueprint", from, to });
      if (from === to) {
        blueprints.set(from, made);
        return undefined;
      }
      // Its place among the others stays.
      const all = [...blueprints.values()].map((one) => (one === blueprint ? made : one));
      blueprints.clear();
      proposed = proposed.map((name) => (name === from ? to : name));
      for (const one of all)
        blueprints.set(one.identifier, proposed.includes(one.identifier) ? retargeted(one, { from, to }) : one);
      return { from, to };
    },
    get hasUnsavedBlueprints() {
      return proposed.some((name) => asSaved.get(name) !== JSON.stringify(blueprints.get(name)));
    },
    async isOnDisk(text) {
      return !isProposed && (await fingerprintOnDisk(file)) === fingerprintOf(text);
    },
  };
}

function filesOf(
  { mapping, file }: SaveRequest,
  made: readonly Blueprint[],
  paths: ReadonlyMap<string, string>,
): readonly FileToSave[] {
  if (file === "") throw new UsageError("the mapping file has no name", { hint: "Give one, such as mapping.yaml." });
  return [
    { path: file, text: mapping },
    ...made.map((blueprint) => ({
      path: paths.get(blueprint.identifier) ?? "",
      text: `${JSON.stringify(blueprint, null, 2)}\n`,
    })),
  ];
}

function isWithin(path: string, folder: string): boolean {
  return dirname(path) === dirname(join(folder, "x"));
}

/** Where a blueprint is saved: in the file that it was taken from, else in one of its name. */
function pathIn(folder: string, { identifier }: Blueprint, fileOf: ReadonlyMap<string, string>): string {
  const own = fileOf.get(identifier);
  return own !== undefined && isWithin(own, folder) ? own : `${folder}/${identifier.replaceAll(/[\\/:]/g, "_")}.json`;
}

/** JSON files of the folder that blueprints were saved into; none before. */
async function jsonFiles(folder: string, fileOf: ReadonlyMap<string, string>): Promise<string[]> {
  if (fileOf.size === 0 || folder === "") return [];
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^[^.].*\.json$/.test(name)).map((name) => `${folder}/${name}`);
}

async function printsOf(paths: readonly string[]): Promise<FilePrints> {
  const all = await Promise.all(paths.map(async (path) => [path, (await fingerprintOnDisk(path)) ?? ""] as const));
  return Object.fromEntries(all);
}
