import { randomBytes } from "node:crypto";
import type { Credentials } from "../secrets.js";
import type { Catalog, StoredEntity } from "./model.js";
import { Refusal } from "./refusal.js";

/** Hands out access tokens and knows them again. */
export interface TokenIssuer {
  /** Gives the token in force for these credentials, or a new one once that has ended; `expiresInMs` is what is left of its life. */
  readonly issue: (given: Credentials) => { readonly token: string; readonly expiresInMs: number } | Refusal;
  /** True for the value of an Authorization header, with or without `Bearer `, that names a token in force, of an account that is not disabled. */
  readonly accepts: (authorization: string) => boolean;
  /** Ends all tokens in force at once. */
  readonly revoke: () => void;
}

interface IssuedToken {
  readonly clientId: string;
  readonly text: string;
  endsAt: number;
}

/**
 * Makes the tokens of one emulator. `accountOf` gives the credentials of a service account that is not disabled.
 * Port's guide: a token lives three hours, and asking again gives the same one.
 */
export function createTokens(
  credentials: Credentials,
  ttlMs: number,
  clock: () => number,
  accountOf: (clientId: string) => Credentials | undefined = () => undefined,
): TokenIssuer {
  const byClient = new Map<string, IssuedToken>();
  const byText = new Map<string, IssuedToken>();
  const known = (clientId: string) => (clientId === credentials.clientId ? credentials : accountOf(clientId));
  return {
    issue: ({ clientId, clientSecret }) => {
      if (known(clientId)?.clientSecret !== clientSecret) {
        return new Refusal(401, "invalid_credentials", "Invalid credentials supplied to the generate token API");
      }
      const now = clock();
      const held = byClient.get(clientId);
      if (held !== undefined && now < held.endsAt) return { token: held.text, expiresInMs: held.endsAt - now };
      if (held !== undefined) byText.delete(held.text);
      const text = makeToken(clientId, now, now + ttlMs);
      const token = { clientId, text, endsAt: now + ttlMs };
      byClient.set(clientId, token);
      byText.set(text, token);
      return { token: text, expiresInMs: ttlMs };
    },
    accepts: (authorization) => {
      const token = byText.get(authorization.startsWith("Bearer ") ? authorization.slice(7) : authorization);
      return token !== undefined && clock() < token.endsAt && known(token.clientId) !== undefined;
    },
    revoke: () => {
      for (const token of byText.values()) token.endsAt = 0;
    },
  };
}

// Shaped as a JWT, because clients read its claims; its signature is noise and nothing checks it.
function makeToken(clientId: string, now: number, endsAt: number): string {
  const claims = { sub: clientId, orgId: "org_emulator", isMachine: true, personalToken: false };
  const times = { iat: Math.floor(now / 1000), exp: Math.floor(endsAt / 1000) };
  const parts = [
    { alg: "HS256", typ: "JWT" },
    { ...claims, ...times },
  ].map((part) => base64url(JSON.stringify(part)));
  return `${parts.join(".")}.${randomBytes(32).toString("base64url")}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}

/** Gives a new entity of `_user` credentials, if it is a service account; they are shown in that one reply only. */
export function openServiceAccount(catalog: Catalog, user: StoredEntity): Credentials | undefined {
  if (user.properties.port_type !== "Service Account") return undefined;
  const clientId = randomBytes(12).toString("hex");
  const account = { clientId, clientSecret: randomBytes(32).toString("base64url"), user };
  catalog.serviceAccounts.set(clientId, account);
  return account;
}

/** Gives the credentials of a service account that may ask for tokens and use them: its user is there and not disabled. */
export function activeAccount(catalog: Catalog, clientId: string): Credentials | undefined {
  const account = catalog.serviceAccounts.get(clientId);
  return account === undefined || account.user.deleted || account.user.properties.status === "Disabled"
    ? undefined
    : account;
}

/** What a reply to a creation shows beside the entity. */
export function additionalDataOf({ credentials }: { readonly credentials?: Credentials }): object {
  if (credentials === undefined) return {};
  const { clientId, clientSecret } = credentials;
  return { additionalData: { credentials: { clientId, clientSecret } } };
}
