import { AuthError } from "../errors.js";
import { tokenBody } from "./bodies.js";
import { type Call, type CallIo, refusal } from "./send.js";
import type { TokenReply } from "./token.js";

/**
 * Fetches a token for a pair of credentials.
 *
 * @throws {AuthError} when the API refuses them (401, 403); never retried
 * @throws {ApiError} for any other failure; no message holds the secret
 * @source API reference, "Create an access token"
 */
export async function fetchToken(
  io: CallIo,
  credentials: { readonly clientId: string; readonly clientSecret: string },
): Promise<TokenReply> {
  const { clientId, clientSecret } = credentials;
  const call: Call = {
    method: "POST",
    path: "/auth/access_token",
    family: "token",
    route: "token",
    body: JSON.stringify({ clientId, clientSecret }),
    idempotent: true,
    authorized: false,
    promised: (body) => tokenBody.safeParse(body).success,
  };
  const reply = await io.send(call);
  if (reply.is === "reply" && reply.status < 300) return tokenBody.parse(reply.body);
  const error = refusal(call, reply, io);
  if (error.status !== 401 && error.status !== 403) throw error;
  throw new AuthError(error.message, {
    method: error.method,
    url: error.url,
    status: error.status,
    error: error.error,
    traceId: error.traceId,
    attempts: error.attempts,
    hint: "Check PORT_CLIENT_ID and PORT_CLIENT_SECRET, and that they belong to this region (PORT_REGION, PORT_API_URL).",
  });
}
