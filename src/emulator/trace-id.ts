import { randomBytes } from "node:crypto";

// One random prefix for the process and a counter: unique, and cheap enough for every reply.
const prefix = randomBytes(10).toString("hex");
let count = 0;

/** Makes the `X-Trace-Id` of a reply. @source fact sheet 1.1 */
export function traceId(): string {
  count += 1;
  return prefix + count.toString(16).padStart(12, "0");
}
