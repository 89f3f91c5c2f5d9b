import type { FastifyError, FastifyInstance } from "fastify";
import { invalidRequest, Refusal } from "./refusal.js";

/** Largest body. Port's API description has a 413 with this text. */
export const maxBodyBytes = 1024 * 1024;
const bodyTooLarge = new Refusal(413, "bad_request", "Request body is too large (limit is 1MiB)");
const notAJson = new Refusal(400, "bad_request", "The request body is not valid JSON");

/** Most levels of objects and lists in a body. Far more could be stored, but neither checked nor shown again; where Port draws the line is not known. */
const maxDepth = 500;
const tooDeep = Object.assign(new Error(`"body" must NOT be nested deeper than ${maxDepth} levels`), {
  statusCode: 422,
});

/** Lets a server read JSON bodies, empty ones as none: clients send `content-type: application/json` on DELETE with no body at all. */
export function parseBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser("error", "ignore");
  server.removeContentTypeParser("application/json");
  server.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    const text = String(body);
    if (text === "") done(null, undefined);
    else if (isTooDeep(text)) done(tooDeep);
    else parse(request, text, done);
  });
}

/** Says what is wrong with a body that could not be read. */
export function bodyRefusal(error: FastifyError, contentType: string | undefined): Refusal | undefined {
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return bodyTooLarge;
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return invalidRequest(`"content-type" must be application/json, not ${contentType ?? "absent"}`);
  }
  if (error === (tooDeep as Error)) return invalidRequest(tooDeep.message);
  return error.statusCode === 400 ? notAJson : undefined;
}

const [quote, backslash, openList, closeList, openObject, closeObject] = [...'"\\[]{}'].map((c) => c.charCodeAt(0));

// Most bodies have too few brackets at all, which is found ten times as fast. A text that is no JSON is the parser's business.
function isTooDeep(text: string): boolean {
  return count(text, "{", maxDepth) + count(text, "[", maxDepth) > maxDepth && depthOf(text) > maxDepth;
}

function count(text: string, bracket: string, most: number): number {
  let found = 0;
  for (let at = text.indexOf(bracket); at >= 0 && found <= most; at = text.indexOf(bracket, at + 1)) found += 1;
  return found;
}

/** Most levels of brackets outside of strings. */
function depthOf(text: string): number {
  let deepest = 0;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) quoted = !quoted;
    else if (quoted) at += code === backslash ? 1 : 0;
    else if (code === openObject || code === openList) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === closeObject || code === closeList) depth -= 1;
  }
  return deepest;
}
