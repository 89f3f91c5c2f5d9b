import { randomBytes } from "node:crypto";
import type { Writer } from "./catalog.js";

/** What was done to an entity. */
export type Deed = "CREATE" | "UPDATE" | "DELETE";

/** One write that succeeded. */
export interface Audit {
  readonly number: number;
  readonly deed: Deed;
  readonly blueprint: string;
  readonly entity: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by: string;
  readonly runId: string | null;
}

/** The last writes, and all that were made in the name of a run. */
export interface AuditLog {
  readonly record: (deed: Deed, blueprint: string, entity: string, at: number, writer: Writer) => void;
  /** Newest first. */
  readonly read: (runId: string | undefined) => readonly Audit[];
}

/** One entry's identifier in the wire's form; the number makes it unique within the emulator. */
export function auditIdentifier(audit: Audit): string {
  return `${prefix}_${audit.number}`;
}

const prefix = `evt_${randomBytes(6).toString("hex")}`;

/** Makes an empty log that keeps the last `kept` writes; those of a run stay, up to 100,000. */
export function createAuditLog(kept = 1000): AuditLog {
  const ring: Audit[] = [];
  const ofRuns: Audit[] = [];
  let next = 0;
  return {
    record: (deed, blueprint, entity, at, writer) => {
      const runId = writer.runId ?? null;
      const audit: Audit = { number: next, deed, blueprint, entity, at, by: writer.by, runId };
      ring[next % kept] = audit;
      next += 1;
      if (runId !== null && ofRuns.length < 100_000) ofRuns.push(audit);
    },
    read: (runId) => {
      const chosen = runId === undefined ? ring : ofRuns.filter((audit) => audit.runId === runId);
      return [...chosen].sort((a, b) => b.number - a.number);
    },
  };
}
