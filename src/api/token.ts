import { AuthError } from "../errors.js";
import type { Credentials } from "../secrets.js";
import { type Call, type CallIo, refusalOf } from "./call.js";
import type { Clock } from "./clock.js";
import { credentialsHint } from "./failure.js";
import { isTokenBody } from "./reply-parts.js";

/** A token as the API gives it. */
export interface TokenReply {
  readonly accessToken: string;
  /** Seconds that it lives from now. */
  readonly expiresIn: number;
}

/** The call that asks for a token. */
export function tokenCall({ clientId, clientSecret }: Credentials): Call<TokenReply> {
  return {
    method: "POST",
    path: "/auth/access_token",
    route: "token",
    body: JSON.stringify({ clientId, clientSecret }),
    idempotent: true,
    authorized: false,
    isBody: isTokenBody,
  };
}

/**
 * Fetches a token for a pair of credentials.
 *
 * @throws {AuthError} when the API refuses them (401, 403); never retried
 * @throws {ApiError} for any other failure; no message holds the secret
 * @source API reference, "Create an access token"
 */
export async function fetchToken(io: CallIo, credentials: Credentials): Promise<TokenReply> {
  const call = tokenCall(credentials);
  const reply = await io.send(call);
  if (reply.is === "done") return reply.body;
  const error = refusalOf(call, reply, io);
  if (error.status !== 401 && error.status !== 403) throw error;
  const { message, method, url, status, error: code, traceId, attempts } = error;
  throw new AuthError(message, {
    ...{ method, url, status, error: code, traceId, attempts },
    hint: credentialsHint(url),
  });
}

/** The one token that all requests share. */
export interface Tokens {
  /** The token, fetched first or again when its end is near. */
  current(): Promise<string>;
  /** Asks for it now; whoever needs the token first receives the error. */
  begin(): void;
  /** A token other than the one that was just refused; all who ask at once share one request. */
  renew(refused: string): Promise<string>;
  /** The token held now and the one before, to keep them out of messages. */
  held(): readonly string[];
}

/** Longest time before its end at which a token is fetched again, in milliseconds. */
const maxMarginMs = 60_000;

/**
 * Holds the token and fetches it when needed, one request in flight.
 *
 * Asked again before its end the API gives the same token (API reference, "Authentication"), so a token that comes a second time is used
 * up to its end; a request that is too late by then gets a 401 and {@link Tokens.renew} gets another.
 */
export function createTokens(fetchToken: () => Promise<TokenReply>, clock: Clock): Tokens {
  let held: { token: string; renewAtMs: number } | undefined;
  let before: string | undefined;
  let inFlight: Promise<string> | undefined;
  let begun: Promise<string> | undefined;

  const fetchOnce = (): Promise<string> => {
    inFlight ??= (async () => {
      try {
        const askedAtMs = clock.now();
        const { accessToken, expiresIn } = await fetchToken();
        // The connection is free again one event-loop turn later; an earlier request would open a second one.
        await new Promise((done) => setImmediate(done));
        const lifeMs = expiresIn * 1000;
        const again = held?.token === accessToken;
        const marginMs = again ? 0 : Math.min(maxMarginMs, lifeMs / 10);
        if (held !== undefined && !again) before = held.token;
        held = { token: accessToken, renewAtMs: askedAtMs + lifeMs - marginMs };
        return accessToken;
      } finally {
        inFlight = undefined;
      }
    })();
    return inFlight;
  };

  return {
    async current() {
      if (held !== undefined && clock.now() < held.renewAtMs) return held.token;
      const first = begun ?? fetchOnce();
      begun = undefined;
      return first;
    },
    begin() {
      begun = fetchOnce();
      begun.then(
        () => {
          begun = undefined;
        },
        () => undefined,
      );
    },
    async renew(refused) {
      if (held !== undefined && held.token !== refused) return held.token;
      return fetchOnce();
    },
    held: () => [held?.token, before].filter((token) => token !== undefined),
  };
}
