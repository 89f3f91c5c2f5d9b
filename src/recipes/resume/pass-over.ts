import { type Entity, targetsOf } from "../../entity.js";
import { type Deferred, type Outcome, placeOf } from "../../outcome.js";
import type { KeySet } from "../../settle/keys.js";
import { type JournalSummary, placeName } from "../../state/journal.js";
import { judgeFound } from "../../write/read-back.js";
import { conflict } from "../../write/write.js";
import type { Ledger } from "../run/ledger.js";
import { groupBy } from "../stages/ahead.js";
import { acknowledge, defer, journaled, rejectOf } from "../stages/books.js";
import type { EntityStage } from "../stages/entities.js";
import type { Target, WriteRules } from "../target/target.js";

/** Leaves out what the import settled before it stopped, and accounts for it again. */
export function passOver(past: JournalSummary, target: Target, ledger: Ledger, keys: KeySet): EntityStage {
  return async function* (entities) {
    for await (const chunk of entities) {
      const { open, doubtful } = await partSettled(chunk, past, target.rules, ledger, keys);
      yield [...open, ...(await readBack(doubtful, past, target, ledger, keys))];
    }
  };
}

interface Unsettled {
  /** To be sent. */
  readonly open: readonly Entity[];
  /** Sent before, in mode create, without a reply. */
  readonly doubtful: readonly Entity[];
}

async function partSettled(
  chunk: readonly Entity[],
  { settled, inDoubt }: JournalSummary,
  rules: WriteRules,
  ledger: Ledger,
  keys: KeySet,
): Promise<Unsettled> {
  const open: Entity[] = [];
  const doubtful: Entity[] = [];
  const deferred: Deferred[] = [];
  const done: Parameters<Ledger["takeSettled"]>[0][number][] = [];
  for (const entity of chunk) {
    const known = settled.of(entity);
    if (known === undefined) (inDoubt.has(placeName(entity)) ? doubtful : open).push(entity);
    else if (known.is !== "deferred") {
      if (known.is !== "rejected") acknowledge(keys, entity);
      done.push({ entity, ...known });
    } else if (known.first === undefined) deferred.push({ is: "deferred", entity, waiting: [] });
    else {
      acknowledge(keys, entity);
      deferred.push({ is: "deferred", entity, first: known.first, waiting: relationsThatMayWait(entity, rules) });
    }
  }
  ledger.takeSettled(done);
  await defer(ledger, 0, deferred);
  return { open, doubtful };
}

/** The journal does not say which relations a first write left out; sending the others again changes nothing. */
function relationsThatMayWait(entity: Entity, { blueprints }: WriteRules): readonly string[] {
  const relations = blueprints.get(entity.key.blueprint)?.relations ?? {};
  return Object.keys(entity.relations).filter((name) => {
    const relation = relations[name];
    return relation !== undefined && relation.required !== true && targetsOf(entity.relations[name]).length > 0;
  });
}

/** Mode create: what was sent without a reply is looked for before it is sent again. Gives those that are not there. */
async function readBack(
  doubtful: readonly Entity[],
  { inDoubt }: JournalSummary,
  target: Target,
  ledger: Ledger,
  keys: KeySet,
): Promise<readonly Entity[]> {
  const absent: Entity[] = [];
  for (const [blueprint, group] of groupBy(doubtful, ({ key }) => key.blueprint)) {
    const found = await target.lookUp(
      blueprint,
      group.map(({ key }) => key.identifier),
    );
    const outcomes: Outcome[] = [];
    for (const entity of group) {
      const write = { entity, mode: "create", pass: "only" } as const;
      const times = { sentAtMs: inDoubt.get(placeName(entity)), readAtMs: target.serverNow() };
      const is = judgeFound(write, found.get(entity.key.identifier), times, target.rules.blueprints.get(blueprint));
      if (is === "absent") absent.push(entity);
      else if (is === "exists")
        outcomes.push({ ...placeOf(entity), is: "rejected", reject: rejectOf(write, conflict) });
      else {
        acknowledge(keys, entity);
        const waiting = relationsThatMayWait(entity, target.rules);
        if (waiting.length === 0) outcomes.push({ ...placeOf(entity), is: "created" });
        else await defer(ledger, 0, [{ is: "deferred", entity, first: "created", waiting }]);
      }
    }
    await ledger.takeOutcomes(outcomes);
    if (outcomes.length > 0) await ledger.journal({ line: "reply", settled: outcomes.flatMap(journaled) });
  }
  return absent;
}
