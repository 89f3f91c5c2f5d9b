import type { Client } from "../../api/client.js";
import { type DeleteFlags, type EntityReply, maxDeleteIdentifiers } from "../../api/entity-calls.js";
import { isMigrationBody, isStartedBody } from "../../api/reply-parts.js";
import type { Blueprint } from "../../blueprint.js";
import { GuardError, UsageError } from "../../errors.js";
import type { EntityDeleteAllOptions, EntityDeleteOptions } from "../../options/catalog.js";
import { allowingFlags, deleteLimits, excessDeletions, percent } from "../../plan/guards.js";
import { doneOf, type EntityDone, type EntityIo, missingHint, readAll, withClient } from "./get.js";

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
    throw new UsageError("- reads the whole list from stdin: give no identifiers with it");
  const [only = ""] = identifiers;
  if (identifiers.length > 1 || fromStdin) {
    const listed = fromStdin && io.stdin !== undefined ? identifiersIn(await readAll(io.stdin)) : identifiers;
    return deleteListed(options, [...new Set(listed)], flags, io);
  }
  return withClient(options, io, async (client) => {
    const reply = await client.entity.delete(blueprint, only, flags);
    const isMissing = reply.is === "refused" && reply.status === 404;
    const missing = isMissing ? await missingHint(client, "delete", [blueprint, only]) : undefined;
    return doneOf(reply, missing ?? hintFor(reply));
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
    throw new UsageError(`stdin, line ${index + 1}: is not a JSON object with an identifier`);
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
    if (found.is === "refused") return doneOf(found, await missingHint(client, "delete", [blueprint]));
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
    { hint: "If that is meant:", allowedBy: allowingFlags(excesses) },
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

/** The question before all entities of a blueprint are deleted. */
export interface DeleteAllQuestion {
  readonly blueprint: string;
  readonly count: number;
  readonly deleteBlueprint: boolean;
}

/** How an operation of deleting all asks and waits. */
export interface DeleteAllIo extends EntityIo {
  /** False stops it. It is not asked with `yes`. */
  readonly ask: (question: DeleteAllQuestion) => Promise<boolean>;
}

/** Wait before the first look at the migration, in milliseconds; it doubles up to {@link maxPollMs}. */
const firstPollMs = 100;
const maxPollMs = 5000;

/** @source Port's Terraform provider, the states of a migration */
const ended = ["COMPLETED", "FAILURE", "CANCELLED"];

/**
 * Deletes all entities of a blueprint and waits for the migration that does it. A refusal on required relations is explained by naming them.
 *
 * @throws {ApiError} when the API is not reached
 */
export function deleteAllEntities(options: EntityDeleteAllOptions, io: DeleteAllIo): Promise<EntityDone> {
  const { blueprint, deleteBlueprint, runId, yes } = options;
  return withClient(options, io, async (client) => {
    const found = await client.entity.readBlueprint(blueprint);
    if (found.is === "refused") return doneOf(found, await missingHint(client, "delete-all", [blueprint]));
    if (!yes) {
      const count = await client.countEntities(blueprint);
      if (!(await io.ask({ blueprint, count, deleteBlueprint }))) return { replies: [], notes: ["nothing is deleted"] };
    }
    const started = await client.entity.deleteAll(blueprint, {
      deleteBlueprint,
      ...(runId !== undefined && { runId }),
    });
    if (started.is === "refused") return doneOf(started, await reasonFor(started, options, client));
    const migration = isStartedBody(started.body) ? started.body.migrationId : undefined;
    return migration === undefined ? doneOf(started) : finished(migration, client);
  });
}

async function finished(migration: string, client: Client): Promise<EntityDone> {
  for (let waitMs = 0; ; waitMs = Math.min(Math.max(firstPollMs, waitMs * 2), maxPollMs)) {
    if (waitMs > 0) await client.wait(waitMs);
    const reply = await client.entity.migration(migration);
    if (reply.is === "refused") return doneOf(reply, "The deletion was accepted; only its progress is not known.");
    const status = isMigrationBody(reply.body) ? reply.body.migration.status : undefined;
    if (status !== undefined && !ended.includes(status)) continue;
    if (status === "COMPLETED") return doneOf(reply);
    const message = `the migration ${migration} ended as ${status ?? "something unknown"}`;
    return { replies: [reply.body], notes: [], refused: { message, hint: "Some entities may be left." } };
  }
}

/** Names the relations that prevent it: the required ones, else those that point at it. @source Port's guide to the API: all entities are deleted at once only where the blueprint has no required relations */
async function reasonFor(
  reply: EntityReply,
  { blueprint, deleteBlueprint }: EntityDeleteAllOptions,
  client: Client,
): Promise<string | undefined> {
  if (reply.is === "done" || (reply.error !== "has_dependents" && reply.error !== "required_relation"))
    return undefined;
  const relations = (await client.listBlueprints()).flatMap((source) => relationsOf(source, blueprint));
  const named = (some: readonly Held[]) => some.map(({ name }) => name).join(", ");
  const required = relations.filter((relation) => relation.required);
  if (required.length > 0)
    return (
      `Port deletes all entities at once only where no relation is required; required: ${named(required)}. ` +
      `Delete by a list instead: portload entity delete ${blueprint} - --delete-dependents`
    );
  const others = relations.filter((relation) => relation.fromOther);
  if (others.length === 0) return undefined;
  const remedy = deleteBlueprint
    ? "Without --delete-blueprint its entities go; the blueprint can go once these relations are removed."
    : "Remove these relations first.";
  return `Others relate to it: ${named(others)}. ${remedy}`;
}

interface Held {
  readonly name: string;
  readonly required: boolean;
  /** Another blueprint's, to this one. */
  readonly fromOther: boolean;
}

/** The relations from or to a blueprint that another, or it itself, holds. */
function relationsOf({ identifier, relations = {} }: Blueprint, blueprint: string): readonly Held[] {
  return Object.entries(relations)
    .filter(([, { target }]) => identifier === blueprint || target === blueprint)
    .map(([relation, { required, target }]) => ({
      name: `${identifier}.${relation} → ${target}`,
      required: required === true,
      fromOther: identifier !== blueprint,
    }));
}
