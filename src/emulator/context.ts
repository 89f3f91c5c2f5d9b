import type { Catalog } from "./catalog.js";
import { fieldOf } from "./field.js";
import { isObject } from "./json-object.js";
import { teamsOf } from "./meta.js";

/** A value that depends on who asks: a property of the user, or of each of the user's teams. */
export interface ContextValue {
  readonly property: string;
  readonly context: "user" | "userTeams";
}

/** True for a value that depends on who asks. */
export function isContextValue(value: unknown): value is ContextValue {
  return (
    isObject(value) && typeof value.property === "string" && (value.context === "user" || value.context === "userTeams")
  );
}

/** Gives such a value for the client whose credentials the emulator takes: null, or no teams, unless `_user` has an entity of that name. */
export function contextOf(catalog: Catalog, { property, context }: ContextValue): unknown {
  const users = catalog.shelves.get("_user");
  const user = users?.entities.get(catalog.clientId);
  if (users === undefined || user === undefined) return context === "user" ? null : [];
  if (context === "user") return fieldOf(catalog, user, users, property) ?? null;
  const home = catalog.shelves.get("_team");
  return teamsOf(catalog, users, user).flatMap((name) => {
    const team = home?.entities.get(name);
    return team === undefined || home === undefined ? [] : [fieldOf(catalog, team, home, property) ?? null];
  });
}
