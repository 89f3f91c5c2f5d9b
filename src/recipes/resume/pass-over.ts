import { type Deferred, type Entity, type Outcome, placeOf, targetsOf } from "../../entity.js";
import type { KeySet } from "../../settle/keys.js";
import { placeName, type ReopenedState } from "../../state/reopen.js";
import { judgeFound } from "../../write/read-back.js";
import { verdictOf } from "../../write/verdict.js";
import { groupBy } from "../run/group-by.js";
import type { Ledger } from "../run/ledger.js";
import type { EntityStage } from "../stages/steps.js";
import { acknowledge, defer } from "../stages/write.js";
import type { Target, WriteRules } from "../target/target.js";

/** What an import that is resumed knows of its time before. */
export type Past = Pick<ReopenedState, "settled" | "inDoubt">;

/** Leaves out what the import settled before it stopped, and accounts for it again. */
export function passOver(past: Past, target: Target, ledger: Ledger, keys: KeySet): EntityStage {
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
  { settled, inDoubt }: Past,
  rules: WriteRules,
  ledger: Ledger,
  keys: KeySet,
): Promise<Unsettled> {
  const open: Entity[] = [];
  const doubtful: Entity[] = [];
  const deferred: Deferred[] = [];
  const done: { entity: Entity; is: Outcome["is"] }[] = [];
  for (const entity of chunk) {
    const known = settled.of(entity);
    if (known === undefined) (inDoubt.has(placeName(entity)) ? doubtful : open).push(entity);
    else if (known.is === "unmet") deferred.push({ entity, waiting: [] });
    else {
      if (known.outcome !== "rejected") acknowledge(keys, entity);
      if (known.is === "final") done.push({ entity, is: known.outcome });
      else deferred.push({ entity, first: known.outcome, waiting: relationsThatMayWait(entity, rules) });
    }
  }
  ledger.takeSettled(done);
  await defer(ledger, 0, deferred);
  return { open, doubtful };
}

/** The journal does not say which relations a first write left out; sending the others again changes nothing. */
function relationsThatMayWait({ key, body }: Entity, { blueprints }: WriteRules): readonly string[] {
  const relations = blueprints.get(key.blueprint)?.relations ?? {};
  return Object.keys(body.relations).filter((name) => {
    const relation = relations[name];
    return relation !== undefined && relation.required !== true && targetsOf(body.relations[name]).length > 0;
  });
}

/** Mode create: what was sent without a reply is looked for before it is sent again. Gives those that are not there. */
async function readBack(
  doubtful: readonly Entity[],
  { inDoubt }: Past,
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
      const is = judgeFound(write, found.get(entity.key.identifier), inDoubt.get(placeName(entity)));
      if (is === "absent") absent.push(entity);
      else if (is === "exists") {
        const verdict = verdictOf(write, { is: "refused", status: 409, error: "conflict", message: "" });
        if (verdict.is === "rejected") outcomes.push({ ...placeOf(entity), is: "rejected", reject: verdict.reject });
      } else {
        acknowledge(keys, entity);
        const waiting = relationsThatMayWait(entity, target.rules);
        if (waiting.length === 0) outcomes.push({ ...placeOf(entity), is: "created" });
        else await defer(ledger, 0, [{ entity, first: "created", waiting }]);
      }
    }
    await ledger.takeOutcomes(outcomes);
    const settled = outcomes.map(({ is, ...place }) => ({
      ...{ at: place.at, resource: place.resource, item: place.item, pass: "only" as const },
      is: is === "rejected" ? ("rejected" as const) : ("created" as const),
    }));
    if (settled.length > 0) await ledger.journal({ line: "reply", settled });
  }
  return absent;
}
