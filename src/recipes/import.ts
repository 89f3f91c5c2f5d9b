import { UsageError } from "../errors.js";
import { parseOptions } from "../options/option.js";
import { type ImportOptions, importOptions, type ResolvedRunOptions } from "../options/run.js";
import type { ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { newFolder } from "./run/folder.js";
import { runSources, type SourceCommand } from "./run/run.js";
import { deferRelations, keepBefore } from "./stages/before-first-write.js";
import { existingOnly } from "./stages/compare.js";
import { dropDuplicates } from "./stages/duplicates.js";
import { guardEmptying, mayEmpty, openEmptyingGuard } from "./stages/emptying.js";
import { entitiesOf } from "./stages/entities.js";
import { leaveOutMissing } from "./stages/missing-lookups.js";
import { runSteps } from "./stages/steps.js";
import { validatingTarget } from "./target/validation.js";

/**
 * Imports sources into the catalog and reports what became of every record.
 *
 * With `dryRun` the API checks every write by `validation_only`, nothing is written, and created and updated are forecasts.
 *
 * Reads, maps and checks record by record; memory grows only by at most 32 bytes an entity, for its key. A record that cannot become an entity is a
 * reject in the report, never an exception. Once there is an import id, every end has its report: `error` says why an import could not continue.
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
export async function runImport(given: ImportOptions, context: ImportContext = {}): Promise<Finished> {
  // What the command line has read passes as it is.
  const options = parseOptions(importOptions, given);
  if (options.keepBefore && options.stateDir === false)
    throw new UsageError("keepBefore with stateDir: false: what entities held before is kept in the state folder", {
      hint: "Name a folder, or leave keepBefore out.",
    });
  if (options.dryRun) return runDryRun(options, context);
  const kind = { command: "import", openFolder: newFolder(options, context) };
  return runSources(options, context, kind, (job) => {
    const { inputs, inventory, target, ledger, keys } = job;
    const emptying = openEmptyingGuard(inventory.mapping, options);
    return runSteps(job, (step) => [
      entitiesOf(step, inputs, ledger),
      // Each key is noted, and an entity with a new key passes; for a known key the mapping decides.
      dropDuplicates(step, inputs, ledger, keys),
      ...(target.rules.updateOnly ? [existingOnly(target, ledger, keys)] : []),
      // In override, and in merge only where the mapping clears.
      ...(mayEmpty(target, emptying) ? [guardEmptying(target, emptying)] : []),
      ...(options.keepBefore ? [keepBefore(target, ledger, keys)] : []),
      // Nothing until a write was refused for a missing target.
      leaveOutMissing(target, ledger, keys),
      // The last stage: a write of each entity, without relations whose target is not there yet.
      deferRelations(target, ledger, keys),
    ]);
  });
}

/**
 * The dry run of an import: the same import, into a target that has the API check each write and writes nothing. Created and updated are forecasts by
 * look-up; what the API could not check is a warning `not_checked`.
 */
export async function runDryRun(options: ResolvedRunOptions, context: ImportContext): Promise<Finished> {
  const kind: SourceCommand = {
    command: "import",
    dryRun: true,
    openFolder: newFolder(options, context),
    targetOf: (api, _keys, ledger) =>
      validatingTarget(api, ({ blueprint, relation }) => {
        const message = "its required target is only in this import, so that the API could not check the entity";
        ledger.warn([{ code: "not_checked", blueprint, path: `relations.${relation}`, message, count: 1 }]);
      }),
  };
  return runSources(options, context, kind, (job) => {
    const { inputs, inventory, target, ledger, keys } = job;
    const emptying = openEmptyingGuard(inventory.mapping, options);
    return runSteps(job, (step) => [
      entitiesOf(step, inputs, ledger),
      dropDuplicates(step, inputs, ledger, keys),
      ...(target.rules.updateOnly ? [existingOnly(target, ledger, keys)] : []),
      ...(mayEmpty(target, emptying) ? [guardEmptying(target, emptying)] : []),
      deferRelations(target, ledger, keys),
    ]);
  });
}
