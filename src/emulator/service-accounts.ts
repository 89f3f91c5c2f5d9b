import { randomBytes } from "node:crypto";
import type { Catalog, StoredEntity } from "./catalog.js";
import type { Credentials } from "./tokens.js";

/** Credentials of a service account, and the entity of `_user` that they came with. */
export interface ServiceAccount extends Credentials {
  readonly user: StoredEntity;
}

/** Gives a new entity of `_user` credentials, if it is a service account; they are shown in that one reply only. @source fact sheet 1.2 */
export function openServiceAccount(catalog: Catalog, user: StoredEntity): Credentials | undefined {
  if (user.properties.port_type !== "Service Account") return undefined;
  const clientId = randomBytes(12).toString("hex");
  const account = { clientId, clientSecret: randomBytes(32).toString("base64url"), user };
  catalog.serviceAccounts.set(clientId, account);
  return account;
}

/** Gives the credentials of a service account that may ask for tokens and use them: its user is there and not disabled. @source fact sheet 1.2 */
export function activeAccount(catalog: Catalog, clientId: string): Credentials | undefined {
  const account = catalog.serviceAccounts.get(clientId);
  return account === undefined || account.user.deleted || account.user.properties.status === "Disabled"
    ? undefined
    : account;
}

/** What a reply to a creation shows beside the entity. @source fact sheet 1.2 */
export function additionalDataOf({ credentials }: { readonly credentials?: Credentials }): object {
  if (credentials === undefined) return {};
  const { clientId, clientSecret } = credentials;
  return { additionalData: { credentials: { clientId, clientSecret } } };
}
