import { type Entity, targetsOf } from "../../entity.js";
import { type Deferred, type Outcome, placeOf } from "../../outcome.js";
import { placeName, type ReopenedState } from "../../state/reopen.js";
import { conflict } from "../../write/exchange.js";
import { rejectOf } from "../../write/outcome.js";
import { judgeFound } from "../../write/read-back.js";
import { groupBy } from "../run/group-by.js";
import type { Run } from "../run/run.js";

/** What an import that goes on knows of its time before. */
export type Resumed = Pick<ReopenedState, "settled" | "inDoubt">;

/** Leaves out what the import settled before it stopped, and accounts for it again. */
export async function* passOver(
  run: Run,
  entities: AsyncIterable<readonly Entity[]>,
): AsyncGenerator<readonly Entity[]> {
  const { resumed } = run;
  for await (const chunk of entities) yield resumed === undefined ? chunk : await openOf(run, resumed, chunk);
}

/** The entities of a chunk that are still to be sent. */
async function openOf(run: Run, resumed: Resumed, chunk: readonly Entity[]): Promise<readonly Entity[]> {
  const open: Entity[] = [];
  const doubtful: Entity[] = [];
  const deferred: Deferred[] = [];
  const outcomes: Pick<Outcome, "is" | "key">[] = [];
  for (const entity of chunk) {
    const known = resumed.settled.of(entity);
    if (known === undefined) (resumed.inDoubt.has(placeName(entity)) ? doubtful : open).push(entity);
    else if (known.is !== "deferred") {
      outcomes.push({ key: entity.key, is: known.is });
      if (known.is === "rejected") noteRejected(run, entity);
      else acknowledge(run, entity);
    } else if (known.first === undefined) deferred.push({ is: "deferred", entity, waiting: [] });
    else {
      acknowledge(run, entity);
      deferred.push({ is: "deferred", entity, first: known.first, waiting: relationsThatMayWait(run, entity) });
    }
  }
  run.accounts.takeSettled(outcomes);
  for (const [source, items] of groupBy(deferred, ({ entity }) => entity.at.source))
    await run.state.deferred(0).append(source, items);
  return [...open, ...(await readBack(run, resumed, doubtful))];
}

function acknowledge({ keys }: Run, { key }: Entity): void {
  const entry = keys.find(key);
  if (entry >= 0) keys.acknowledge(entry);
}

function noteRejected({ state, refused }: Run, { key, at, span }: Entity): void {
  state.rejects.note(at, span);
  refused.add(key, at, 0);
}

/** The journal does not tell which relations a first write left out; sending the others again changes nothing. */
function relationsThatMayWait({ catalog }: Run, { key, body }: Entity): readonly string[] {
  const relations = catalog.get(key.blueprint)?.relations ?? {};
  return Object.keys(body.relations).filter((name) => {
    const relation = relations[name];
    return relation !== undefined && relation.required !== true && targetsOf(body.relations[name]).length > 0;
  });
}

/** Mode create: what was sent without a reply is looked for before it is sent again. Gives those that are not there. */
async function readBack(run: Run, { inDoubt }: Resumed, entities: readonly Entity[]): Promise<readonly Entity[]> {
  const absent: Entity[] = [];
  for (const [blueprint, group] of groupBy(entities, ({ key }) => key.blueprint)) {
    const found = await run.client.lookUp(
      blueprint,
      group.map(({ key }) => key.identifier),
    );
    const outcomes: Outcome[] = [];
    for (const entity of group) {
      const write = { entity, mode: "create", pass: "only" } as const;
      const is = judgeFound(
        write,
        found.get(entity.key.identifier),
        { sentAtMs: inDoubt.get(placeName(entity)), readAtMs: run.client.serverNow() },
        run.catalog.get(blueprint),
      );
      if (is === "absent") absent.push(entity);
      else if (is === "exists") {
        outcomes.push({ ...placeOf(entity), is: "rejected", reject: rejectOf(write, conflict) });
      } else {
        acknowledge(run, entity);
        const waiting = relationsThatMayWait(run, entity);
        if (waiting.length === 0) outcomes.push({ ...placeOf(entity), is: "created" });
        else
          await run.state.deferred(0).append(entity.at.source, [{ is: "deferred", entity, first: "created", waiting }]);
      }
    }
    await run.accounts.takeOutcomes(outcomes);
    const settled = outcomes.map(({ at, resource, item, is }) => ({
      ...{ at, resource, item },
      is: is === "rejected" ? ("rejected" as const) : ("created" as const),
    }));
    if (settled.length > 0) await run.state.journal.append({ line: "reply", settled });
  }
  return absent;
}
