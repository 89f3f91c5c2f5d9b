import type { Readable } from "node:stream";
import type { Clock } from "../../api/clock.js";
import type { Progress } from "../../report/progress.js";
import type { SourceTalk } from "./inventory.js";

/** What an import takes from the world around it. */
export interface ImportContext extends SourceTalk {
  /** Read for `PORT_CLIENT_ID`, `PORT_CLIENT_SECRET`, `PORT_API_URL`, `PORT_REGION`, `PORTLOAD_STATE` and the proxy variables. Default none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What a source `-` reads. */
  readonly stdin?: Readable;
  /** Interrupts the import: reading stops, what is in flight is finished. */
  readonly signal?: AbortSignal;
  /** Time for waits between attempts and the pace; default the machine's. */
  readonly clock?: Clock;
  /** The words that were typed behind the program's name, so that the report shows how to do it again. Default: only the command's name is shown. */
  readonly commandLine?: readonly string[];
  /** Called once the import runs, with a function that says how far it is. */
  readonly onStart?: (started: { readonly importId: string; readonly progress: () => Progress }) => void;
}
