import type { Client } from "../../api/client.js";
import type { Clock } from "../../api/clock.js";
import type { Entity, Mode } from "../../entity.js";
import type { CompiledMapping } from "../../map/map.js";
import type { ResolvedRunOptions } from "../../options/run.js";
import type { StepPlan } from "../../order/steps.js";
import type { ReadIo } from "../../read/read.js";
import type { KeySet } from "../../settle/keys.js";
import type { State } from "../../state/state.js";
import type { Width } from "../../write/width.js";
import type { Resumed } from "../go-on/pass-over.js";
import type { Retried } from "../go-on/retried.js";
import type { Accounts } from "./accounts.js";
import type { AllowedRejects } from "./allow-rejects.js";
import type { Catalog } from "./catalog.js";
import type { Inventory } from "./inventory.js";
import type { Stop } from "./stop.js";

/** All that the steps of one import, sync or plan share. */
export interface Run {
  /** `import`, `sync`, …: as the report and the journal name it. */
  readonly command: string;
  /** True where nothing is changed in the catalog. */
  readonly dryRun: boolean;
  readonly options: ResolvedRunOptions;
  readonly mode: Mode;
  /** The mode of entities that are not written in the run's. */
  readonly modeOf?: (entity: Entity) => Mode;
  /** Whether the API makes missing relation targets itself. */
  readonly createMissing: boolean;
  readonly inventory: Inventory;
  readonly catalog: Catalog;
  readonly plan: StepPlan;
  readonly compiled: CompiledMapping;
  readonly client: Client;
  readonly state: State;
  readonly accounts: Accounts;
  /** Every key met so far; not used where duplicates are `off`. */
  readonly keys: KeySet;
  /** Every key that was rejected by check, settle or the API, with its place; those that stand in the catalog all the same are among them. */
  readonly refused: KeySet;
  /** Rejects that are known; absent where none are. */
  readonly allowed?: AllowedRejects;
  readonly stop: Stop;
  readonly width: Width;
  /** Time for the waits before an entity is sent again. */
  readonly clock: Clock;
  readonly stdin?: ReadIo["stdin"];
  /** What the import settled before it stopped, when it goes on. */
  readonly resumed?: Resumed;
  /** The import whose rejects this one takes up. */
  readonly retried?: Retried;
  /** How addresses are downloaded. */
  readonly fetch: NonNullable<ReadIo["fetch"]>;
  /** Told how each source is read. */
  readonly onReceipt: NonNullable<ReadIo["onReceipt"]>;
}
