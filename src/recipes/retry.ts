import { existsSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { StateError } from "../errors.js";
import type { ResolvedImportOptions } from "../options.js";
import type { Report } from "../report/report.js";
import { fingerprintFile } from "../state/fingerprint.js";
import { findImport, type PastImport } from "../state/folders.js";
import { type RetryOptions, retryOptions } from "./go-on/options.js";
import { openRetried } from "./go-on/retried.js";
import { writeAll } from "./import.js";
import { isImport, optionsOf } from "./resume.js";
import type { ImportContext } from "./run/context.js";
import { copyOf } from "./run/copies.js";
import type { Finished } from "./run/finish.js";
import { startRun } from "./run/start-run.js";
import { resolveOptions } from "./sync/options.js";

/**
 * Feeds an import's rejects files as they are now, through the mapping as it is now, as a new import that names the old one. Of an import that stopped
 * early, what it did not attempt is fed too.
 *
 * @throws {StateError} when there is no import with rejects, or when what was not attempted cannot be told any more
 * @throws as `runImport` does
 */
export async function retryImport(given: RetryOptions, context: ImportContext = {}): Promise<Finished> {
  const { importId, ...changed } = resolveOptions(retryOptions, given);
  const stateDir = changed.stateDir ?? context.env?.PORTLOAD_STATE ?? ".portload";
  const past = await findImport(stateDir, importId, "import with rejects", hasLeft);
  if (!isImport(past))
    throw new StateError(`${past.importId} is a ${past.header.command}; retry feeds the rejects of imports`);
  const report = reportOf(past);
  if (report === undefined)
    throw new StateError(`import ${past.importId} has no report: it runs, or it was killed`, {
      hint: `If it was killed, go on with it first: portload resume ${past.importId}`,
    });
  const sources = [...rejectSources(past, report), ...(isEarly(report) ? await restSources(past) : [])];
  if (sources.length === 0)
    throw new StateError(`import ${past.importId} left nothing to feed again`, {
      hint: "It rejected no record, or its rejects files are gone.",
    });
  const options = { ...optionsOf(past, context), ...changed, sources, stateDir } as ResolvedImportOptions;
  return startRun(options, context, { command: "retry", retryOf: await openRetried(past) }, writeAll);
}

function hasLeft(past: PastImport): boolean {
  const report = reportOf(past);
  return isImport(past) && report !== undefined && (report.rejectFiles.length > 0 || isEarly(report));
}

function reportOf({ report }: PastImport): Report | undefined {
  return report === undefined ? undefined : (JSON.parse(report) as Report);
}

function isEarly({ exitCode }: Report): boolean {
  return exitCode !== 0 && exitCode !== 1;
}

/** The rejects files that are there, each bound to the kind of its source. */
function rejectSources({ folder, header, importId }: PastImport, { rejectFiles }: Report): readonly string[] {
  const kinds = header.fingerprints.sources.map(({ name, kind }) => ({ name, kind, isTaken: false }));
  return rejectFiles.flatMap(({ path, source }) => {
    const of = kinds.find(({ name, isTaken }) => name === source && !isTaken);
    if (of !== undefined) of.isTaken = true;
    // The folder may have been moved since.
    const [, within = basename(path)] = path.split(`${importId}${sep}rejects${sep}`);
    const file = join(folder, "rejects", within);
    return existsSync(file) ? [of?.kind === undefined ? file : `${of.kind}=${file}`] : [];
  });
}

/** The sources of an import that stopped early, to be read again for what it did not attempt. */
async function restSources({ folder, header, importId }: PastImport): Promise<readonly string[]> {
  const sources: string[] = [];
  for (const [index, { name, kind, content }] of header.fingerprints.sources.entries()) {
    if (kind === undefined) continue;
    if (content === undefined) {
      const copy = copyOf(folder, { index });
      if (existsSync(`${copy}.whole`)) sources.push(`${kind}=${copy}`);
      else throw cannotTell(importId, `${name} was not read to its end`);
    } else {
      if (!existsSync(name) || (await fingerprintFile(name)) !== content)
        throw cannotTell(importId, `${name} is not there, or has other content now`);
      sources.push(`${kind}=${name}`);
    }
  }
  return sources;
}

function cannotTell(importId: string, why: string): StateError {
  return new StateError(`what import ${importId} did not attempt cannot be told any more: ${why}`, {
    hint: `Go on with it instead: portload resume ${importId}; or import the source and the rejects files anew.`,
  });
}
