import type { Blueprint } from "../blueprint.js";
import type { Evaluation } from "../recipes/studio/evaluate.js";
import type { Edit } from "../recipes/studio/fixes.js";
import type { ColumnFacts } from "../recipes/studio/sample.js";
import type { StudioStart } from "../recipes/studio/session.js";
import type { Counts } from "../report/counts.js";
import type { RejectGroup, WarningGroup } from "../report/group-causes.js";
import type { Progress } from "../report/progress.js";

/** What the page begins with. */
export interface StudioFacts extends StudioStart {
  /** JSON Schema of the mapping file, for completion. */
  readonly schema: unknown;
  /** Address of the API, without user name and password. */
  readonly target: string;
  /** Whether this machine has credentials; they are never sent to the page. */
  readonly hasCredentials: boolean;
  readonly blueprints: readonly Blueprint[];
  /** Their relations as SVG. */
  readonly graph: string;
  /** Blueprints that the catalog does not have yet. */
  readonly missing: readonly string[];
}

/** A source's beginning as the page takes it: records as objects. */
export interface SampleFacts {
  /** How the source was read: another one is another sample. */
  readonly reading: string;
  readonly receipt: string;
  readonly fault?: { readonly message: string; readonly hint?: string };
  readonly isTabular: boolean;
  readonly surveyed: number;
  readonly columns: readonly ColumnFacts[];
  readonly records: readonly {
    readonly position: number;
    readonly line?: number;
    readonly value?: unknown;
    /** Why the reader refused it. */
    readonly refused?: string;
  }[];
}

/** An evaluation, with where the catalog shows the entities of the record that is looked at: an address for each payload, empty where there is none. */
export interface ShownEvaluation extends Evaluation {
  readonly addresses: readonly string[];
  /** See {@link SampleFacts.reading}. */
  readonly reading: string;
}

/** What the page asks for, by name. */
export interface StudioCalls {
  readonly start: { readonly takes: Record<string, never>; readonly gives: StudioFacts };
  readonly sample: {
    readonly takes: { readonly source: number; readonly mapping: string };
    readonly gives: SampleFacts;
  };
  readonly evaluate: {
    readonly takes: { readonly source: number; readonly mapping: string; readonly position?: number };
    readonly gives: ShownEvaluation;
  };
  /** Makes a fix's change in the mapping's text. */
  readonly edit: {
    readonly takes: { readonly mapping: string; readonly edit: Edit };
    readonly gives: { readonly mapping: string };
  };
  readonly save: {
    readonly takes: {
      readonly mapping: string;
      readonly file: string;
      readonly blueprints?: string;
      /** The file that was saved or opened last: it may be overwritten while it still holds this text. */
      readonly last?: { readonly file: string; readonly text: string };
      readonly overwrite: readonly string[];
    };
    readonly gives: { readonly written: readonly string[] };
  };
  readonly createBlueprints: {
    readonly takes: Record<string, never>;
    readonly gives: { readonly created: readonly string[] };
  };
}

/** What takes long, by name. */
export interface StudioStreams {
  readonly testAll: {
    readonly takes: { readonly mapping: string };
    readonly gives:
      | { readonly progress: Pick<Counts, "records" | "entities"> }
      | {
          readonly counts: Counts;
          readonly rejects: readonly RejectGroup[];
          readonly warnings: readonly WarningGroup[];
        };
  };
  readonly run: {
    readonly takes: {
      readonly mapping: string;
      readonly mode: "merge" | "override" | "create";
      readonly dryRun: boolean;
    };
    readonly gives:
      | {
          readonly progress: Progress;
          /** The report so far, as HTML. */
          readonly live?: string;
        }
      | { readonly exitCode: number; readonly folder: string; readonly verdict: string };
  };
}
