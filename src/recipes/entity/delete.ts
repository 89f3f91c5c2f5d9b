import type { EntityReply } from "../../api/entity-calls.js";
import { type DeleteFlags, maxDeleteIdentifiers } from "../../api/entity-calls.js";
import { GuardError, UsageError } from "../../errors.js";
import type { EntityDeleteOptions } from "../../options/catalog.js";
import { allowingFlags, deleteLimits, excessDeletions, percent } from "../../plan/prune-guard.js";
import { doneOf, type EntityDone, type EntityIo, readAll, withClient } from "./done.js";

/**
 * Deletes one entity, or a list of them with prune's guard.
 *
 * @throws {GuardError} when the list holds more than the limits allow; nothing is deleted then
 * @throws {ApiError} when the API is not reached
 */
export async function deleteByName(options: EntityDeleteOptions, io: EntityIo): Promise<EntityDone> {
  const { blueprint, identifiers, deleteDependents, runId } = options;
  const flags = { deleteDependents, ...(runId !== undefined && { runId }) };
  const fromStdin = identifiers.includes("-");
  if (fromStdin && identifiers.length > 1)
    throw new UsageError("- is the whole list: no identifier may stand beside it");
  const [only = ""] = identifiers;
  if (identifiers.length > 1 || fromStdin) {
    const listed = fromStdin && io.stdin !== undefined ? identifiersIn(await readAll(io.stdin)) : identifiers;
    return deleteListed(options, [...new Set(listed)], flags, io);
  }
  return withClient(options, io, async ({ entity }) => {
    const reply = await entity.delete(blueprint, only, flags);
    return doneOf(reply, hintFor(reply));
  });
}

/** One identifier a line, or a JSON object a line that has one, as `portload preview` and `entity export` write; blank lines are none. @throws {UsageError} for another line */
function identifiersIn(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.flatMap((line, index) => {
    if (line === "") return [];
    if (!line.startsWith("{")) return [line];
    const identifier = identifierOf(line);
    if (identifier !== undefined) return [identifier];
    throw new UsageError(`stdin, line ${index + 1}: is no JSON object with an identifier`);
  });
}

function identifierOf(line: string): string | undefined {
  try {
    const { identifier } = JSON.parse(line) as { readonly identifier?: unknown };
    return typeof identifier === "string" ? identifier : undefined;
  } catch {
    return undefined;
  }
}

function deleteListed(
  options: EntityDeleteOptions,
  listed: readonly string[],
  flags: DeleteFlags,
  io: EntityIo,
): Promise<EntityDone> {
  const { blueprint } = options;
  return withClient(options, io, async (client) => {
    const found = await client.entity.readBlueprint(blueprint);
    if (found.is === "refused") return doneOf(found);
    const existing = await client.existing(blueprint, listed);
    const there = listed.filter((identifier) => existing.has(identifier));
    const absent = listed.filter((identifier) => !existing.has(identifier));
    guard(blueprint, there.length, await client.countEntities(blueprint), options.maxDelete);
    const replies: unknown[] = [];
    const notes = absent.length === 0 ? [] : [`not in the catalog, so nothing to delete: ${named(absent)}`];
    for (let at = 0; at < there.length; at += maxDeleteIdentifiers) {
      const part = there.slice(at, at + maxDeleteIdentifiers);
      const reply = await client.entity.deleteListed(blueprint, part, flags);
      replies.push(reply.body);
      if (reply.is === "done") continue;
      // A request deletes all of its entities or none.
      const done = doneOf(reply, hintFor(reply));
      return { ...done, replies, notes: [...notes, `deleted before that: ${at} of ${there.length}`] };
    }
    return { replies, notes };
  });
}

function guard(blueprint: string, deletions: number, owned: number, maxDelete: EntityDeleteOptions["maxDelete"]): void {
  const excesses = excessDeletions([{ blueprint, owned, deletions }], deleteLimits(maxDelete));
  if (excesses.length === 0) return;
  const share = percent(owned === 0 ? 1 : deletions / owned);
  throw new GuardError(
    `the list would delete ${deletions} of ${owned} entities of ${blueprint} (${share}); nothing is deleted`,
    { hint: `If that is meant: ${allowingFlags(excesses).join(" ")}` },
  );
}

const maxNamed = 5;

function named(identifiers: readonly string[]): string {
  const shown = identifiers.slice(0, maxNamed).join(", ");
  return identifiers.length > maxNamed ? `${shown} and ${identifiers.length - maxNamed} more` : shown;
}

function hintFor(reply: EntityReply): string | undefined {
  if (reply.is === "done") return undefined;
  if (reply.error === "has_dependents")
    return "Others require it: delete them first, or give --delete-dependents, which deletes them, too.";
  if (reply.status === 404 && reply.attempts > 1)
    return "The answer to an earlier attempt was lost, so that this very command may have deleted it.";
  return undefined;
}
