import type { Readable } from "node:stream";
import { type Client, createClient } from "../../api/client.js";
import type { EntityReply } from "../../api/entity-calls.js";
import type { EntityGetOptions } from "../../options/catalog.js";
import { quoted } from "../../reject.js";
import { wordsOf } from "../../reply.js";
import { type ApiChoices, clientOptionsOf } from "../run/client-options.js";

/** Reads one entity. @throws {ApiError} when the API is not reached */
export function getEntity(options: EntityGetOptions, io: EntityIo): Promise<EntityDone> {
  const { blueprint, identifier, include, exclude, attachTitles } = options;
  return withClient(options, io, async (client) => {
    const reply = await client.entity.get(blueprint, identifier, { include, exclude, attachTitles });
    if (reply.is === "done" || reply.status !== 404) return doneOf(reply);
    const there = `What is there: portload entity export ${quoted(blueprint)}`;
    return doneOf(reply, (await missingHint(client, "get", [blueprint, identifier])) ?? there);
  });
}

/**
 * What to do where a blueprint that is named does not exist, after the API answered 404; undefined where it does.
 *
 * @param words - blueprint and identifier, as they were given
 */
export async function missingHint(
  { entity }: Client,
  verb: string,
  [blueprint, identifier]: readonly [blueprint: string, identifier?: string | undefined],
): Promise<string | undefined> {
  const isThere = async (name: string): Promise<boolean> => (await entity.readBlueprint(name)).is === "done";
  if (await isThere(blueprint)) return undefined;
  if (identifier !== undefined && (await isThere(identifier)))
    return `The blueprint comes first: portload entity ${verb} ${quoted(identifier)} ${quoted(blueprint)}`;
  return `There is no blueprint ${blueprint}. Those of the catalog: portload blueprint get`;
}

/** The result of an operation on entities. */
export interface EntityDone {
  /** The API's replies as they came, in order. */
  readonly replies: readonly unknown[];
  /** Things to know that are not refusals, a sentence each. */
  readonly notes: readonly string[];
  /** Why the API refused it. */
  readonly refused?: { readonly message: string; readonly hint?: string };
}

/** What an operation on entities needs. */
export interface EntityIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Readable;
  readonly signal?: AbortSignal;
}

/** Opens a client for one operation and closes it after. */
export async function withClient<T>(
  options: ApiChoices,
  { env, signal }: EntityIo,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = createClient({ ...clientOptionsOf(options, env), ...(signal !== undefined && { signal }) });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** The result of a single reply; `hint` says what to do about a refusal. */
export function doneOf(reply: EntityReply, hint?: string, notes: readonly string[] = []): EntityDone {
  if (reply.is === "done") return { replies: [reply.body], notes };
  const refused = { message: `${reply.request}: ${wordsOf(reply)}`, ...(hint !== undefined && { hint }) };
  return { replies: [reply.body], notes, refused };
}

/** All of a stream as text. */
export async function readAll(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part as Uint8Array | string));
  return Buffer.concat(parts).toString("utf8");
}
