import { z } from "zod";
import type { Call, CallIo, Reply } from "./send.js";

/** How often a creation is sent whose answers are lost. */
const maxRounds = 3;

const heldBody = z.looseObject({ entity: z.looseObject({ createdAt: z.string() }) });

/**
 * Sends a call. A creation whose answer is lost is never sent again blindly: the entity is read. One that was not made before the attempt, by the server's
 * clock, is ours, and its reading is the answer; where there is none, or an older one, sending again settles it.
 *
 * @param held - path of the entity that is created; without it a lost answer stays lost
 */
export async function sendOrLook(io: CallIo, call: Call, held?: string): Promise<Reply> {
  for (let round = 1; ; round++) {
    const reply = await io.send(call);
    if (reply.is !== "lost" || held === undefined || round === maxRounds) return reply;
    const found = await io.send({
      method: "GET",
      path: held,
      family: "entities",
      route: "other",
      idempotent: true,
      authorized: true,
      expected: [404],
    });
    if (found.is === "lost" || (found.status !== 404 && found.status >= 300) || reply.sentAtMs === undefined)
      return reply;
    const { data } = heldBody.safeParse(found.body);
    if (data !== undefined && Date.parse(data.entity.createdAt) >= reply.sentAtMs) return found;
  }
}
