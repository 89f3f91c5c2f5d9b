import { rm, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { publicRedisUrl } from "../../addresses.js";
import type { Mode } from "../../entity.js";
import { StateError } from "../../errors.js";
import { keptSource, optionsOfSource, type Source } from "../../given-source.js";
import type { CompiledMapping } from "../../map/compile-mapping.js";
import { keysReadBy } from "../../map/keys-read.js";
import type { ReportOptions } from "../../options/run.js";
import type { BoundSource } from "../../read/bind.js";
import { isUrl } from "../../read/fetch.js";
import type { Receipt } from "../../read/receipt.js";
import { commandOn, quoted, type Reject } from "../../reject.js";
import { writeForms } from "../../report/forms.js";
import type { Report, ReportOrigin } from "../../report/report.js";
import { findImport, type PastImport } from "../../state/folders.js";
import type { JournalHeader, SourceFingerprint } from "../../state/journal-lines.js";
import { fingerprintFile, openState, type State, type StateOptions, withoutSecrets } from "../../state/state.js";
import { makeWorkingFolder } from "../../state/working-folder.js";
import { version } from "../../version.js";
import type { Inputs } from "../stages/entities.js";
import type { ImportContext } from "./connect.js";
import type { Finished } from "./finish.js";

/** The folder of an import, and where its sources are read from. */
export interface Folder {
  readonly state: State;
  readonly sources: readonly BoundSource[];
  readonly stdin: Readable | undefined;
}

/** What a folder is opened with. */
interface FolderFacts {
  /** What the header of a new import's journal would be. */
  readonly header: Header;
  readonly sources: readonly BoundSource[];
  readonly stdin: Readable | undefined;
  /** Receives what was rejected before, where that still counts. */
  readonly recall: (rejects: readonly Reject[]) => void;
}

/** What a journal begins with, as a run gives it. */
export type Header = Pick<JournalHeader, "command" | "options" | "fingerprints" | "retryOf" | "undoOf">;

/**
 * Opens a folder.
 *
 * @throws {GuardError} while another import of the same mapping into the same catalog runs
 * @throws {StateError} when it cannot be written
 */
export type OpenFolder<F extends Folder = Folder> = (facts: FolderFacts) => Promise<F>;

/** The folder of import folders: as the option says, then the environment. */
export function stateDirFrom(
  { stateDir }: { readonly stateDir?: string | undefined },
  { env }: Pick<ImportContext, "env">,
): string {
  return stateDir ?? env?.PORTLOAD_STATE ?? ".portload";
}

/** Opens the folder of a new import. */
export function newFolder(
  { stateDir, keep }: { readonly stateDir?: string | false | undefined; readonly keep: number },
  context: Pick<ImportContext, "env">,
): OpenFolder {
  return async ({ header, sources, stdin }) => ({
    state: await (stateDir === false
      ? openPassingState({ keep, header })
      : openState({ stateDir: stateDirFrom({ stateDir }, context), keep, header })),
    sources,
    stdin,
  });
}

/** A state that keeps nothing: what waits for a later step waits in a folder that is removed with the run. */
async function openPassingState(facts: Omit<StateOptions, "stateDir">): Promise<State> {
  const stateDir = await makeWorkingFolder("run");
  const remove = () => rm(stateDir, { recursive: true, force: true });
  try {
    const state = await openState({ ...facts, stateDir });
    return { ...state, isKept: false, close: (ending) => state.close(ending).finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What a header is built from. */
export interface HeaderFacts {
  readonly command: string;
  readonly options: Readonly<Record<string, unknown>> & {
    readonly pace?: string | undefined;
    readonly mapping?: string | object | undefined;
    readonly sources?: readonly Source[] | undefined;
  };
  readonly mode: Mode;
  readonly apiUrl: string;
  /** Fingerprint of the mapping. */
  readonly mapping: string;
  readonly sources: readonly BoundSource[];
  /** The import whose rejects this one retries. */
  readonly retryOf?: string | undefined;
  /** The run that this one takes back. */
  readonly undoOf?: string | undefined;
}

/** Makes the header of an import's journal. */
export async function headerOf(facts: HeaderFacts): Promise<Header> {
  const { command, mode, apiUrl, mapping, sources, retryOf, undoOf } = facts;
  return {
    command,
    options: { ...keptOptions(facts.options), mode, apiUrl },
    fingerprints: { mapping, target: apiUrl, sources: await fingerprintSources(sources) },
    ...(retryOf !== undefined && { retryOf }),
    ...(undoOf !== undefined && { undoOf }),
  };
}

/** Options as a journal keeps them: the Redis of the pace without its password, of what a program gave, only the fact that it did. */
function keptOptions({ pace, mapping, sources, ...rest }: HeaderFacts["options"]): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    ...(pace !== undefined && { pace: publicRedisUrl(pace) }),
    ...(typeof mapping === "string" && { mapping }),
    ...(sources !== undefined && { sources: sources.map(keptSource) }),
  };
}

/** One for each source of the command line: those that were not taken have no more than their place. */
async function fingerprintSources(sources: readonly BoundSource[]): Promise<readonly SourceFingerprint[]> {
  const count = Math.max(0, ...sources.map(({ index }) => index + 1));
  const fingerprints = Array.from({ length: count }, (): SourceFingerprint => ({ name: "" }));
  for (const source of sources) fingerprints[source.index] = await fingerprintSource(source);
  return fingerprints;
}

async function fingerprintSource(source: BoundSource): Promise<SourceFingerprint> {
  const { path, name, kind, given } = source;
  const { format } = optionsOfSource(source, {});
  if (given !== undefined && format !== undefined) return { name, kind, format };
  const found = isUrl(path) || path === "-" ? undefined : await stat(path);
  if (found?.isFile() !== true) return { name, kind };
  const { size, mtime } = found;
  return { name, kind, bytes: size, modifiedAt: mtime.toISOString(), content: await fingerprintFile(path) };
}

/** What a run's origin is built from. */
interface OriginFacts {
  readonly command: string;
  readonly commandLine?: readonly string[] | undefined;
  readonly dryRun: boolean;
  readonly header: Pick<JournalHeader, "fingerprints">;
  readonly mapping: CompiledMapping;
  readonly inputs: Pick<Inputs, "sources" | "recordsOf">;
  /** How each source was read, by its index. */
  readonly receipts: ReadonlyMap<number, Pick<Receipt, "columns">>;
}

/** What an import was made with: to repeat it, or to see what was left out. */
export function originOf({
  command,
  commandLine,
  dryRun,
  header,
  mapping,
  inputs,
  receipts,
}: OriginFacts): ReportOrigin {
  const { sources, target } = header.fingerprints;
  const unmappedColumns = inputs.sources.flatMap(({ index, kind, name }) => {
    const read = keysOfKind(mapping, kind);
    const columns = receipts.get(index)?.columns;
    const unread = read === undefined ? [] : (columns ?? []).filter((column) => !read.has(column));
    return unread.length === 0 ? [] : [{ source: name, columns: unread }];
  });
  return {
    version,
    mapping: mapping.mapping.file,
    target,
    commandLine: commandLineOf(commandLine ?? [command, ...(dryRun ? ["--dry-run"] : [])]),
    sources: inputs.sources.map((source) => {
      const bytes = sources[source.index]?.bytes;
      return { name: source.name, ...(bytes !== undefined && { bytes }), records: inputs.recordsOf(source) };
    }),
    unmappedColumns,
  };
}

/** A command line that can be pasted into a shell; what may be secret in an address is left out. */
export function commandLineOf(words: readonly string[]): string {
  return ["portload", ...words.map((word) => quoted(withoutSecrets(word)))].join(" ");
}

/** The keys that the expressions of a kind's resources read; undefined where one may see the whole record. */
function keysOfKind({ kinds, leaves }: CompiledMapping, kind: string): ReadonlySet<string> | undefined {
  const resources = new Set(kinds.get(kind)?.resources.map(({ resource }) => resource.index));
  const own = leaves.filter(({ resource, by }) => resources.has(resource) && by !== "constant");
  return keysReadBy(own.map(({ expression }) => expression));
}

/**
 * Gives the report of an earlier import, and writes it to further files.
 *
 * @throws {StateError} when there is none
 * @throws {UsageError} for a file whose extension names no form
 */
export async function pastReport(
  given: ReportOptions,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Pick<Finished, "report" | "mode"> & Pick<PastImport, "folder" | "passedOver">> {
  const stateDir = stateDirFrom(given, { env });
  const past = await findImport(
    stateDir,
    given.importId,
    "import with a report",
    (found) => reportOf(found) !== undefined,
  );
  const report = reportOf(past);
  if (report === undefined)
    throw new StateError(`import ${past.importId} has no report: it runs, or it was killed`, {
      hint: `If it was killed, resume it: ${commandOn("resume", past)}`,
    });
  await writeForms(report, given.report ?? []);
  const mode = modes.find((each) => each === past.header.options.mode) ?? "merge";
  return { report, folder: past.folder, mode, passedOver: past.passedOver };
}

const modes: readonly Mode[] = ["merge", "override", "create"];

/** The report of an import; undefined while it runs, and where it was killed. @throws {StateError} for a report.json that is damaged */
export function reportOf({ importId, report: text }: PastImport): Report | undefined {
  if (text === undefined) return undefined;
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    report = undefined;
  }
  if (isReport(report)) return report;
  throw new StateError(`import ${importId} has a report.json that cannot be read`, { hint: "Name another import." });
}

function isReport(value: unknown): value is Report {
  if (typeof value !== "object" || value === null) return false;
  const { exitCode, rejectFiles } = value as { readonly exitCode?: unknown; readonly rejectFiles?: unknown };
  return typeof exitCode === "number" && Array.isArray(rejectFiles);
}
