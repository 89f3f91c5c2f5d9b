import { join } from "node:path";
import type { Client } from "../../api/client.js";
import type { Blueprint, Blueprints } from "../../blueprint.js";
import type { FoundEntity } from "../../entity.js";
import { BlueprintError } from "../../errors.js";
import type { ReadBudget } from "../../options/kinds.js";
import { planSteps } from "../../order.js";
import { type PlanEnd, type PlanHeader, type PlanOp, type PlanRefusal, planFormat } from "../../plan/plan-file.js";
import { commandOn } from "../../reject.js";
import { createKeySet, type KeySet } from "../../settle/keys.js";
import { reverse } from "../../settle/reverse.js";
import { openAppendFile, readLines } from "../../state/files.js";
import type { PastImport } from "../../state/folders.js";
import { version } from "../../version.js";
import { groupBy, lookedUpAtOnce } from "../stages/ahead.js";
import {
  type Deletion,
  guardDeletions,
  type KeptEntities,
  keepNeeded,
  keyOfDeletion,
  openUndoScope,
  type UndoScope,
} from "./needed.js";
import { gatherNotes, type LaterWriters, laterWriters, type NotedEntity, nowhere, type RunNotes } from "./notes.js";

/** Name of the plan file, in the folder for working files and in that of the undo. */
export const planName = "plan.ndjson";

/** What a reversing plan is made from. */
export interface UndoFacts {
  readonly past: PastImport;
  /** Gives the runs that came after it and are not undone, the latest first. */
  readonly laterRuns: () => Promise<readonly PastImport[]>;
  readonly client: Client;
  /** A folder for working files; the plan is written into it. */
  readonly folder: string;
  readonly maxDelete: readonly ReadBudget[];
  readonly madeAt: string;
  /** Ends the work before the next look-up. */
  readonly signal: AbortSignal;
}

/** The sums of a reversing plan: entities by what would become of them. */
export interface UndoCounts {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  /** Left as they are, since they changed after the run, or since the run did not keep what they held. */
  readonly rejected: number;
}

/**
 * Makes the plan that takes back what a run did: reads its journal, looks every entity up, and writes a plan file. Nothing is written to the catalog. Memory holds
 * at most some megabytes of the journal, and 32 bytes an entity that is to be deleted.
 *
 * @throws {GuardError} when a blueprint would lose more than its limits allow
 * @throws {StateError} when the journal cannot be read
 * @throws {BlueprintError} when a blueprint is gone
 */
export async function makeUndoPlan(facts: UndoFacts): Promise<{ readonly file: string; readonly counts: UndoCounts }> {
  const { past, client, folder, maxDelete } = facts;
  const notes = await gatherNotes(join(past.folder, "journal.ndjson"), folder);
  const lines = openLines(folder);
  try {
    const blueprints = await blueprintsOf(notes.blueprints, client);
    const scope = openUndoScope();
    const changed = createKeySet();
    for await (const entities of notes.entities())
      for (const [blueprint, group] of groupBy(entities, ({ key }) => key.blueprint))
        for (let start = 0; start < group.length; start += lookedUpAtOnce) {
          facts.signal.throwIfAborted();
          const definition = blueprints.get(blueprint) as Blueprint;
          const part = group.slice(start, start + lookedUpAtOnce);
          await takeBack(part, { client, lines, scope, changed, notes, blueprint: definition });
        }
    const order = orderOf(blueprints);
    const backwards = [...order].reverse();
    const kept = await keepNeeded({ client, folder, scope, deletions: () => lines.deletions(backwards) });
    await guardDeletions(lines.deletions(backwards), kept.has, client, maxDelete, commandOn("undo", past));
    const laterWriter = await laterWriters(changed, changed.size === 0 ? [] : await facts.laterRuns());
    return await lines.write(headerOf(facts), order, kept, laterWriter);
  } finally {
    await notes.close();
    await lines.close();
  }
}

async function blueprintsOf(names: readonly string[], client: Client): Promise<Blueprints> {
  const found = await Promise.all(names.map(async (name) => [name, await client.getBlueprint(name)] as const));
  return new Map(
    found.map(([name, blueprint]) => {
      if (blueprint === undefined)
        throw new BlueprintError(`the blueprint ${name} is gone, and its entities with it`, {
          hint: "Put it back first: portload blueprint apply blueprints, the folder of its file.",
        });
      return [name, blueprint] as const;
    }),
  );
}

/** Blueprints with relation targets first. */
function orderOf(blueprints: Blueprints): readonly string[] {
  const names = [...blueprints.keys()];
  const { steps } = planSteps({ blueprints: names, dynamic: false }, blueprints, { createMissing: true });
  return steps.flatMap(({ blueprint }) => (blueprint === undefined ? [] : [blueprint]));
}

interface UndoWork {
  readonly client: Client;
  readonly lines: Lines;
  readonly scope: UndoScope;
  /** Takes what is left as it is since it changed. */
  readonly changed: KeySet;
  readonly notes: RunNotes;
  readonly blueprint: Blueprint;
}

async function takeBack(
  group: readonly NotedEntity[],
  { client, lines, scope, changed, notes, blueprint }: UndoWork,
): Promise<void> {
  const named = group.map(({ key }) => key.identifier).filter((identifier) => !identifier.startsWith("{"));
  const found = await client.lookUp(blueprint.identifier, named);
  for (const { key, notes: own } of group) {
    const now = found.get(key.identifier);
    const reversal = reverse({ key, notes: own, now, blueprint, isDeleted: notes.isDeleted });
    const { title } = now ?? (reversal.is === "create" ? reversal.entity : { title: undefined });
    const facts = { blueprint: key.blueprint, ...(typeof title === "string" && { title }) };
    switch (reversal.is) {
      case "create":
        await lines.add({ op: "create", ...facts, resource: 0, entity: reversal.entity });
        break;
      case "update": {
        const { entity, clears, before, changes } = reversal;
        const cleared = clears.length > 0 && { clears };
        scope.noteRestored(key, Object.keys(entity.relations));
        await lines.add({ op: "update", ...facts, resource: 0, entity, ...cleared, before, changes });
        break;
      }
      case "delete":
        scope.add(key);
        await lines.add({ op: "delete", ...facts, before: now as FoundEntity });
        break;
      case "refused": {
        const { is: _, ...why } = reversal;
        if (why.code === "changed_since") changed.add(key, nowhere, 0);
        await lines.refuse({ line: "refused", ...facts, identifier: key.identifier, ...why });
        break;
      }
      default:
    }
  }
}

/** Ops as they are found, on disk by blueprint, until the plan is put together. */
interface Lines {
  close(): Promise<void>;
  add(op: PlanOp): Promise<void>;
  /** Takes what is left as it is; `fix` ends its message where no later run is named. */
  refuse(refusal: PlanRefusal & { readonly fix?: string }): Promise<void>;
  /** The deletions found so far, by blueprint in the order given. */
  deletions(blueprints: readonly string[]): AsyncGenerator<Deletion>;
  write(
    header: PlanHeader,
    order: readonly string[],
    kept: KeptEntities,
    laterWriter: LaterWriters,
  ): Promise<{ readonly file: string; readonly counts: UndoCounts }>;
}

function openLines(folder: string): Lines {
  const names: string[] = [];
  // A blueprint's name may be no name for a file.
  const pathOf = (kind: string, name: string): string => {
    if (!names.includes(name)) names.push(name);
    return join(folder, `${kind}-${names.indexOf(name)}.ndjson`);
  };
  const refusals = join(folder, "refused.ndjson");
  const files = new Map<string, ReturnType<typeof openAppendFile>>();
  const append = async (path: string, line: object): Promise<void> => {
    const file = files.get(path) ?? openAppendFile(path);
    files.set(path, file);
    await (await file).append(`${JSON.stringify(line)}\n`);
  };
  const read = async function* <T>(path: string): AsyncGenerator<T> {
    if (!files.has(path)) return;
    for await (const lines of readLines(path)) for (const line of lines) yield JSON.parse(line) as T;
  };
  const deletions = async function* (blueprints: readonly string[]): AsyncGenerator<Deletion> {
    for (const name of blueprints) yield* read<Deletion>(pathOf("delete", name));
  };
  return {
    add: (op) => append(pathOf(op.op === "delete" ? "delete" : "write", op.blueprint), op),
    refuse: (refusal) => append(refusals, refusal),
    deletions,
    async close() {
      for (const each of files.values()) await (await each).close();
    },
    async write(header, order, kept, laterWriter) {
      const file = join(folder, planName);
      const plan = await openAppendFile(file);
      const counts = { create: 0, update: 0, delete: 0, rejected: 0 };
      const put = (line: object) => plan.append(`${JSON.stringify(line)}\n`);
      await put(header);
      for (const name of order)
        for await (const op of read<Exclude<PlanOp, Deletion>>(pathOf("write", name))) {
          counts[op.op]++;
          await put(op);
        }
      for await (const op of deletions([...order].reverse())) {
        const key = keyOfDeletion(op);
        if (kept.has(key)) {
          const { blueprint, title } = op;
          const facts = { blueprint, identifier: key.identifier, ...(title !== undefined && { title }) };
          await append(refusals, { line: "refused", ...facts, code: "changed_since", message: kept.why(key) });
        } else {
          counts.delete++;
          await put(op);
        }
      }
      for await (const { fix, ...refusal } of read<Parameters<Lines["refuse"]>[0]>(refusals)) {
        counts.rejected++;
        const more = laterWriter(refusal) ?? fix;
        await put(more === undefined ? refusal : { ...refusal, message: `${refusal.message}; ${more}` });
      }
      await put({ line: "end", ...counts, unchanged: 0 } satisfies PlanEnd);
      await plan.close();
      return { file, counts };
    },
  };
}

function headerOf({ past: { header, importId }, madeAt }: UndoFacts): PlanHeader {
  return {
    line: "plan",
    format: planFormat,
    madeBy: `portload ${version}`,
    madeAt,
    target: header.fingerprints.target,
    mode: "merge",
    createMissing: false,
    deleteDependents: false,
    mapping: { file: "", sha256: header.fingerprints.mapping },
    onMissingTarget: [],
    sources: [],
    undoOf: importId,
  };
}
