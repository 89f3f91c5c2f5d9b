import { type Entity, originOf } from "../../entity.js";
import type { Step } from "../../order.js";
import { type Outcome, placeOf } from "../../outcome.js";
import type { Place } from "../../record.js";
import { type Finding, type Reject, shownValue } from "../../reject.js";
import { type Disagreement, duplicateWarning } from "../../settle/duplicates.js";
import { contentHash, type KeySet, lastAtMost } from "../../settle/keys.js";
import type { Spool } from "../../state/spool.js";
import type { Warning } from "../../warning.js";
import type { Ledger } from "../run/ledger.js";
import type { Entities, Inputs } from "./entities.js";

const memory = {
  /** Most bytes of entities, each key counted once, that are merged in memory at a time. */
  shelfBytes: 16 * 1024 * 1024,
  /** Most bytes of entities that wait to be put on their shelves, so that what lies together is read together. */
  waitingBytes: 4 * 1024 * 1024,
};
/** Most entities given on at a time. */
const chunkEntities = 1000;

/**
 * Policy `merge`: entities of one key become one that has the fields of all. The first one takes the others in, which count as duplicates. Where two have two
 * values for one field nothing of the key is sent: the first one is rejected with all that it took in, and each that disagrees with it.
 *
 * All of a step wait on disk until the last of them is known, on shelves of some thousand keys each, in the order of first arrival, and
 * are merged a shelf at a time, so that memory does not grow with the number of entities.
 *
 * @param bytes - see {@link memory}
 */
export async function* mergedEntities(
  entities: Entities,
  step: Step,
  inputs: Pick<Inputs, "aside" | "checkWhole" | "merge" | "signal" | "writesWhole">,
  ledger: Ledger,
  keys: KeySet,
  bytes = memory,
): AsyncGenerator<readonly Entity[]> {
  const shelves = openShelves(inputs.aside(step.index), keys, bytes);
  for await (const chunk of entities) {
    const late = await shelves.take(chunk);
    ledger.warn(step.blueprint === undefined ? late.flatMap((entity) => lateWarning(entity, ledger, keys)) : []);
    await ledger.takeOutcomes(late.map(duplicate));
    // A search names an entity that the API alone knows.
    const searches = chunk.filter(({ isNamed }) => !isNamed);
    if (searches.length > 0) yield searches;
  }
  if (inputs.signal.aborted) return;
  for await (const parts of shelves.drain()) {
    const merges = new Map<number, Merge>();
    for await (const chunk of parts) {
      const outcomes: Outcome[] = [];
      for (const entity of chunk) outcomes.push(...takeIn(entity, keys.find(entity.key), merges, inputs, ledger));
      await ledger.takeOutcomes(outcomes);
    }
    yield* whole([...merges.values()], inputs, ledger);
  }
}

/** The entities of one key, as far as they have come. */
interface Merge {
  readonly entity: Entity;
  /** Where fields came from that the first one did not have, by path. */
  readonly origins: ReadonlyMap<string, Place>;
  /** Set once a later one disagreed. */
  readonly conflict?: Finding;
}

function takeIn(
  entity: Entity,
  entry: number,
  merges: Map<number, Merge>,
  { merge }: Pick<Inputs, "merge">,
  ledger: Ledger,
): readonly Outcome[] {
  const known = merges.get(entry);
  if (known === undefined) {
    merges.set(entry, { entity, origins: new Map() });
    return [];
  }
  const merged = merge(known.entity, entity);
  if (merged.is === "same") return [duplicate(entity)];
  if (merged.is === "merged" && known.conflict === undefined) {
    const origins = new Map([...known.origins, ...merged.added.map((path) => [path, entity.at] as const)]);
    merges.set(entry, { entity: merged.entity, origins });
    return [duplicate(entity)];
  }
  const disagreements =
    merged.is === "conflict" ? merged.fields.map((one) => conflictOf(one, known, entity, ledger)) : [];
  const [conflict = known.conflict, ...also] = disagreements;
  if (conflict === undefined) return [];
  merges.set(entry, { ...known, conflict: known.conflict ?? conflict });
  return [rejected(entity, [conflict, ...also])];
}

function conflictOf({ path, earlier, later }: Disagreement, known: Merge, entity: Entity, ledger: Ledger): Finding {
  const name = path.slice(path.indexOf(".") + 1);
  const shown = (value: unknown) => {
    const text = shownValue(value, name);
    return typeof value === "string" ? JSON.stringify(text) : text;
  };
  const places = [known.origins.get(path) ?? known.entity.at, entity.at].map(ledger.describe);
  const { blueprint, identifier } = entity.key;
  return {
    code: "duplicate_conflict",
    path,
    message: `${blueprint}/${identifier} has ${shown(earlier)} at ${places[0]} and ${shown(later)} at ${places[1]}; nothing of it is sent; correct one of them, or set duplicates: first`,
  };
}

/** Gives on what is whole by now; the rest is rejected. */
async function* whole(
  merges: readonly Merge[],
  { checkWhole, writesWhole }: Pick<Inputs, "checkWhole" | "writesWhole">,
  ledger: Ledger,
): AsyncGenerator<readonly Entity[]> {
  for (let start = 0; start < merges.length; start += chunkEntities) {
    const fit: Entity[] = [];
    const outcomes: Outcome[] = [];
    for (const { entity, conflict } of merges.slice(start, start + chunkEntities)) {
      const lost = writesWhole ? ledger.rejectedAt(entity.key) : undefined;
      if (conflict !== undefined) outcomes.push(rejected(entity, [conflict]));
      else if (lost !== undefined) outcomes.push(rejected(entity, [incomplete(ledger.describe(lost))]));
      else {
        const findings = checkWhole(entity);
        if (findings.length > 0) outcomes.push(rejected(entity, findings));
        else fit.push(entity);
      }
    }
    await ledger.takeOutcomes(outcomes);
    if (fit.length > 0) yield fit;
  }
}

function incomplete(place: string): Finding {
  return {
    code: "part_rejected",
    message: `its record at ${place} was rejected, and without that its other fields would be emptied or never come; nothing of it is sent`,
  };
}

function duplicate(entity: Entity): Outcome {
  return { ...placeOf(entity), is: "duplicate" };
}

function rejected(entity: Entity, [first, ...also]: readonly Finding[]): Outcome {
  const finding = first ?? { code: "duplicate_conflict" as const, message: "its records disagree" };
  const reject: Reject = { ...finding, ...(also.length > 0 && { also }), stage: "check", ...originOf(entity) };
  return { ...placeOf(entity), is: "rejected", reject };
}

/** An earlier step wrote this key already: only resources with a constant blueprint are merged with each other. */
function lateWarning(entity: Entity, ledger: Ledger, keys: KeySet): readonly Warning[] {
  const entry = keys.find(entity.key);
  if (keys.content(entry) === contentHash(entity.json)) return [];
  return [duplicateWarning(entity, keys.place(entry), ledger.describe, "that one is sent")];
}

/** Entities of a step on disk, partitioned by key. */
function openShelves(spool: Spool<Entity>, keys: KeySet, { shelfBytes, waitingBytes }: typeof memory) {
  const firstEntry = keys.size;
  /** The first entry of each shelf. */
  const starts = [firstEntry];
  let filled = 0;
  let waiting = 0;
  let open = new Map<number, Entity[]>();
  async function flush(): Promise<void> {
    for (const [shelf, items] of open) await spool.append(shelf, items);
    open = new Map();
    waiting = 0;
  }
  return {
    /** Takes named entities; gives those whose key an earlier step, or the import that is retried, has written. */
    async take(chunk: readonly Entity[]): Promise<readonly Entity[]> {
      const late: Entity[] = [];
      for (const entity of chunk) {
        if (!entity.isNamed) continue;
        const { entry, isNew } = keys.add(entity.key, entity.at, contentHash(entity.json));
        if (!isNew && (entry < firstEntry || keys.isAcknowledged(entry))) {
          late.push(entity);
          continue;
        }
        if (isNew && filled >= shelfBytes) {
          starts.push(entry);
          filled = 0;
        }
        if (isNew) filled += entity.bytes;
        waiting += entity.bytes;
        const shelf = lastAtMost(starts, entry);
        const items = open.get(shelf) ?? [];
        open.set(shelf, items);
        items.push(entity);
      }
      if (waiting >= waitingBytes) await flush();
      return late;
    },
    /** Gives the shelves one after another, each a chunk at a time. */
    async *drain(): AsyncGenerator<AsyncIterable<readonly Entity[]>> {
      await flush();
      for (const shelf of spool.sources()) yield spool.drain(shelf);
    },
  };
}
