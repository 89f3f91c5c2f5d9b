import { z } from "zod";
import { ApiError, AuthError } from "../errors.js";
import type { Call, CallIo, Reply } from "./send.js";

/** How often a creation is sent whose answers are lost. */
const maxRounds = 3;

const heldBody = z.looseObject({ entity: z.looseObject({ createdAt: z.string() }) });

/**
 * Sends a call. A creation whose answer is lost is never sent again blindly: the entity is read. One that was not made before the first attempt, by the
 * server's clock, is ours, and its reading is the answer; where there is none, or an older one, sending again settles it. What is refused then as existing
 * is read as well: the lost attempt may have been done since.
 *
 * @param held - path of the entity that is created; without it a lost answer stays lost
 */
export async function sendOrLook(io: CallIo, call: Call, held?: string): Promise<Reply> {
  let sentAtMs: number | undefined;
  for (let round = 1; ; round++) {
    const reply = await io.send(call);
    const isClash = reply.is === "reply" && reply.status === 409 && sentAtMs !== undefined;
    if (held === undefined || (reply.is === "reply" && !isClash)) return reply;
    sentAtMs ??= reply.sentAtMs;
    const found = sentAtMs === undefined ? undefined : await look(io, held);
    if (found === undefined || sentAtMs === undefined) return reply;
    const { data } = heldBody.safeParse(found.body);
    if (data !== undefined && Date.parse(data.entity.createdAt) >= sentAtMs) return found;
    if (isClash || round === maxRounds) return reply;
  }
}

/** The entity's reading, or its 404; undefined where it cannot be told: the lost creation is what matters then. */
async function look(io: CallIo, path: string) {
  const call = { method: "GET", path, family: "entities", route: "other", idempotent: true, authorized: true } as const;
  try {
    const found = await io.send({ ...call, expected: [404] });
    return found.is === "reply" && (found.status < 300 || found.status === 404) ? found : undefined;
  } catch (error) {
    if (error instanceof ApiError || error instanceof AuthError) return undefined;
    throw error;
  }
}
