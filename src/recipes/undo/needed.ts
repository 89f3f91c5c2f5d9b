import { join } from "node:path";
import type { Client } from "../../api/client.js";
import { type Key, keyText, targetsOf } from "../../entity.js";
import { GuardError } from "../../errors.js";
import type { ReadBudget } from "../../options/kinds.js";
import { allowingFlags, deleteLimits, excessDeletions, percent } from "../../plan/guards.js";
import type { PlanOp } from "../../plan/plan-file.js";
import { createKeySet } from "../../settle/keys.js";
import { openAppendFile, readLines } from "../../state/files.js";
import { type FoundRelating, referrersOf } from "../prune/dependents.js";
import { nowhere } from "./notes.js";

/** An op that deletes. */
export type Deletion = Extract<PlanOp, { op: "delete" }>;

/** The key of an op that deletes. */
export function keyOfDeletion({ blueprint, before }: Deletion): Key {
  return { blueprint, identifier: String(before.identifier) };
}

/** What an undo will do, as far as it matters to others: 32 bytes an entity. */
export interface UndoScope {
  /** Adds an entity that is to be deleted. */
  add(key: Key): void;
  has(key: Key): boolean;
  /** Notes which relations of an entity are put back. */
  noteRestored(key: Key, relations: readonly string[]): void;
  isRestored(key: Key, relation: string): boolean;
  readonly size: number;
}

/** Opens an empty one. */
export function openUndoScope(): UndoScope {
  const doomed = createKeySet();
  const restored = createKeySet();
  const relationOf = ({ blueprint, identifier }: Key, relation: string): Key => ({
    blueprint: `${blueprint} ${relation}`,
    identifier,
  });
  return {
    add: (key) => void doomed.add(key, nowhere, 0),
    has: (key) => doomed.find(key) >= 0,
    noteRestored(key, relations) {
      for (const relation of relations) restored.add(relationOf(key, relation), nowhere, 0);
    },
    isRestored: (key, relation) => restored.find(relationOf(key, relation)) >= 0,
    get size() {
      return doomed.size;
    },
  };
}

/** Entities that stay after all, with the reason. */
export interface KeptEntities {
  has(key: Key): boolean;
  why(key: Key): string;
}

/** Reasons that are remembered in full. */
const maxReasons = 1000;

/**
 * Finds what must not be deleted, since an entity that is kept relates to it: a relation that came after the run would be lost with it. What such an entity itself
 * relates to stays as well.
 *
 * @param deletions - all entities that are to be deleted
 */
export async function keepNeeded({
  client,
  folder,
  scope,
  deletions,
}: {
  readonly client: Pick<Client, "listBlueprints" | "pages">;
  readonly folder: string;
  readonly scope: UndoScope;
  readonly deletions: () => AsyncIterable<Deletion>;
}): Promise<KeptEntities> {
  const kept = createKeySet();
  const reasons = new Map<string, string>();
  const keep = (key: Key, by: Key, title?: string): void => {
    if (kept.find(key) >= 0) return;
    kept.add(key, nowhere, 0);
    const name = `${by.blueprint}/${by.identifier}${title === undefined ? "" : ` (${title})`}`;
    if (reasons.size < maxReasons)
      reasons.set(keyText(key.blueprint, key.identifier), `${name}, which stays, relates to it`);
  };
  if (scope.size > 0) {
    const path = join(folder, "relations.ndjson");
    const edges = await openAppendFile(path);
    try {
      const blueprints = await client.listBlueprints();
      for await (const { blueprint, identifiers } of inHundreds(deletions())) {
        for await (const page of referrersOf(client, blueprints, blueprint, identifiers)) {
          const within: string[] = [];
          for (const { from, to, relation, title } of linksOf(page, blueprint, new Set(identifiers))) {
            if (scope.has(from)) within.push(`${JSON.stringify([from, to])}\n`);
            else if (!scope.isRestored(from, relation)) keep(to, from, title);
          }
          if (within.length > 0) await edges.append(within.join(""));
        }
      }
    } finally {
      await edges.close();
    }
    for (let size = -1; size < kept.size; ) {
      size = kept.size;
      if (size === 0) break;
      for await (const lines of readLines(path))
        for (const line of lines) {
          const [from, to] = JSON.parse(line) as [Key, Key];
          if (kept.find(from) >= 0) keep(to, from);
        }
    }
  }
  return {
    has: (key) => kept.find(key) >= 0,
    why: (key) => reasons.get(keyText(key.blueprint, key.identifier)) ?? "an entity that stays relates to it",
  };
}

interface HeldLink {
  readonly from: Key;
  readonly to: Key;
  readonly relation: string;
  readonly title: string | undefined;
}

function* linksOf(page: readonly FoundRelating[], target: string, named: ReadonlySet<string>): Generator<HeldLink> {
  for (const { blueprint, identifier, relations, title } of page)
    for (const [relation, value] of Object.entries(relations))
      for (const name of targetsOf(value as Parameters<typeof targetsOf>[0])) {
        const isItself = blueprint === target && name === identifier;
        if (!named.has(name) || isItself) continue;
        yield { from: { blueprint, identifier }, to: { blueprint: target, identifier: name }, relation, title };
      }
}

async function* inHundreds(
  deletions: AsyncIterable<Deletion>,
): AsyncGenerator<{ readonly blueprint: string; readonly identifiers: readonly string[] }> {
  let blueprint = "";
  let identifiers: string[] = [];
  for await (const op of deletions) {
    if (identifiers.length === 100 || op.blueprint !== blueprint) {
      if (identifiers.length > 0) yield { blueprint, identifiers };
      identifiers = [];
      blueprint = op.blueprint;
    }
    identifiers.push(keyOfDeletion(op).identifier);
  }
  if (identifiers.length > 0) yield { blueprint, identifiers };
}

/** What would be deleted of each blueprint: how many, and the names of the first. */
type DeletionCounts = ReadonlyMap<string, { readonly count: number; readonly names: readonly string[] }>;

/**
 * Holds the deletions of an undo to the limits of a prune; the share is of all entities that a blueprint has.
 *
 * @param isKept - of these, what stays after all
 * @param command - the undo as it can be typed, for the flags that allow it
 * @throws {GuardError} that names what would be deleted, and the flags that allow it
 */
export async function guardDeletions(
  deletions: AsyncIterable<Deletion>,
  isKept: (key: Key) => boolean,
  client: Pick<Client, "countEntities">,
  maxDelete: readonly ReadBudget[],
  command: string,
): Promise<void> {
  const counts = await countsOf(deletions, isKept);
  const all = await Promise.all(
    [...counts].map(async ([blueprint, { count }]) => {
      const owned = Math.max(count, await client.countEntities(blueprint));
      return { blueprint, owned, deletions: count };
    }),
  );
  const excesses = excessDeletions(all, deleteLimits(maxDelete));
  if (excesses.length === 0) return;
  const lines = excesses.map(({ blueprint, deletions, owned }) => {
    const names = counts.get(blueprint)?.names ?? [];
    const more = deletions > names.length ? ` and ${deletions - names.length} more` : "";
    return `  ${blueprint}: ${deletions} of ${owned} (${percent(deletions / owned)}) would be deleted: ${names.join(", ")}${more}`;
  });
  throw new GuardError(`nothing is undone: more would be deleted than is allowed\n${lines.join("\n")}`, {
    hint: `If that is right, allow as much and no more: ${[command, ...allowingFlags(excesses)].join(" ")}`,
  });
}

async function countsOf(deletions: AsyncIterable<Deletion>, isKept: (key: Key) => boolean): Promise<DeletionCounts> {
  const counts = new Map<string, { count: number; names: string[] }>();
  for await (const op of deletions) {
    const key = keyOfDeletion(op);
    if (isKept(key)) continue;
    const known = counts.get(op.blueprint) ?? { count: 0, names: [] };
    known.count++;
    if (known.names.length < 10)
      known.names.push(op.title === undefined ? key.identifier : `${key.identifier} (${op.title})`);
    counts.set(op.blueprint, known);
  }
  return counts;
}
