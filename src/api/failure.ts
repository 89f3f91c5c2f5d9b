import { failureBody } from "./bodies.js";
import { attemptTimeout, unreadableReply } from "./retry.js";

/** Longest text of a server that a message repeats, in characters. */
const maxToldChars = 500;

/** What a reply says about its refusal, without secrets; a body that is not Port's is left out. */
export function refusedMessage(
  status: number,
  body: unknown,
  redact: (text: string) => string,
): { readonly message: string; readonly error: string | undefined } {
  const told = failureBody.safeParse(body).data;
  const text = [told?.error, told?.message].filter((part) => part !== undefined && part !== "").join(": ");
  const short = redact(text).slice(0, maxToldChars);
  return {
    message: short === "" ? `status ${status}` : `status ${status}, ${short}`,
    error: told?.error === undefined ? undefined : redact(told.error),
  };
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
