import type { Mapping } from "../map/mapping.js";
import type { Tell } from "./codes.js";

/** Defaults of Port's integrations that portload turns round, each with why. @source Port's integrations, `PortAppConfig` */
const reversed = [
  ["createMissingRelatedEntities", "false (Port: true, which hides typing errors as bare entities)"],
  ["deleteDependentEntities", "false (Port: true, so that a deletion takes others along)"],
  ["entityDeletionThreshold", "10 % or 100 entities of a blueprint (Port: 0.9)"],
] as const;

/** Tells the defaults that differ from Port's where the file leaves them out, and the keys without effect here. */
export function lintDefaults(mapping: Mapping, root: unknown, tell: Tell): void {
  for (const { path = "", message } of mapping.notes)
    tell("ignored_key", path, message, "leave it where the file serves both, else take it out");
  const given = typeof root === "object" && root !== null ? root : {};
  const left = reversed.filter(([key]) => !Object.hasOwn(given, key));
  if (left.length === 0) return;
  const told = left.map(([key, why]) => `${key} is ${why}`).join("; ");
  tell(
    "reversed_default",
    "",
    `defaults that Port has otherwise: ${told}`,
    `write ${left.map(([key]) => key).join(", ")} where this mapping relies on Port's`,
  );
}
