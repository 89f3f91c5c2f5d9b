import { type ImportCommandOptions, importCommandOptions } from "../options.js";
import { validateAll } from "./dry-run.js";
import type { ImportContext } from "./run/context.js";
import type { Finished } from "./run/finish.js";
import type { Run } from "./run/run.js";
import { startRun } from "./run/start-run.js";
import { entitiesOfStep } from "./run/step.js";
import { resolveOptions } from "./sync/options.js";
import { firstWrites } from "./writes/first-writes.js";
import { writeDeferred } from "./writes/second-writes.js";
import { writeStep } from "./writes/write-step.js";

/**
 * Imports sources into the catalog and tells what became of every record.
 *
 * With `dryRun` the API checks every write by `validation_only`, nothing is written, and created and updated are forecasts.
 *
 * Reads, maps and checks record by record; memory grows only by at most 32 bytes an entity, for its key. A record that cannot become an entity is a
 * reject in the report, never an exception. Once there is an import id, every end has its report: `error` tells why an import could not go on.
 *
 * @throws {UsageError} for options that do not fit, before anything else
 * @throws {MappingError} with every fault of the mapping, before anything is read
 * @throws {SourceError} for a source that is missing, or in doubt how it is to be read
 * @throws {AuthError} when the API refuses the credentials; {@link ApiError} when it does not answer
 * @throws {GuardError} while another import of the same mapping into the same catalog runs
 *
 * @example
 * const { report } = await runImport({ mapping: "mappings/services.yaml", sources: ["samples/services.csv"] }, { env: process.env });
 * console.log(report.entities.created, report.entities.rejected);
 */
export async function runImport(given: ImportCommandOptions, context: ImportContext = {}): Promise<Finished> {
  const options = resolveOptions(importCommandOptions, given);
  const { dryRun } = options;
  return startRun(options, context, { command: "import", dryRun }, dryRun ? validateAll : writeAll);
}

/** The import itself: a step for each blueprint, relation targets first; then what had to wait. */
export async function writeAll(run: Run): Promise<void> {
  for (const { index } of run.plan.steps) {
    const entities = entitiesOfStep(run, index);
    const writes = firstWrites(run, entities);
    await writeStep(run, writes);
    if (run.stop.reason !== undefined) return;
  }
  await writeDeferred(run);
}
