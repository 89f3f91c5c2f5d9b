import { ApiError, AuthError } from "../errors.js";
import { noCode, type Refused, wordsOf } from "../reply.js";
import { failureBody } from "./bodies.js";
import { attemptTimeout, unreadableReply } from "./retry.js";

/** Longest text of a server that a message repeats, in characters. */
const maxRepeatedChars = 500;
/** Longest code or trace id of a server that is kept, in characters. */
const maxCodeChars = 128;

/** Code and words of a refusal's body; one that is not Port's has neither. */
export function refusedBody(body: unknown): Pick<Refused, "error" | "message"> {
  const { error, message } = failureBody.safeParse(body).data ?? {};
  return {
    error: error === undefined || error === "" ? noCode : error.slice(0, maxCodeChars),
    message: (message ?? "").slice(0, maxRepeatedChars),
  };
}

/** A trace id as it may be kept: without secrets, short, of visible characters. */
export function traceIdOf(header: string | undefined, redact: (text: string) => string): string | undefined {
  const id = header === undefined ? "" : redact(header).replaceAll(/[^\x21-\x7e]/g, "");
  return id === "" ? undefined : id.slice(0, maxCodeChars);
}

/** The error of a refusal that its caller has no use for. */
export function refusal(refused: Refused & { readonly traceId?: string }, method: string, url: string): ApiError {
  const { status, error, traceId, attempts } = refused;
  const Kind = status === 401 ? AuthError : ApiError;
  const after = attempts > 1 ? `, after ${attempts} attempts` : "";
  return new Kind(`${method} ${url}: ${wordsOf(refused)}${after}`, {
    ...{ method, url, status, attempts, traceId },
    error: error === noCode ? undefined : error,
    ...hintFor(status, undefined),
  });
}

/** A network fault's code in words. */
export function failedMessage(code: string | undefined): string {
  switch (code) {
    case attemptTimeout:
      return "no whole answer in time";
    case unreadableReply:
      return "the answer is not what Port's API promises";
    case "ECONNREFUSED":
      return "the connection was refused (ECONNREFUSED)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host name was not found (${code})`;
    case "UND_ERR_ABORTED":
      return "the proxy refused to connect (UND_ERR_ABORTED)";
    default:
      return `the connection failed (${code ?? "unknown"})`;
  }
}

/** What the user can do about a status or a network fault. */
export function hintFor(status: number | undefined, code: string | undefined): { hint?: string } {
  const hint = status === undefined ? networkHint(code) : statusHint(status);
  return hint === undefined ? {} : { hint };
}

function networkHint(code: string | undefined): string {
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER")
    return "That port does not speak TLS: write the address with http://, or name the right port.";
  if (code !== undefined && /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|EPROTO/.test(code)) {
    return "The server's certificate was not accepted; for a company's own authority set NODE_EXTRA_CA_CERTS to its certificate.";
  }
  if (code === attemptTimeout) return "The API is slow or a proxy holds the answer back; try again later.";
  return "Check PORT_API_URL (or --api-url, PORT_REGION), the network, and HTTPS_PROXY if there is a proxy.";
}

function statusHint(status: number): string | undefined {
  if (status === 401) return "Check PORT_CLIENT_ID and PORT_CLIENT_SECRET, and that they belong to this region.";
  if (status === 403) return "The credentials lack the permission, or Port does not allow this machine's address.";
  if (status === 404) return "Check the blueprint's identifier, and that PORT_API_URL ends in /v1.";
  if (status === 429) return "Other clients use up the organisation's quota; try again later.";
  if (status >= 500) return "The API is in trouble; try again later.";
  return undefined;
}
