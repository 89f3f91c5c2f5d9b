import type { Blueprint } from "../blueprint.js";
import type { Evaluation } from "../recipes/studio/evaluate.js";
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

/** What the page asks for, by name. */
export interface StudioCalls {
  readonly start: { readonly takes: Record<string, never>; readonly gives: StudioFacts };
  readonly sample: {
    readonly takes: { readonly source: number; readonly mapping: string };
    readonly gives: SampleFacts;
  };
  readonly evaluate: {
    readonly takes: { readonly source: number; readonly mapping: string; readonly position?: number };
    readonly gives: Evaluation;
  };
  /** Has the values read as no value: the mapping text with them among `source.blanks`. */
  readonly blank: {
    readonly takes: { readonly mapping: string; readonly value: string };
    readonly gives: { readonly mapping: string };
  };
  readonly save: {
    readonly takes: {
      readonly mapping: string;
      readonly file: string;
      readonly blueprints?: string;
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
      | { readonly entities: number }
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
      | { readonly progress: Progress }
      | { readonly exitCode: number; readonly folder: string; readonly verdict: string };
  };
}
