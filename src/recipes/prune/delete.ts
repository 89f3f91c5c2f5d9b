import { maxDeleteIdentifiers } from "../../api/entity-calls.js";
import { GuardError } from "../../errors.js";
import { wordsOf } from "../../reply.js";
import type { Run } from "../run/run.js";
import type { Stale } from "./prune.js";

/**
 * Deletes what is stale, a hundred at a time, what relates to others first; entities that others still depend on wait for a later round. What they
 * were is in the journal before they go.
 *
 * @throws {GuardError} when some are left because entities that stay depend on them, or because the API refuses
 */
export async function deleteStale(run: Run, { byBlueprint, victims }: Stale): Promise<void> {
  const { accounts, stop } = run;
  const left = new Map(byBlueprint);
  let refusal = "";
  for (let moved = true; moved && left.size > 0; ) {
    moved = false;
    for (const [blueprint, identifiers] of left) {
      const stays: string[] = [];
      for (let start = 0; start < identifiers.length; start += maxDeleteIdentifiers) {
        if (stop.reason !== undefined) return;
        const part = identifiers.slice(start, start + maxDeleteIdentifiers);
        await keepInJournal(run, blueprint, part);
        const { gone, refused, message } = await deletePart(run, blueprint, part);
        moved ||= gone > 0;
        refusal = message ?? refusal;
        stays.push(...refused);
      }
      if (stays.length > 0) left.set(blueprint, stays);
      else left.delete(blueprint);
    }
  }
  for (const { blueprint, identifiers } of victims)
    accounts.warn([
      {
        code: "deleted_dependents",
        blueprint,
        message: `deleted along with what they relate to: ${identifiers.slice(0, 10).join(", ")}`,
        count: identifiers.length,
      },
    ]);
  if (left.size > 0) throw leftBehind(left, refusal);
}

async function keepInJournal({ client, state }: Run, blueprint: string, part: readonly string[]): Promise<void> {
  const entities = [...(await client.lookUp(blueprint, part)).values()];
  await state.journal.append({ line: "delete", blueprint, entities });
}

interface Part {
  readonly gone: number;
  readonly refused: readonly string[];
  readonly message?: string;
}

/** Deletes a part. One that is refused because something depends on one of its entities is halved down to that entity. */
async function deletePart(run: Run, blueprint: string, part: readonly string[]): Promise<Part> {
  const { client, inventory, options, accounts } = run;
  const reply = await client.entity.deleteListed(blueprint, part, {
    deleteDependents: inventory.mapping.deleteDependentEntities,
    ...(options.runId !== undefined && { runId: options.runId }),
  });
  if (reply.is === "done") {
    accounts.takeDeleted(blueprint, part.length);
    return { gone: part.length, refused: [] };
  }
  const message = wordsOf(reply);
  if (part.length === 1 || !/dependents/.test(reply.error)) return { gone: 0, refused: part, message };
  const middle = Math.ceil(part.length / 2);
  const halves = [
    await deletePart(run, blueprint, part.slice(0, middle)),
    await deletePart(run, blueprint, part.slice(middle)),
  ];
  return {
    gone: halves.reduce((sum, { gone }) => sum + gone, 0),
    refused: halves.flatMap(({ refused }) => refused),
    message,
  };
}

function leftBehind(left: ReadonlyMap<string, readonly string[]>, refusal: string): GuardError {
  const lines = [...left].map(
    ([blueprint, names]) => `  ${blueprint}: ${names.length} stay: ${names.slice(0, 10).join(", ")}`,
  );
  return new GuardError(`not all that is stale could be deleted; the API says ${refusal}\n${lines.join("\n")}`, {
    hint: "Entities that stay depend on them. Correct those, or set deleteDependentEntities: true to delete them as well.",
  });
}
