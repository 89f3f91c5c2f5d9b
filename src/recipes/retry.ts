import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { StateError } from "../errors.js";
import type { PathSource } from "../given-source.js";
import { parseOptions } from "../options/option.js";
import { type RetryOptions, retryOptions, runOptions } from "../options/run.js";
import { commandOn } from "../reject.js";
import type { Report } from "../report/report.js";
import { canBe } from "../run-commands.js";
import { findImport, type PastImport, passedOver } from "../state/folders.js";
import { kindOfRun, type SourceFingerprint } from "../state/journal-lines.js";
import { fingerprintFile } from "../state/state.js";
import type { Warning } from "../warning.js";
import { leaveOut, openRetried } from "./resume/leave-out.js";
import { isResumable, optionsOf, refuseWithoutMapping } from "./resume.js";
import type { ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { newFolder, reportOf, stateDirFrom } from "./run/folder.js";
import { runSources } from "./run/run.js";
import { deferRelations, keepBefore } from "./stages/before-first-write.js";
import { existingOnly } from "./stages/compare.js";
import { dropDuplicates } from "./stages/duplicates.js";
import { guardEmptying, mayEmpty, openEmptyingGuard } from "./stages/emptying.js";
import { copyOf, entitiesOf } from "./stages/entities.js";
import { leaveOutMissing } from "./stages/missing-lookups.js";
import { runSteps } from "./stages/steps.js";

/**
 * Imports the rejects files of an import or a sync as they are now, through the mapping as it is now, as a new import that names the old run. Of an import that
 * stopped early, what it did not attempt is imported, too; a sync is started again for that.
 *
 * @throws {StateError} when there is no import with rejects, or when what was not attempted is not known any more
 * @throws as `runImport` does
 */
export async function retryImport(asked: RetryOptions, context: ImportContext = {}): Promise<Finished> {
  const { importId, ...changed } = parseOptions(retryOptions, asked);
  const stateDir = stateDirFrom(changed, context);
  const past = await findImport(stateDir, importId, "import or sync with rejects", hasLeft);
  refuseWithoutMapping(past, changed);
  const report = reportToRetry(past);
  const rejects = rejectSources(past, report);
  const sources = [...rejects, ...(isResumable(past) && isEarly(report) ? await restSources(past) : [])];
  if (sources.length === 0)
    throw new StateError(`${past.header.command} ${past.importId} left nothing to import again`, {
      hint: "It rejected no record, or its rejects files are gone.",
    });
  // Its report files are those of the import that it retries, and are not overwritten.
  const { report: _, ...inherited } = optionsOf(past, context);
  const given = parseOptions(runOptions, { ...inherited, ...changed, sources, stateDir });
  // An import wrote some of them without a relation, so that they exist already: few, so their old values are always kept for an undo.
  const options = { ...given, keepBefore: true };
  const retried = await openRetried(past);
  const unchanged = await unchangedSince(past, rejects, stateDir);
  const command = { name: "retry", retryOf: past.importId, openFolder: newFolder(options, context) };
  return runSources(options, context, command, async (job) => {
    const { inputs, inventory, target, ledger, keys } = job;
    ledger.warn(passedOver(past));
    const emptying = openEmptyingGuard(inventory.mapping, options);
    await runSteps(job, (step) => [
      entitiesOf(step, inputs, ledger, leaveOut(retried, inventory.mapping.resources, keys)),
      dropDuplicates(step, inputs, ledger, keys),
      ...(target.rules.updateOnly ? [existingOnly(target, ledger, keys)] : []),
      ...(mayEmpty(target, emptying) ? [guardEmptying(target, emptying)] : []),
      keepBefore(target, ledger, keys),
      leaveOutMissing(target, ledger, keys),
      deferRelations(target, ledger, keys),
    ]);
    if (ledger.rejected > 0) ledger.warn(unchanged);
  });
}

/** Rejects files that nobody touched since their run ended: a retry does not see corrections of the source itself. */
async function unchangedSince(past: PastImport, sources: readonly PathSource[], stateDir: string): Promise<Warning[]> {
  const ended = await stat(join(past.folder, "report.json"));
  const stats = await Promise.all(sources.map(async ({ path }) => ({ path, changed: (await stat(path)).ctimeMs })));
  const untouched = stats.filter(({ changed }) => changed <= ended.ctimeMs);
  if (untouched.length === 0) return [];
  let first = past;
  while (first.header.retryOf !== undefined) {
    const before = await findImport(stateDir, first.header.retryOf, "import", () => true).catch(() => undefined);
    if (before === undefined) break;
    first = before;
  }
  const again = first.header.retryOf === undefined ? reportOf(first)?.commandLine : undefined;
  const names = first.header.fingerprints.sources.map(({ name }) => name).filter((name) => name !== "");
  const itself = names.length === 1 ? `${names[0]} itself` : "the sources themselves";
  const also = again === undefined ? "" : `; if you corrected ${itself}: ${again}`;
  return untouched.map(({ path }) => ({
    code: "rejects_unchanged",
    path,
    message: `unchanged since ${past.importId}${also}`,
    count: 1,
  }));
}

/** The report of an import that can be retried. @throws {StateError} for one that cannot be retried, or has no report */
function reportToRetry(past: PastImport): Report {
  if (!canRetry(past))
    throw new StateError(
      `${past.importId} is a ${past.header.command}; retry imports the rejects of imports and syncs`,
      {
        hint: "Without an id, portload retry takes the latest that has any.",
      },
    );
  const report = reportOf(past);
  if (report === undefined)
    throw new StateError(`${past.header.command} ${past.importId} has no report: it runs, or it was killed`, {
      hint: isResumable(past)
        ? `If it was killed, resume it first: ${commandOn("resume", past)}`
        : "If it was killed, start the sync again: it finds out by itself what is left to do.",
    });
  return report;
}

function hasLeft(past: PastImport): boolean {
  const report = reportOf(past);
  if (!canRetry(past) || report === undefined) return false;
  return report.rejectFiles.length > 0 || (isResumable(past) && isEarly(report));
}

/** True for what has rejects of the user's own records: a plan that is applied has none. */
function canRetry({ header }: PastImport): boolean {
  return canBe("retried", kindOfRun(header));
}

function isEarly({ exitCode }: Report): boolean {
  return exitCode !== 0 && exitCode !== 1;
}

/** The rejects files that are there, each bound to the kind of its source. */
function rejectSources({ folder, header, importId }: PastImport, { rejectFiles }: Report): readonly PathSource[] {
  const kinds = header.fingerprints.sources.map((source) => ({ ...source, isTaken: false }));
  return rejectFiles.flatMap(({ path, source }) => {
    const of = kinds.find(({ name, isTaken }) => name === source && !isTaken);
    if (of !== undefined) of.isTaken = true;
    // The folder may have been moved since.
    const [, within = basename(path)] = path.split(`${importId}${sep}rejects${sep}`);
    const file = join(folder, "rejects", within);
    return existsSync(file) ? [{ path: file, ...(of?.kind !== undefined && { kind: of.kind }), ...formatOf(of) }] : [];
  });
}

/** The sources of an import that stopped early, to be read again for what it did not attempt. */
async function restSources(past: PastImport): Promise<readonly PathSource[]> {
  const { folder, header } = past;
  const sources: PathSource[] = [];
  for (const [index, source] of header.fingerprints.sources.entries()) {
    const { name, kind, content } = source;
    if (kind === undefined) continue;
    if (content === undefined) {
      const copy = copyOf(folder, { index });
      if (existsSync(`${copy}.whole`)) sources.push({ kind, path: copy, ...formatOf(source) });
      else throw isUnknown(past, `${name} was not read to its end`);
    } else {
      if (!existsSync(name) || (await fingerprintFile(name)) !== content)
        throw isUnknown(past, `${name} is not there, or has other content now`);
      sources.push({ kind, path: name });
    }
  }
  return sources;
}

/** The format of what a program gave, which the mapping does not say. */
function formatOf(source: SourceFingerprint | undefined): Pick<PathSource, "format"> {
  return source?.format === undefined ? {} : { format: source.format as NonNullable<PathSource["format"]> };
}

function isUnknown(past: PastImport, why: string): StateError {
  return new StateError(`what import ${past.importId} did not attempt is not known any more: ${why}`, {
    hint: `Resume it instead: ${commandOn("resume", past)}; or import the source and the rejects files again.`,
  });
}
