import type { Blueprint } from "../blueprint.js";
import type { BlueprintEdit, Renamed } from "../recipes/studio/blueprint-edit.js";
import type { Evaluation } from "../recipes/studio/evaluate.js";
import type { FilePrints, TakenFile } from "../recipes/studio/files.js";
import type { Edit } from "../recipes/studio/fixes.js";
import type { ColumnToInsert, Insertion } from "../recipes/studio/insert.js";
import type { ColumnFacts } from "../recipes/studio/sample.js";
import type { StudioSession } from "../recipes/studio/session.js";
import type { SaveRequest, Work } from "../recipes/studio/work.js";
import type { Counts } from "../report/counts.js";
import type { RejectGroup, WarningGroup } from "../report/group-causes.js";
import type { Progress } from "../report/progress.js";

/** What the page begins with. */
export interface StudioFacts
  extends Pick<Work, "mapping" | "file" | "isProposed" | "folder" | "hasUnsavedBlueprints">,
    Pick<StudioSession, "questions" | "sources"> {
  /** What the files held when they were read or saved. */
  readonly files: FilePrints;
  /** Files that somebody changed since. */
  readonly changed: readonly string[];
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
  /** Those of them that only the studio has proposed, so that they can be edited. */
  readonly proposed: readonly string[];
  /** What the last edit of a blueprint renamed. */
  readonly renamed?: Renamed;
  /** Folder of blueprint files that was given. */
  readonly blueprintFolder?: string;
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
  /** Blueprints that the mapping writes and the catalog lacks: nothing can be sent before they are there. */
  readonly missing: readonly string[];
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
  /** Where and how a column is written into the mapping. */
  readonly insert: {
    readonly takes: ColumnToInsert & { readonly mapping: string };
    readonly gives: Insertion;
  };
  /** Takes what lies on the disk in place of what is here, or keeps that. */
  readonly settle: { readonly takes: { readonly isTaken: boolean }; readonly gives: StudioFacts };
  readonly save: {
    readonly takes: SaveRequest;
    readonly gives:
      | {
          readonly written: FilePrints;
          /** Errors that lint finds in the mapping. */
          readonly errors: number;
          /** Files beside those written that somebody changed since they were read, such as blueprints of a folder. */
          readonly changed: readonly string[];
        }
      | { readonly taken: readonly TakenFile[] };
  };
  /** Changes a blueprint that is only proposed; where that renames it, the mapping is to follow. */
  readonly editBlueprint: {
    readonly takes: { readonly edit: BlueprintEdit; readonly mapping: string };
    readonly gives: StudioFacts;
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
      | {
          readonly exitCode: number;
          readonly folder: string;
          readonly verdict: string;
          readonly tone: "good" | "bad" | "warn";
        };
  };
}
