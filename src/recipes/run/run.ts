import { startJq } from "../../map/jq.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import { formOf } from "../../report/forms.js";
import { clientOptionsOf, connect, openDownloads, watchProgress } from "./connect.js";
import type { ImportContext } from "./context.js";
import { doWork, type Finished, finish } from "./finish.js";
import type { Folder } from "./folder.js";
import { onceEach, openInventory, type Receipt, settleSources } from "./inventory.js";
import { openSources, type SourceCommand, type SourceJob } from "./open.js";

/**
 * Runs a command that reads sources through a mapping: opens all that it needs, works, reports, and closes everything whatever becomes of it.
 *
 * @param work - what the command does once all is open
 * @throws as `runImport` does, as long as there is no import id
 */
export async function runSources<F extends Folder>(
  options: ResolvedRunOptions,
  context: ImportContext,
  kind: SourceCommand<F>,
  work: (job: SourceJob<F>) => Promise<void>,
): Promise<Finished> {
  options.report.forEach(formOf);
  const clientOptions = clientOptionsOf(options, context.env ?? {});
  const receipts = new Map<number, Receipt>();
  const onReceipt = onceEach((receipt) => {
    receipts.set(receipt.source, receipt);
    context.onReceipt?.(receipt);
  });
  const given = await openInventory(options);
  kind.refuse?.(given);
  const inventory = await settleSources(given, { ...context, onReceipt });

  const connection = connect(clientOptions, options, context);
  const engine = startJq();
  const downloads = openDownloads(context);
  try {
    const io = { fetch: downloads.fetch, onReceipt, stdin: context.stdin };
    const { commandLine } = context;
    const { apiUrl } = clientOptions;
    const opened = { inventory, connection, engine, io, apiUrl, receipts, commandLine };
    const { job, closing } = await openSources(options, kind, opened);
    const worked = await doWork(job.control.stop, () => {
      const progress = watchProgress(job.ledger, connection.client);
      context.onStart?.({ importId: closing.state.importId, progress });
      return work(job);
    });
    return await finish(closing, worked);
  } finally {
    await engine.close();
    await connection.close();
    await downloads.close();
  }
}
