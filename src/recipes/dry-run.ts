import type { ResolvedRunOptions } from "../options/run.js";
import type { ImportContext } from "./run/connect.js";
import type { Finished } from "./run/finish.js";
import { newFolder } from "./run/folder.js";
import { runSources, type SourceCommand } from "./run/run.js";
import { existingOnly } from "./stages/compare.js";
import { deferRelations } from "./stages/defer.js";
import { dropDuplicates } from "./stages/duplicates.js";
import { guardEmptying, openEmptyingGuard } from "./stages/emptying.js";
import { entitiesOf } from "./stages/entities.js";
import { runSteps } from "./stages/steps.js";
import { validatingTarget } from "./target/validation.js";

/**
 * The dry run of an import: the very import, into a target that has the API check each write and writes nothing. Created and updated are forecasts by
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
      existingOnly(target, ledger, keys),
      guardEmptying(target, emptying),
      deferRelations(target, ledger, keys),
    ]);
  });
}
