import type { Readable } from "node:stream";
import type { ResolvedRunOptions } from "../../options/run.js";
import type { Step } from "../../order.js";
import type { BoundSource } from "../../read/bind.js";
import { groupCauses } from "../../report/group-causes.js";
import { keepExamples } from "../../report/report.js";
import { createKeySet, type KeySet } from "../../settle/keys.js";
import type { Warning } from "../../warning.js";
import type { StepJob } from "../stages/entities.js";
import { nameOtherCases } from "../stages/missing-lookups.js";
import { apiTarget, type Target, type WriteRules } from "../target/target.js";
import type { Connection, RunContext } from "./connect.js";
import type { Closing } from "./finish.js";
import { type Folder, type Header, type HeaderFacts, headerOf, type OpenFolder } from "./folder.js";
import { callerHooks, readAllowedRejects } from "./hooks.js";
import { type Ledger, type LedgerHooks, openLedger } from "./ledger.js";
import { openWhereabouts } from "./working.js";

/** How a run of one command differs from that of another. */
export interface RunCommand<F extends Folder = Folder> {
  /** As the report and the journal name it. */
  readonly name: string;
  /** True where nothing is changed in the catalog. */
  readonly dryRun?: boolean;
  readonly openFolder: OpenFolder<F>;
  /** Where entities are written; the API by default. */
  readonly targetOf?: (api: Target, keys: KeySet, ledger: Ledger) => Target;
  /** Receives what the ledger takes. */
  readonly hooks?: LedgerHooks;
  /** The import whose rejects this one retries. */
  readonly retryOf?: string | undefined;
  /** The run that this one takes back. */
  readonly undoOf?: string | undefined;
}

/** What a run is to do, and from what. */
interface RunOpening {
  readonly options: HeaderFacts["options"] & Pick<ResolvedRunOptions, "allowRejects" | "report" | "runId">;
  readonly apiUrl: string;
  /** Fingerprint of the mapping. */
  readonly mapping: string;
  readonly sources: readonly BoundSource[];
  readonly stdin?: Readable | undefined;
  readonly rules: WriteRules;
  readonly steps: readonly Step[];
  /** What is to be warned of before it begins. */
  readonly warnings: readonly Warning[];
}

/** A run that has its id. */
export interface OpenedRun<F extends Folder> {
  readonly job: StepJob & { readonly folder: F };
  /** What its journal begins with, or would if it were new. */
  readonly header: Header;
  readonly closing: Omit<Closing, "origin" | "rejectsOf">;
}

/** Opens a run, of sources or of a plan: its folder, from which it has its id, its ledger, its target, and what it is closed with. */
export async function openRun<F extends Folder>(
  command: RunCommand<F>,
  { options, apiUrl, mapping, sources, stdin, rules, steps, warnings }: RunOpening,
  { client, control, timeline }: Connection,
  context: RunContext,
): Promise<OpenedRun<F>> {
  const { name, dryRun = false, retryOf, undoOf } = command;
  const { mode } = rules;
  const names = namesOf(sources);
  const allowed =
    options.allowRejects === undefined ? undefined : await readAllowedRejects(options.allowRejects, names);
  const header = await headerOf({ command: name, options, mode, apiUrl, mapping, sources, retryOf, undoOf });
  const causes = groupCauses(names);
  const folder = await command.openFolder({ header, sources, stdin, recall: causes.addRejects });
  const { state } = folder;

  const { take, examples } = keepExamples();
  const hooks = [
    { explain: nameOtherCases(client, rules.blueprints), onCounts: control.judge },
    { onOutcomes: timeline.settled },
    { onOutcomes: take },
    allowed ?? {},
    command.hooks ?? {},
    callerHooks(context, names),
  ];
  const ledger = openLedger(names, state, hooks, causes);
  ledger.warn([...warnings, ...state.warnings]);
  const keys = createKeySet();
  const onFailure = () => control.stop.because("failed");
  const api = apiTarget(client, rules, { runId: options.runId, onFailure });
  const target = command.targetOf?.(api, keys, ledger) ?? api;
  const whereabouts = await openWhereabouts(steps.length, folder.sources);
  return {
    job: { steps, target, ledger, control, keys, whereabouts, folder },
    header,
    closing: {
      command: name,
      dryRun,
      retryOf,
      mode,
      client,
      ledger,
      state,
      allowed,
      stop: control.stop,
      reports: options.report,
      timeline,
      examples,
    },
  };
}

/** Names of sources by their index: those that were not taken leave gaps. */
function namesOf(sources: readonly BoundSource[]): readonly string[] {
  const names: string[] = [];
  for (const { index, name } of sources) names[index] = name;
  return names;
}
