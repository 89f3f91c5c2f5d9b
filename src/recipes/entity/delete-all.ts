import { isMigrationBody, isStartedBody } from "../../api/bodies.js";
import type { Client } from "../../api/client.js";
import type { EntityReply } from "../../api/entity-calls.js";
import type { Blueprint } from "../../blueprint.js";
import type { EntityDeleteAllOptions } from "../../options/catalog.js";
import { doneOf, type EntityDone, type EntityIo, withClient } from "./done.js";

/** What a person is asked before all entities of a blueprint go. */
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
    if (found.is === "refused") return doneOf(found);
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

/** Names the relations that stand in the way: the required ones, else those that point at it. @source Port's guide to the API: all entities go at once only where the blueprint has no required relations */
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
