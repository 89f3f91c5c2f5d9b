import { isFailureBody } from "./bodies.js";
import { headerText, type ReplyHeaders } from "./headers.js";

/** Why a reply cannot come from the API, and what to do. */
export interface Stranger {
  /** What came, such as `an HTML page (status 200)`. */
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
 * Tells a reply that comes from something on the way, such as a sign-in page, a web application or a gateway, from one of the API. Pure.
 *
 * @param body - parsed JSON; undefined where it is none
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
  // Its user, password and query are nobody's business.
  const where = url === undefined ? "elsewhere" : `to ${url.origin}${url.pathname}`;
  return {
    what: `a redirect ${where} (status ${status})`,
    hint: `The API does not redirect. If it has moved there, write that address in PORT_API_URL; else: ${generalHint}`,
  };
}
