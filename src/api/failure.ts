import { emulatorPort, isLoopback } from "../addresses.js";
import { ApiError, AuthError } from "../errors.js";
import { noCode, type Refused, wordsOf } from "../reply.js";
import { headerText, isFailureBody, type ReplyHeaders } from "./reply-parts.js";
import { attemptTimeout, noHttp1, replyTooLarge, unknownCoding, unreadableReply } from "./retry.js";

/** Longest text of a server that a message repeats, in characters. */
const maxRepeatedChars = 500;
/** Longest code or trace id of a server that is kept, in characters. */
const maxCodeChars = 128;

/** Code and words of a refusal's body; one that is not Port's has neither. */
export function refusedBody(body: unknown): Pick<Refused, "error" | "message"> {
  const { error, message } = isFailureBody(body) ? body : {};
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
    ...hintFor(url, status, undefined),
  });
}

/** A network fault's code in words. */
export function failedMessage(code: string | undefined): string {
  const proxy = proxyStatus(code);
  if (proxy === "407") return "the proxy asks for a user and a password (status 407)";
  if (proxy !== undefined) return `the proxy refused to connect (status ${proxy})`;
  return (
    messages[code ?? ""] ??
    (code?.startsWith("HPE_") ? messages.HPE : undefined) ??
    `the connection failed (${code ?? "unknown"})`
  );
}

const messages: Readonly<Record<string, string>> = {
  [attemptTimeout]: "no whole answer in time",
  [unreadableReply]: "the answer is not what Port's API promises",
  [replyTooLarge]: "the answer is larger than any of Port's API",
  [unknownCoding]: "the answer is compressed in a way that was not asked for",
  ECONNREFUSED: "the connection was refused (ECONNREFUSED)",
  ENOTFOUND: "the host name was not found (ENOTFOUND)",
  EAI_AGAIN: "the host name was not found (EAI_AGAIN)",
  UND_ERR_ABORTED: "the proxy refused to connect (UND_ERR_ABORTED)",
  CERT_HAS_EXPIRED: "the server's certificate has expired (CERT_HAS_EXPIRED)",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet (CERT_NOT_YET_VALID)",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host (ERR_TLS_CERT_ALTNAME_INVALID)",
  [noHttp1]: "the server speaks HTTP/2 only, and portload HTTP/1.1",
  HPE: "what answers does not speak HTTP/1.1",
};

/** What the user can do about a status or a network fault. */
export function hintFor(url: string, status: number | undefined, code: string | undefined): { hint?: string } {
  const hint = status === undefined ? networkHint(url, code) : statusHint(url, status);
  return hint === undefined ? {} : { hint };
}

function proxyStatus(code: string | undefined): string | undefined {
  return /^PROXY_(\d{3})$/.exec(code ?? "")?.[1];
}

function networkHint(url: string, code: string | undefined): string {
  const proxy = proxyStatus(code);
  if (proxy === "407")
    return "Put them into HTTPS_PROXY (or HTTP_PROXY): http://user:password@host:port, percent-encoded.";
  if (proxy !== undefined)
    return "Ask whoever runs the proxy to let this machine reach the API, or except it by NO_PROXY.";
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER")
    return "That port does not speak TLS: write the address with http://, or name the right port.";
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return "Check this machine's clock; if it is right, whoever runs the server (or a proxy that opens TLS) must renew the certificate.";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return "Write the address with the host name that the certificate is for, or look what answers in its place.";
  if (code === noHttp1 || code?.startsWith("HPE_"))
    return "Check PORT_API_URL and its port; a server or proxy before the API must accept HTTP/1.1.";
  if (code !== undefined && /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|EPROTO/.test(code)) {
    return "The server's certificate was not accepted; for a company's own authority set NODE_EXTRA_CA_CERTS to its certificate.";
  }
  if (code === attemptTimeout) return "The API is slow or a proxy holds the answer back; try again later.";
  if (code === "ECONNREFUSED" && isOnThisMachine(url)) {
    const { port } = new URL(url);
    return `Nothing listens there (PORT_API_URL or --api-url). To start the emulator: portload emulator${port === String(emulatorPort) ? "" : ` --port ${port}`} &`;
  }
  return "Check PORT_API_URL (or --api-url, PORT_REGION), the network, and HTTPS_PROXY if there is a proxy.";
}

function isOnThisMachine(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname);
}

/** What to do about credentials that the API at an address refused. */
export function credentialsHint(url: string): string {
  if (isOnThisMachine(url))
    return "The emulator takes PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload, unless it was started with others; for your own catalog unset PORT_API_URL.";
  return "Check PORT_CLIENT_ID and PORT_CLIENT_SECRET (in Port: the … menu, Credentials), and that they belong to this address: an account in the US needs PORT_REGION=us.";
}

function statusHint(url: string, status: number): string {
  if (status === 401) return credentialsHint(url);
  if (status === 403) return "The credentials lack the permission, or Port does not allow this machine's address.";
  if (status === 404) return "Check the blueprint's identifier, and that PORT_API_URL ends in /v1.";
  if (status === 429) return "Other clients use up the organisation's quota; try again later.";
  if (status >= 500 || status === 408) return "The API is in trouble; try again later.";
  if (status === 413) return "Something between here and the API takes no request of that size; the API takes 1 MiB.";
  return "The words are the API's own; with the trace id Port's support can look it up.";
}

/** Why a reply cannot come from the API, and what to do. */
export interface Stranger {
  /** What was received, such as `an HTML page (status 200)`. */
  readonly what: string;
  readonly hint: string;
}

/** Statuses that the API gives without a body of its own, or that a firewall before it gives for one entity's text: a smaller or later request may pass. */
const believed = new Set([400, 401, 403, 408, 413, 422, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
/** Statuses that say nothing of an entity on any of the routes we use, whatever their body. */
const neverTheApi = new Set([405, 407, 410, 451, 501, 505, 511]);

const generalHint =
  "Is PORT_API_URL (or --api-url) the API, such as https://api.port.io/v1, and not the web app? Does a proxy or the network ask to sign in? doctor looks at both.";

/**
 * Distinguishes a reply from something on the network path, such as a sign-in page, a web application or a gateway, from one of the API. Pure.
 *
 * @param body - parsed JSON; undefined where the body is not JSON
 */
export function strangerOf(status: number, headers: ReplyHeaders, text: string, body: unknown): Stranger | undefined {
  if (status >= 300 && status < 400) return redirect(status, headers);
  const isPage = isHtml(headers, text);
  const what = `${isPage ? "an HTML page" : text.trim() === "" ? "an empty reply" : "a reply without a word of the API"} (status ${status})`;
  if (status === 407)
    return {
      what: "a proxy that asks to sign in (status 407)",
      hint: "Put user and password into HTTPS_PROXY: http://user:password@host:port, percent-encoded.",
    };
  if (status === 511)
    return { what: "a network that asks to sign in (status 511)", hint: "Sign in to the network, then start again." };
  if (neverTheApi.has(status)) return { what, hint: generalHint };
  if (status < 300) return isPage ? { what, hint: generalHint } : undefined;
  if (isEnvelope(body) || (believed.has(status) && !(isPage && status === 401))) return undefined;
  return { what, hint: generalHint };
}

/** Whether a refusal has the form that the API gives its own. */
export function isEnvelope(body: unknown): boolean {
  return isFailureBody(body) && (body.ok !== undefined || body.error !== undefined);
}

/** A web page: by what it says it is, or by how it begins. */
function isHtml(headers: ReplyHeaders, text: string): boolean {
  return (
    /\bhtml\b/i.test(headerText(headers, "content-type") ?? "") || /^[\s\ufeff]*<(?!\?xml)/.test(text.slice(0, 200))
  );
}

function redirect(status: number, headers: ReplyHeaders): Stranger {
  const location = headerText(headers, "location") ?? "";
  const url = URL.canParse(location) ? new URL(location) : undefined;
  // Its user, password and query may be secrets.
  const where = url === undefined ? "elsewhere" : `to ${url.origin}${url.pathname}`;
  return {
    what: `a redirect ${where} (status ${status})`,
    hint: `The API does not redirect. If it has moved there, write that address in PORT_API_URL; else: ${generalHint}`,
  };
}
