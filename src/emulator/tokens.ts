import { randomBytes } from "node:crypto";
import { Refusal } from "./refusal.js";

/** Client id and secret of the emulator's one organization. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Hands out access tokens and knows them again. */
export interface Tokens {
  /** Gives the token in force, or a new one once that has ended; `expiresInMs` is what is left of its life. */
  readonly issue: (given: Credentials) => { readonly token: string; readonly expiresInMs: number } | Refusal;
  /** True for the value of an Authorization header, with or without `Bearer `, that names a token in force. */
  readonly accepts: (authorization: string) => boolean;
  /** Ends the token in force at once. */
  readonly revoke: () => void;
}

/** Makes the tokens of one emulator. @source Port's guide: a token lives three hours, and asking again gives the same one */
export function createTokens(credentials: Credentials, ttlMs: number, clock: () => number): Tokens {
  let token = "";
  let endsAt = 0;
  return {
    issue: (given) => {
      if (given.clientId !== credentials.clientId || given.clientSecret !== credentials.clientSecret) {
        return new Refusal(401, "invalid_credentials", "Invalid credentials supplied to the generate token API");
      }
      const now = clock();
      if (now >= endsAt) {
        endsAt = now + ttlMs;
        token = makeToken(credentials.clientId, now, endsAt);
      }
      return { token, expiresInMs: endsAt - now };
    },
    accepts: (authorization) => {
      const given = authorization.startsWith("Bearer ") ? authorization.slice(7) : authorization;
      return token !== "" && given === token && clock() < endsAt;
    },
    revoke: () => {
      endsAt = 0;
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
